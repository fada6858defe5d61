"""mart_kpi_monthly, once more: every KPI of contract section 4 per month and channel, with its comparisons."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pandas as pd

from .entities import ORDER, STAGES, add_months, month_of
from .funnel import Funnel, as_known, build_funnel
from .measures import LTV_AGES, Measures, client_channels, first_won, measures_of

ALL = "all"


@dataclass(frozen=True)
class Kpi:
    """kind: sum | ratio | return ((numerator - denominator) / denominator) | median | p90; names are those of `measures`."""

    kind: str
    numerator: str
    denominator: str | None = None


def _definitions() -> dict[str, Kpi]:
    sums = {
        "leads": "leads",
        "cost": "cost",
        "rejected_leads": "rejected",
        "sql": "stage_sql",
        "sal": "stage_sal",
        "demos_held": "stage_demo_held",
        "deals_opened": "stage_sal",
        "deals_won": "stage_paid",
        "lost_deals": "lost",
        "new_clients": "new_clients",
        "payments_count": "payments",
        "revenue": "revenue",
    }
    ratios = {
        "cpl": ("cost", "leads"),
        "brief_conversion": ("stage_brief_filled", "stage_first_contact"),
        "brief_conversion_cohort": ("cohort_brief_filled", "cohort_first_contact"),
        "sal_ratio": ("stage_sal", "stage_sql"),
        "sal_ratio_cohort": ("cohort_sal", "cohort_sql"),
        "average_check": ("payment_amount", "payments"),
        "plan_fulfilment": ("plan_paid", "planned"),
        "ltv": ("client_net_income", "new_clients"),
        "cost_per_sql": ("cost", "cohort_sql"),
        "cac": ("cost", "cohort_clients"),
    }
    for before, stage in pairwise(STAGES):
        first = before == "lead"
        ratios[f"step_conversion_{stage}"] = (f"stage_{stage}", "attempts" if first else f"stage_{before}")
        ratios[f"step_conversion_{stage}_cohort"] = (f"cohort_{stage}", "attempts" if first else f"cohort_{before}")
    for age in LTV_AGES:
        ratios[f"ltv_{age}d"] = (f"client_net_income_{age}d", f"clients_{age}d")
    medians = ("first_contact_minutes", "first_contact_business_minutes", "brief_fill_hours")
    medians += ("proposal_prep_days", "contract_prep_days", "lt_days")
    kpis = {key: Kpi("sum", measure) for key, measure in sums.items()}
    kpis |= {key: Kpi("ratio", *names) for key, names in ratios.items()}
    kpis |= {key: Kpi("median", key) for key in medians}
    kpis["first_contact_minutes_p90"] = Kpi("p90", "first_contact_minutes")
    kpis["romi"] = Kpi("return", "cohort_net_income", "cost")
    return kpis


def with_added(kpis: dict[str, Kpi], lines: Iterable[dict[str, str]]) -> dict[str, Kpi]:
    """The same, and each KPI that was added to the seed later, as its line defines it: its measures are counted here once more anyway."""
    added = {}
    for line in lines:
        key, kind = line["kpi_key"], line["statistic"]
        # a line of {stage} is one KPI of each stage, and those are known
        is_known = key in kpis or "{" in key
        if not is_known and kind in ("sum", "ratio", "median", "p90") and not line["numerator_less"]:
            added[key] = Kpi(kind, line["numerator"], line["denominator"] or None)
    return kpis | added


def _seed() -> list[dict[str, str]]:
    with (Path(__file__).resolve().parents[3] / "seeds" / "kpis.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


KPIS = with_added(_definitions(), _seed())
Figure = tuple[Decimal | None, Decimal | None, float | Decimal | None]
Cells = dict[tuple[date, str, str], Figure]


@lru_cache(maxsize=2)
def kpi_monthly(funnel: Funnel) -> pd.DataFrame:
    """One row per month, KPI and channel; columns as in the contract."""
    settings, measures = funnel.source.settings, measures_of(funnel)
    months, channels = scaffold(measures, settings.as_of)
    whole = figures(measures)
    to_date = {back: _to_date(funnel, measures, add_months(month_of(settings.as_of), back)) for back in (-1, -12)}
    unknown = unknown_measures(funnel)
    unknown_kpis = [key for key, kpi in KPIS.items() if unknown & {kpi.numerator, kpi.denominator}]
    of_costs = [key for key, kpi in KPIS.items() if "cost" in (kpi.numerator, kpi.denominator)]
    for cells in (whole, *to_date.values()):
        for unknown_months, keys in ((months, unknown_kpis), (_before_costs(measures, months), of_costs)):
            cells |= {(month, key, channel): (None, None, None) for month in unknown_months for key in keys for channel in channels}
    targets = {(t.month, t.kpi, t.channel): t.value for t in funnel.source.targets}
    rows = []
    for month in months:
        partial = month == month_of(settings.as_of) and add_months(month, 1) - timedelta(days=1) > settings.as_of
        for key in KPIS:
            for channel in channels:
                cell = {"month": month, "kpi": key, "channel_key": channel, "is_partial": partial}
                cell |= dict(zip(("numerator", "denominator", "value"), figure(whole, months, month, key, channel), strict=True))
                for name, change, back in (("month", "mom_pct", -1), ("year", "yoy_pct", -12)):
                    earlier = add_months(month, back)
                    previous = figure(whole, months, earlier, key, channel)[2]
                    like = figure(to_date[back], months, earlier, key, channel)[2] if partial else None
                    cell[f"previous_{name}"], cell[f"to_date_previous_{name}"] = previous, like
                    cell[change] = None if partial else change_pct(cell["value"], previous)
                    cell[f"to_date_{change}"] = change_pct(cell["value"], like)
                cell["target"] = targets.get((month, key, channel))
                cell["target_pct"] = None if not cell["target"] or cell["value"] is None else float(cell["value"]) / cell["target"] * 100
                rows.append(cell)
    return pd.DataFrame(rows)


def _before_costs(measures: Measures, months: list[date]) -> list[date]:
    """The months before the first cost of any channel: nobody delivered what was spent then."""
    days = measures.sums[measures.sums["measure"] == "cost"]["day"]
    return [month for month in months if len(days) and month < month_of(days.min())]


def recorded_stages(funnel: Funnel) -> set[str]:
    """Stages that some lead was seen in; in others leads are only taken to have been."""
    return {"lead"} | {stage for attempt in funnel.attempts for stage in attempt.own}


def unknown_measures(funnel: Funnel) -> set[str]:
    """What has no figure in any month: nobody delivers it, no lead was seen in the stage, or no source says when."""
    recorded, dated = recorded_stages(funnel), {stage for attempt in funnel.attempts for stage in attempt.at}
    unknown = {f"cohort_{stage}" for stage in STAGES if stage not in recorded}
    unknown |= {f"stage_{stage}" for stage in STAGES if stage not in recorded & dated}
    if "paid" not in recorded:
        unknown.add("cohort_clients")
    if not any(attempt.outcome in ("rejected", "returned", "lost") for attempt in funnel.attempts):
        unknown |= {"rejected", "lost"}
    if "payment_plan" not in funnel.source.delivered:
        unknown.add("planned")
    return unknown


def _to_date(funnel: Funnel, now: Measures, month: date) -> Cells:
    """The first days of an earlier month, as many as the running month has had, as they were known at their end.

    A stage that some lead of those days reached at an unknown time may or may not have been reached by then: no figure.
    An ending is called what it turned out to be (`now`): rejected, returned and lost may change when a lead comes to life again.
    """
    last = min(month + timedelta(days=funnel.source.settings.as_of.day - 1), add_months(month, 1) - timedelta(days=1))
    measures = measures_of(build_funnel(as_known(funnel, last)), client_channels(funnel))
    endings = ("rejected", "lost")
    sums = pd.concat([measures.sums[~measures.sums["measure"].isin(endings)], now.sums[now.sums["measure"].isin(endings)]])
    cells = figures(Measures(*(frame[frame["day"] <= last] for frame in (sums, measures.samples))))
    for measure, channel in _undated(funnel, month, last):
        for key, kpi in KPIS.items():
            if measure in (kpi.numerator, kpi.denominator):
                cells[month, key, channel] = (None, None, None)
    return cells


def _undated(funnel: Funnel, month: date, last: date) -> set[tuple[str, str]]:
    """(cohort measure, channel) of what leads created from `month` to `last` reached without any date that proves when."""
    found = set()
    new_clients = first_won(funnel)
    for attempt in funnel.attempts:
        if not month <= funnel.day(attempt.created_at) <= last:
            continue
        proven = max(ORDER[stage] for stage in attempt.at)
        measures = [f"cohort_{stage}" for stage in STAGES if proven < ORDER[stage] <= attempt.furthest]
        measures += ["cohort_clients"] if attempt.key in new_clients and proven < ORDER["paid"] else []
        found |= {(measure, channel) for measure in measures for channel in (attempt.lead.channel, ALL)}
    return found


def change_pct(value: float | Decimal | None, base: float | Decimal | None) -> float | None:
    if value is None or not base:
        return None
    return (float(value) - float(base)) / abs(float(base)) * 100


def scaffold(measures: Measures, as_of: date) -> tuple[list[date], list[str]]:
    """Months from the first with a lead, a cost or a payment to as_of's; channels that ever had anything, and all."""
    starting = measures.sums[measures.sums["measure"].isin(["leads", "cost", "revenue"])]
    first, last = month_of(starting["day"].min()), month_of(as_of)
    months = []
    while first <= last:
        months.append(first)
        first = add_months(first, 1)
    return months, [ALL, *sorted(measures.sums["channel_key"].unique())]


