"""The other marts, once more: cohorts, channel economics, customer value, LTV, payment plan, rejections and speed."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from .entities import ORDER, STAGES, month_of, seed
from .funnel import MADE, Attempt, Funnel, Ledger
from .kpis import ALL, kpi_monthly, monthly_sums, recorded_stages, unknown_measures
from .measures import LTV_AGES, ZERO, client_channels, clients_of, plan_results, won_order

NONE = "(none)"


def funnel_cohort(funnel: Funnel, windows: tuple[int, ...] = (0, 30, 60, 90, 180, 365)) -> pd.DataFrame:
    """Attempts by lead month, channel, stage and window; window 0 is all time and counts undated milestones too."""
    cells: dict[tuple, dict] = defaultdict(lambda: {"leads": 0, "reopened": 0, "reached": 0, "reached_imputed": 0, "open": 0})
    for attempt in funnel.attempts:
        for window in windows:
            furthest = _furthest_within(attempt, window)
            for stage in STAGES:
                for channel in (attempt.lead.channel, ALL):
                    cell = cells[funnel.month(attempt.created_at), channel, stage, window]
                    cell["leads"] += 1
                    cell["reopened"] += attempt.number > 1
                    cell["reached"] += ORDER[stage] <= furthest
                    cell["reached_imputed"] += ORDER[stage] <= furthest and attempt.imputed(stage)
                    cell["open"] += attempt.outcome == "open" and attempt.furthest == ORDER[stage]
    rows = []
    recorded = [stage for stage in STAGES if stage in recorded_stages(funnel)]
    for (month, channel, stage, window), cell in cells.items():
        earlier = [other for other in recorded if ORDER[other] < ORDER[stage]]
        before = cells[month, channel, earlier[-1], window]["reached"] if earlier else None
        nothing = {} if stage in recorded else {"reached": None, "reached_imputed": None}
        is_known = stage in recorded
        rows.append(
            {"lead_month": month, "channel_key": channel, "stage_key": stage, "window_days": window, **cell, **nothing}
            | {
                "reached_previous": before,
                "step_conversion": _ratio(cell["reached"], before) if is_known else None,
                "conversion_from_lead": _ratio(cell["reached"], cell["leads"]) if is_known else None,
            }
        )
    return pd.DataFrame(rows)


def _furthest_within(attempt: Attempt, window: int) -> int:
    if window == 0:
        return attempt.furthest
    end = attempt.created_at + timedelta(days=window)
    return max(ORDER[stage] for stage, moment in attempt.at.items() if moment < end or stage == "lead")


def channel_economics(funnel: Funnel) -> pd.DataFrame:
    """One row per month and channel, cohort basis; from the same figures as the KPIs plus cohort revenue."""
    kpis = kpi_monthly(funnel).set_index(["kpi", "month", "channel_key"]).sort_index()
    revenue: dict[tuple, Decimal] = defaultdict(Decimal)
    net: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in funnel.ledger:
        if row.attempt:
            for channel in (row.channel, ALL):
                key = funnel.month(row.attempt.created_at), channel
                revenue[key] += row.payment.amount
                net[key] += row.net
    recorded, unknown = recorded_stages(funnel), unknown_measures(funnel)
    clients = monthly_sums(funnel, "cohort_clients")
    counts: dict[tuple, int] = defaultdict(int)
    for attempt in funnel.attempts:
        for stage in STAGES:
            for channel in (attempt.lead.channel, ALL):
                counts[funnel.month(attempt.created_at), channel, stage] += attempt.reached(stage)
    rows = []
    for (month, channel), lead in kpis.loc["leads"].iterrows():
        sql, sal = (counts[month, channel, stage] if stage in recorded else None for stage in ("sql", "sal"))
        cost = kpis.loc["cost", month, channel]["value"]
        rows.append(
            {
                "month": month,
                "channel_key": channel,
                "cost": cost,
                "leads": lead["value"],
                "sql": sql,
                "sal": sal,
                "clients": clients.get((month, channel), Decimal(0)) if "cohort_clients" not in unknown else None,
                "revenue": revenue[month, channel],
                "net_income": net[month, channel],
                "cpl": kpis.loc["cpl", month, channel]["value"],
                "cost_per_sql": kpis.loc["cost_per_sql", month, channel]["value"],
                "sal_ratio": _ratio(sal, sql) if sal is not None else None,
                "cac": kpis.loc["cac", month, channel]["value"],
                "romi": kpis.loc["romi", month, channel]["value"],
                "paid_back": net[month, channel] >= cost if cost else None,
                "is_partial": lead["is_partial"],
            }
        )
    return pd.DataFrame(rows)


def customer_value(funnel: Funnel) -> pd.DataFrame:
    """One row per client: who is in the ledger, or won by an undated milestone (then without money)."""
    settings = funnel.source.settings
    paying = {client.key: client for client in clients_of(funnel)}
    ledgers: dict[str, list[Ledger]] = defaultdict(list)
    for row in funnel.ledger:
        ledgers[row.client].append(row)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in funnel.attempts:
        attempts[attempt.lead.client].append(attempt)
    channels = client_channels(funnel)
    keys = set(ledgers) | {key for key, group in attempts.items() if any(attempt.reached("paid") for attempt in group)}
    rows = []
    for key in sorted(keys):
        client, group, ledger = paying.get(key), attempts.get(key, []), ledgers.get(key, [])
        won = sorted((attempt for attempt in group if attempt.reached("paid")), key=won_order)
        checks = [row.payment.amount for row in ledger if row.payment.kind == "payment"]
        row = {
            "client_key": f"{settings.source_name}#{key[1:]}" if key.startswith(MADE) else f"{settings.source_name}:{key}",
            "channel_key": won[0].lead.channel if won else channels.get(key, "unmapped"),
            "first_lead_at": min((a.created_at for a in group), default=None),
            "attempts": len(group),
            "lt_days": won[0].lt_days if won else None,
            "first_payment_at": client.first_paid_at if client else None,
            "payments": len(checks),
            "average_check": _ratio(sum(checks, ZERO), len(checks)),
            "ltv_gross": sum((row.payment.amount for row in ledger), ZERO) if ledger else None,
            "ltv_net": sum((row.net for row in ledger), ZERO) if ledger else None,
        }
        for age in LTV_AGES:
            row[f"ltv_{age}d"] = client.net(age) if client and client.is_aged(age, settings.as_of) else None
        rows.append(row)
    return pd.DataFrame(rows)


def ltv_cohort(funnel: Funnel) -> pd.DataFrame:
    """One row per first-payment month, months since and channel."""
    last = month_of(funnel.source.settings.as_of)
    clients: dict[tuple, int] = defaultdict(int)
    net: dict[tuple, Decimal] = defaultdict(Decimal)
    for client in clients_of(funnel):
        first = funnel.month(client.first_paid_at)
        for channel in (client.first.channel, ALL):
            clients[first, channel] += 1
            for row in client.ledger:
                month = funnel.month(row.payment.paid_at)
                net[first, channel, max(0, _months_between(first, month))] += row.net
    rows = []
    for (first, channel), count in clients.items():
        total = ZERO
        for since in range(_months_between(first, last) + 1):
            total += net[first, channel, since]
            rows.append(
                {
                    "first_payment_month": first,
                    "months_since": since,
                    "channel_key": channel,
                    "clients": count,
                    "net_income": net[first, channel, since],
                    "cumulative_net_income": total,
                    "net_income_per_client": float(total) / count,
                }
            )
    return pd.DataFrame(rows)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def payment_plan(funnel: Funnel) -> pd.DataFrame:
    """One row per month and plan line, `all` is the month."""
    settings = funnel.source.settings
    rows = []
    for result in plan_results(funnel, client_channels(funnel)):
        planned, due = result.line.planned, result.line.due_date
        row = {
            "month": month_of(due),
            "plan_key": f"{settings.source_name}:{result.line.plan_id}",
            "channel_key": result.channel,
            "due_date": due,
            "plan_lines": 1,
            "planned": planned,
            "paid": result.paid,
            "on_time": result.on_time,
            "outstanding": planned - result.paid,
            "overdue": planned - result.paid if due <= settings.as_of else ZERO,
            "currency": result.line.currency,
            "planned_original": result.line.original,
            "paid_original": result.paid_original,
            "on_time_original": result.on_time_original,
            "outstanding_original": result.line.original - result.paid_original,
            "overdue_original": result.line.original - result.paid_original if due <= settings.as_of else ZERO,
        }
        rows.append(row)
    sums = ["plan_lines", "planned", "paid", "on_time", "outstanding", "overdue"]
    own = ["currency", *(f"{name}_original" for name in sums[1:])]
    frame = pd.DataFrame(rows, columns=["month", "plan_key", "channel_key", "due_date", *sums, *own])
    totals = frame.groupby("month", as_index=False)[sums].sum().assign(plan_key=ALL, channel_key=ALL)
    frame = pd.concat([frame.astype({"due_date": object}), totals], ignore_index=True)
    frame["fulfilment"] = [_ratio(paid, planned) for paid, planned in zip(frame["paid"], frame["planned"], strict=True)]
    return frame


def rejections(funnel: Funnel) -> pd.DataFrame:
    """Attempts that ended without a client, by month of the ending (of the lead where the ending has no date)."""
    unmet_reasons = {row["reason_key"] for row in seed("reasons") if row["is_unmet_demand"] == "true"}
    not_offered = {row["service_key"] for row in seed("services") if row["is_offered"] == "false"}
    cells: dict[tuple, dict] = defaultdict(lambda: {"leads": 0, "leads_undated": 0, "leads_handed_off": 0})
    in_month: dict[date, int] = defaultdict(int)
    for attempt in funnel.attempts:
        if attempt.outcome in ("open", "won"):
            continue
        month = funnel.month(attempt.outcome_at or attempt.created_at)
        in_month[month] += 1
        cell = cells[month, STAGES[attempt.furthest - 1], attempt.reason, attempt.lead.channel, attempt.lead.service or NONE]
        cell["leads"] += 1
        cell["leads_undated"] += attempt.outcome_at is None
        cell["leads_handed_off"] += attempt.is_partner_handoff
    rows = []
    for (month, stage, reason, channel, service), cell in cells.items():
        rows.append(
            {
                "month": month,
                "lost_after_stage_key": stage,
                "reason_key": reason,
                "channel_key": channel,
                "requested_service": service,
                "lost_department": "marketing" if ORDER[stage] <= ORDER["sql"] else "sales",
                **cell,
                "leads_in_month": in_month[month],
                "share": cell["leads"] / in_month[month],
                "is_unmet_demand": reason in unmet_reasons or service in not_offered,
            }
        )
    return pd.DataFrame(rows)


def speed(funnel: Funnel) -> pd.DataFrame:
    """One row per month, step and owner (SDR of marketing steps, sales rep of sales steps, `all`)."""
    departments = {row["stage_key"]: row["department"] for row in seed("funnel_stages")}
    limits = {row["stage_key"]: int(row["sla_business_minutes"]) for row in seed("sla")}
    calendar: dict[tuple, list[float]] = defaultdict(list)
    business: dict[tuple, list[float]] = defaultdict(list)
    overdue: dict[tuple, int] = defaultdict(int)
    end = funnel.source.settings.as_of_end
    recorded = recorded_stages(funnel)
    shown = _shown_names(funnel)
    for attempt in funnel.attempts:
        for stage in STAGES[1:]:
            owner = shown.get(attempt.lead.sdr if departments[stage] == "marketing" else attempt.lead.sales_rep, NONE)
            if stage in attempt.lag:
                for name in (owner, ALL):
                    key = funnel.month(attempt.at[stage]), stage, name
                    calendar[key].append(attempt.lag[stage])
                    business[key].append(attempt.business_lag[stage])
            waits_since = attempt.at.get(STAGES[ORDER[stage] - 2])
            is_waiting = attempt.outcome == "open" and attempt.furthest == ORDER[stage] - 1 and waits_since is not None
            if is_waiting and stage in limits and stage in recorded and funnel.working.between(waits_since, end) > limits[stage]:
                for name in (owner, ALL):
                    overdue[month_of(funnel.source.settings.as_of), stage, name] += 1
    rows = []
    for key in {*calendar, *overdue}:
        month, stage, owner = key
        minutes, working = pd.Series(calendar[key], dtype=float), pd.Series(business[key], dtype=float)
        within = int((working <= limits[stage]).sum()) if stage in limits else None
        rows.append(
            {
                "month": month,
                "step_key": stage,
                "department": departments[stage],
                "owner": owner,
                "n": len(minutes),
                "median_minutes": minutes.median(),
                "p90_minutes": minutes.quantile(0.9),
                "median_business_minutes": working.median(),
                "p90_business_minutes": working.quantile(0.9),
                "within_sla": within,
                "within_sla_pct": within / len(working) * 100 if len(working) and within is not None else None,
                "overdue_open": overdue[key] if month == month_of(funnel.source.settings.as_of) else None,
            }
        )
    return pd.DataFrame(rows)


def _shown_names(funnel: Funnel) -> dict[str | None, str]:
    """Delivered name -> the name to show: of spellings alike but for case, blanks and unseen marks the most frequent one."""
    written = Counter(name for attempt in funnel.attempts for name in (attempt.lead.sdr, attempt.lead.sales_rep) if name)
    people: dict[str, list[str]] = defaultdict(list)
    for name in written:
        seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
        people[unicodedata.normalize("NFC", " ".join(seen.split()).lower())].append(name)
    return {name: min(alike, key=lambda one: (-written[one], one)) for folded, alike in people.items() if folded for name in alike}


def _ratio(numerator: Decimal | int, denominator: Decimal | int | None) -> float | None:
    return float(numerator) / float(denominator) if denominator else None


# mart -> its keys and the function that calculates it
MARTS = {
    "mart_kpi_monthly": (["month", "kpi", "channel_key"], kpi_monthly),
    "mart_funnel_cohort": (["lead_month", "channel_key", "stage_key", "window_days"], funnel_cohort),
    "mart_channel_economics": (["month", "channel_key"], channel_economics),
    "mart_customer_value": (["client_key"], customer_value),
    "mart_ltv_cohort": (["first_payment_month", "months_since", "channel_key"], ltv_cohort),
    "mart_payment_plan": (["month", "plan_key"], payment_plan),
    "mart_rejections": (["month", "lost_after_stage_key", "reason_key", "channel_key", "requested_service"], rejections),
    "mart_speed": (["month", "step_key", "owner"], speed),
}
