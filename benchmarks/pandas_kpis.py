"""The KPIs by month and channel in pandas, from the landed Parquet: what an analyst's notebook would do, on the same clean data.

Every KPI of seeds/kpis.csv but the fulfilment of the payment plan, because no plan is delivered.

    python -m benchmarks.pandas_kpis LANDING RESULT.parquet AS_OF
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from benchmarks.pandas_rows import STAGES, business_minutes, read_leads, read_payments, read_spend
from onefunnel.words import shipped_kpis

NOT_DELIVERED = ["plan_fulfilment"]
LTV_AGES = (30, 90, 180, 365)
CELL = ["month", "channel_key"]


def kpis(landing: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Columns month, channel_key, kpi, value; a row for every month since the first, every channel with anything in it, and `all`."""
    payments = read_payments(landing)
    leads = read_leads(landing, payments)
    payments = payments.merge(leads[["lead_id", "contact_id", "channel_key", "created_at"]], on="lead_id")
    # a client is won by its first payment, and by the lead that paid first
    clients = payments[payments["is_payment"]].sort_values(["paid_at", "payment_id"]).drop_duplicates("contact_id")
    wins = leads[leads["reached_paid"]].sort_values(["paid", "created_at", "lead_id"]).drop_duplicates("contact_id")

    found = {
        **lead_measures(leads, wins),
        **money_measures(payments, clients, read_spend(landing)),
        **client_measures(payments, clients, as_of),
    }
    channels = pd.DataFrame(found)
    months = pd.date_range(channels.index.get_level_values("month").min(), as_of, freq="MS")
    grid = pd.MultiIndex.from_product([months, [*channels.index.unique("channel_key"), "all"]], names=CELL)
    measures = _with_all(channels, channels.groupby("month").sum()).reindex(grid).fillna(0)
    return _divide(measures, durations(leads, wins).reindex(grid))


def lead_measures(leads: pd.DataFrame, wins: pd.DataFrame) -> dict[str, pd.Series]:
    """Counts of leads: by the month they came in, and of each stage and ending by the month it happened in."""
    created = _month(leads["created_at"])
    cohorts = leads.groupby([created, leads["channel_key"]], observed=True)[[f"reached_{stage}" for stage in STAGES]].sum()
    count = _count(leads["created_at"], leads["channel_key"])
    lost = leads[leads["ended"].notna() & leads["reached_sal"] & ~leads["reached_paid"]]
    rejected = leads[leads["ended"].notna() & ~leads["reached_sql"]]
    return {
        # no lead comes back, so each has one attempt
        "leads": count,
        "attempts": count,
        **{f"cohort_{stage}": cohorts[f"reached_{stage}"].rename_axis(CELL) for stage in STAGES},
        "cohort_clients": _count(wins["created_at"], wins["channel_key"]),
        **{f"stage_{stage}": _count(leads[stage], leads["channel_key"]) for stage in STAGES},
        "rejected": _count(rejected["ended"], rejected["channel_key"]),
        "lost": _count(lost["ended"], lost["channel_key"]),
    }


def money_measures(payments: pd.DataFrame, clients: pd.DataFrame, spend: pd.DataFrame) -> dict[str, pd.Series]:
    """Payments and costs by their own month; what leads brought, by the month they came in."""
    positive = payments[payments["is_payment"]]
    return {
        "payments": _count(positive["paid_at"], positive["channel_key"]),
        "payment_amount": _money(positive["paid_at"], positive["channel_key"], positive["amount"]),
        "revenue": _money(payments["paid_at"], payments["channel_key"], payments["amount"]),
        "new_clients": _count(clients["paid_at"], clients["channel_key"]),
        "cohort_net_income": _money(payments["created_at"], payments["channel_key"], payments["net"]),
        "cost": _money(spend["date"], spend["channel_key"], spend["cost"]),
    }


