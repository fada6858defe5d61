"""The truth about a generated agency, counted from what it was made of and not by the pipeline's models: demo_facts.json."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from onefunnel.demo.dirt import EXCLUDED, HOSTILE_TEXTS, UNKNOWN_CHANNEL_VALUE
from onefunnel.demo.funnels import demo_funnel
from onefunnel.demo.journeys import HANDOFF, LOST, REJECTED, RETURNED
from onefunnel.demo.world import World

# Planted rows that are odd but sound: their money counts.
SOUND = ("", "payment_without_lead")


def facts_of(world: World) -> dict[str, Any]:
    """What was planted, and per month what must come out. Money in base currency; months are those of the agency's zone."""
    spec, tables = world.spec, world.tables
    return {
        "spec": {
            "seed": spec.seed,
            "months": spec.months,
            "leads_per_month": spec.leads_per_month,
            "first_month": f"{spec.first_month:%Y-%m}",
            "end": spec.end.isoformat(),
            "incident": spec.incident,
            "incident_month": None if spec.incident == "none" else f"{spec.incident_start:%Y-%m}",
            "dirty": spec.dirty,
            "funnel": spec.funnel,
        },
        "rows": {entity: len(frame) for entity, frame in tables.items()},
        "planted": _planted(tables),
        "unknown_channel": _unknown_channel(tables["leads"]),
        "hostile_leads": int((tables["leads"]["company"].isin(HOSTILE_TEXTS) & (tables["leads"]["_planted"] == "")).sum()),
        "leads_by_channel": {key: int(count) for key, count in _good(tables["leads"])["_channel"].value_counts().sort_index().items()},
        "months": _months(world),
    }


def _good(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["_planted"].isin(SOUND)]


def _planted(tables: dict[str, pd.DataFrame]) -> dict[str, dict[str, dict[str, int]]]:
    """entity -> what becomes of the row -> rule -> rows."""
    result: dict[str, dict[str, dict[str, int]]] = {}
    for entity, frame in tables.items():
        if "_planted" not in frame:
            continue
        for rule, count in frame.loc[frame["_planted"] != "", "_planted"].value_counts().sort_index().items():
            fate = "sound" if rule in SOUND else "superseded" if rule == "superseded" else "excluded" if rule in EXCLUDED else "quarantined"
            result.setdefault(entity, {}).setdefault(fate, {})[str(rule)] = int(count)
    return result


def _unknown_channel(leads: pd.DataFrame) -> dict[str, int]:
    count = int((_good(leads)["_channel"] == "unmapped").sum())
    return {UNKNOWN_CHANNEL_VALUE: count} if count else {}


def _month_of(seconds: pd.Series) -> np.ndarray:
    return seconds.to_numpy(dtype=np.int64).astype("datetime64[s]").astype("datetime64[M]").astype(str)


def attempts_of(world: World) -> pd.DataFrame:
    """One row per lead attempt: lead_id, attempt (0, 1), first entry into each stage and ending (seconds, NaN: none), furthest (0-8)."""
    leads, events = _good(world.tables["leads"]), _good(world.tables["stage_events"])
    funnel = demo_funnel(world.spec.funnel)
    card = leads[leads["first_contact_at"] != ""]
    card_at = card["first_contact_at"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    entries = pd.concat(
        [
            pd.DataFrame({"lead_id": leads["lead_id"], "attempt": 0, "stage": funnel.stages[0], "at": leads["_at"]}),
            pd.DataFrame({"lead_id": events["lead_id"], "attempt": events["_attempt"], "stage": events["stage"], "at": events["_at"]}),
            pd.DataFrame({"lead_id": card["lead_id"], "attempt": 0, "stage": funnel.contact, "at": card_at}),
        ]
    )
    first = entries.pivot_table(index=["lead_id", "attempt"], columns="stage", values="at", aggfunc="min").reindex(
        columns=[*funnel.stages, REJECTED, RETURNED, LOST, HANDOFF]
    )
    first["furthest"] = (first[list(funnel.stages)].notna().to_numpy() * np.arange(len(funnel.stages))).max(axis=1)
    return first.reset_index()


def _months(world: World) -> dict[str, dict[str, Any]]:
    attempts = attempts_of(world)
    stages = demo_funnel(world.spec.funnel).stages
    started = _month_of(attempts[stages[0]])
    result: dict[str, dict[str, Any]] = {}
    names = [f"{month:%Y-%m}" for month in world.spec.all_months]
    counts = {
        "leads": pd.Series(started[attempts["attempt"] == 0]).value_counts(),
        "attempts": pd.Series(started).value_counts(),  # leads and re-openings: what cohort_<stage> is a part of
    }
    for order, stage in enumerate(stages[1:], start=1):
        counts[f"cohort_{stage}"] = pd.Series(started[attempts["furthest"] >= order]).value_counts()
    for stage in (*stages[1:], REJECTED, RETURNED, LOST, HANDOFF):
        counts[f"{stage}_in_month"] = pd.Series(_month_of(attempts[stage].dropna())).value_counts()
    counts |= _client_counts(world)
    money = _money(world)
    for name in names:
        result[name] = {key: int(series.get(name, 0)) for key, series in counts.items()}
        result[name] |= {key: round(float(series.get(name, 0.0)), 4) for key, series in money.items()}
    return result


def _client_counts(world: World) -> dict[str, pd.Series]:
    payments = _good(world.tables["payments"])
    positive = payments[payments["kind"] == "payment"]
    first = positive.groupby("client_id")["_at"].min()
    months = {"new_clients": _month_of(first), "payments_count": _month_of(positive["_at"])}
    return {name: pd.Series(values).value_counts() for name, values in months.items()}


def _money(world: World) -> dict[str, pd.Series]:
    payments, rates = _good(world.tables["payments"]), world.rates
    day = payments["_at"].to_numpy() // 86400
    currency = payments["currency"].to_numpy(dtype=object)
    base = rates.to_base(payments["_cents"].to_numpy(), currency, day)
    months = _month_of(payments["_at"])
    is_positive = (payments["kind"] == "payment").to_numpy()
    spend = _good(world.tables["ad_spend"])
    spend_day = spend["_at"].to_numpy() // 86400
    spend_base = rates.to_base(spend["_cents"].to_numpy(), spend["currency"].to_numpy(dtype=object), spend_day)
    return {
        "revenue": pd.Series(base).groupby(months).sum(),
        "paid_in": pd.Series(base[is_positive]).groupby(months[is_positive]).sum(),
        "ad_spend": pd.Series(spend_base).groupby(_month_of(spend["_at"])).sum(),
        "channel_costs": _bills(world),
    }


def _bills(world: World) -> pd.Series:
    """Monthly bills, spread over their days at the rate of each day, up to the end of the data."""
    bills = _good(world.tables["channel_costs"])
    first = bills["from_date"].to_numpy(dtype="datetime64[D]").astype(int)
    days = bills["to_date"].to_numpy(dtype="datetime64[D]").astype(int) - first + 1
    row = np.repeat(np.arange(len(bills)), days)
    day = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(days) - days, days)
    known = day * 86400 < world.spec.end_second
    row, day = row[known], day[known]
    base = world.rates.to_base(bills["_cents"].to_numpy()[row] / days[row], bills["currency"].to_numpy(dtype=object)[row], day)
    return pd.Series(base).groupby(_month_of(pd.Series(day * 86400))).sum()