def figure(cells: Cells, months: list[date], month: date, key: str, channel: str) -> Figure:
    """The cell; before the first month there is nothing, within the months an empty cell counts zero."""
    kpi = KPIS[key]
    if month < months[0]:
        return None, None, None
    found = cells.get((month, key, channel))
    if found:
        return found
    if kpi.kind == "sum":
        return Decimal(0), None, Decimal(0)
    return (Decimal(0) if kpi.kind in ("ratio", "return") else None), Decimal(0), None


def figures(measures: Measures) -> Cells:
    """Every KPI per month and channel."""
    totals = _by_month(measures.sums).groupby(["month", "channel_key", "measure"])["value"].sum().to_dict()
    samples = _by_month(measures.samples).groupby(["month", "channel_key", "measure"])["value"].agg(list).to_dict()
    cells: Cells = {}
    for month, channel in {key[:2] for key in [*totals, *samples]}:
        for key, kpi in KPIS.items():
            numerator = totals.get((month, channel, kpi.numerator), Decimal(0))
            denominator = totals.get((month, channel, kpi.denominator), Decimal(0))
            if kpi.kind == "sum":
                cells[month, key, channel] = (numerator, None, numerator)
            elif kpi.kind in ("ratio", "return"):
                numerator -= denominator if kpi.kind == "return" else 0
                value = float(numerator) / float(denominator) if denominator else None
                cells[month, key, channel] = (numerator, denominator, value)
            else:
                values = pd.Series(samples.get((month, channel, kpi.numerator), []), dtype=float)
                value = values.quantile(0.5 if kpi.kind == "median" else 0.9) if len(values) else None
                cells[month, key, channel] = (None, Decimal(len(values)), value)
    return cells


def monthly_sums(funnel: Funnel, measure: str) -> dict[tuple[date, str], Decimal]:
    """One measure per month and channel, and over all."""
    sums = measures_of(funnel).sums
    return _by_month(sums[sums["measure"] == measure]).groupby(["month", "channel_key"])["value"].sum().to_dict()


def _by_month(frame: pd.DataFrame) -> pd.DataFrame:
    kept = frame.assign(month=[day.replace(day=1) for day in frame["day"]])
    return pd.concat([kept, kept.assign(channel_key=ALL)], ignore_index=True)