def client_measures(payments: pd.DataFrame, clients: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, pd.Series]:
    """What clients brought so far and by each age, by the month and channel of their first payment."""
    firsts = clients[["contact_id", "channel_key", "paid_at"]].rename(columns={"paid_at": "first_at"})
    income = payments[["contact_id", "paid_at", "net"]].merge(firsts, on="contact_id")
    income["age"] = _day(income["paid_at"]) - _day(income["first_at"])
    found = {"client_net_income": _money(income["first_at"], income["channel_key"], income["net"])}
    for days in LTV_AGES:
        age = pd.Timedelta(days=days)
        # a client counts from the day it is that old
        grown = firsts[_day(firsts["first_at"]) + age <= as_of]
        of_grown = income[(income["age"] <= age) & (_day(income["first_at"]) + age <= as_of)]
        found[f"clients_{days}d"] = _count(grown["first_at"], grown["channel_key"])
        found[f"client_net_income_{days}d"] = _money(of_grown["first_at"], of_grown["channel_key"], of_grown["net"])
    return found


def durations(leads: pd.DataFrame, wins: pd.DataFrame) -> pd.DataFrame:
    """Median and 90th percentile of each duration by the month and channel in which it ended; `all` is of leads, not of channels."""
    minute, hour, day = (pd.Timedelta(1, unit) for unit in ("min", "h", "D"))
    # whose, from, to, and in what unit; working minutes are no unit of elapsed time
    series = {
        "first_contact_minutes": (leads, "created_at", "first_contact", minute),
        "first_contact_business_minutes": (leads, "created_at", "first_contact", None),
        "brief_fill_hours": (leads, "first_contact", "brief_filled", hour),
        "proposal_prep_days": (leads, "demo_held", "proposal_sent", day),
        "contract_prep_days": (leads, "proposal_sent", "contract_sent", day),
        "lt_days": (wins, "created_at", "paid", day),
    }
    found = {}
    for name, (rows, start, end, unit) in series.items():
        # a stage entered before the one it follows says nothing about how long it took
        known = rows[rows[end] >= rows[start]]
        lasted = business_minutes(known[start], known[end]) if unit is None else (known[end] - known[start]) / unit
        month, channel = _month(known[end]).rename("month"), known["channel_key"]
        by_channel, whole = lasted.rename(name).groupby([month, channel], observed=True), lasted.rename(name).groupby(month)
        for statistic, share in (("median", 0.5), ("p90", 0.9)):
            found[name, statistic] = _with_all(by_channel.quantile(share), whole.quantile(share))[name]
    return pd.DataFrame(found)


def _divide(measures: pd.DataFrame, lasted: pd.DataFrame) -> pd.DataFrame:
    """Each KPI as the seed defines it; nothing divided by nothing is null."""
    seed = pd.DataFrame(shipped_kpis()).replace("", None)
    values = {}
    for kpi in seed[~seed["kpi_key"].isin(NOT_DELIVERED)].itertuples():
        if kpi.statistic in ("median", "p90"):
            values[kpi.kpi_key] = lasted[kpi.numerator, kpi.statistic]
            continue
        value = measures[kpi.numerator]
        if pd.notna(kpi.numerator_less):
            value = value - measures[kpi.numerator_less]
        if kpi.statistic == "ratio":
            value = value / measures[kpi.denominator].where(measures[kpi.denominator] != 0)
        values[kpi.kpi_key] = value
    return pd.DataFrame(values).melt(var_name="kpi", ignore_index=False).reset_index()


def _with_all(channels: pd.DataFrame | pd.Series, whole: pd.DataFrame | pd.Series) -> pd.DataFrame:
    return pd.concat([channels.reset_index(), whole.reset_index().assign(channel_key="all")]).set_index(CELL)


def _day(at: pd.Series) -> pd.Series:
    return at.dt.tz_localize(None).dt.normalize()


def _month(at: pd.Series) -> pd.Series:
    return at.dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()


def _count(at: pd.Series, channel: pd.Series) -> pd.Series:
    return channel.groupby([_month(at), channel], observed=True).size().rename_axis(CELL)


def _money(at: pd.Series, channel: pd.Series, hundredths: pd.Series) -> pd.Series:
    return hundredths.groupby([_month(at), channel], observed=True).sum().rename_axis(CELL) / 10_000


if __name__ == "__main__":
    kpis(Path(sys.argv[1]), pd.Timestamp(sys.argv[3])).to_parquet(sys.argv[2])
