"""What the landed Parquet says about each lead, payment and cost, as pandas tables: the first half of the notebook in pandas_kpis.py.

It takes clean data for granted, which holds because the data is generated: every key comes once, every text parses, no lead comes back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.limit import landed_parts
from onefunnel.project import project_root

# of the source and of the report
ZONE = "Europe/Berlin"
STAGES = ["first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid"]
OPENS_MINUTE, OPEN_MINUTES = 9 * 60, 9 * 60


def read_payments(landing: Path) -> pd.DataFrame:
    """One row per payment or refund: when, and in cents what it brought (amount, signed) and what is left of that (net)."""
    payments = _read(landing, "payments", ["payment_id", "lead_id", "paid_at", "amount", "currency", "kind", "direct_cost"])
    rates = _read(landing, "fx_rates", ["date", "currency", "rate_to_base"])
    payments["date"] = payments["paid_at"].str[:10]
    payments = payments.merge(rates, on=["date", "currency"], how="left")
    payments["paid_at"] = _local(payments["paid_at"])
    payments["is_payment"] = payments["kind"] == "payment"
    # whole hundredths of a cent: money stays exact
    rate = (payments["rate_to_base"].astype("float64").fillna(1) * 10_000).round().astype("int64")
    amount = (_cents(payments["amount"]) * rate + 50) // 100
    payments["amount"] = amount.where(payments["is_payment"], -amount)
    payments["net"] = payments["amount"] - (_cents(payments["direct_cost"].fillna("0")) * rate + 50) // 100
    return payments[["payment_id", "lead_id", "paid_at", "is_payment", "amount", "net"]]


def read_leads(landing: Path, payments: pd.DataFrame) -> pd.DataFrame:
    """One row per lead that is no test: when it first entered each stage (`sql`, ...) and left (`ended`), and whether it reached each stage
    (`reached_sql`, ...)."""
    leads = _read(landing, "leads", ["lead_id", "created_at", "channel", "contact_id", "is_test"])
    leads = leads[leads["is_test"] != "true"].drop(columns="is_test")
    leads["created_at"] = _local(leads["created_at"])
    leads["channel_key"] = _channel_key(leads.pop("channel"))

    events = _read(landing, "stage_events", ["lead_id", "stage", "entered_at"])
    stages = pd.read_csv(project_root() / "seeds" / "funnel_stages.csv")
    endings = stages.loc[stages["is_terminal"], "stage_key"]
    events["stage"] = events["stage"].mask(events["stage"].isin(endings), "ended").astype("category")
    events["entered_at"] = _local(events["entered_at"])
    first = events.groupby(["lead_id", "stage"], observed=True)["entered_at"].min().unstack()
    # only money makes a client
    first["paid"] = payments[payments["is_payment"]].groupby("lead_id")["paid_at"].min()
    leads = leads.merge(first, left_on="lead_id", right_index=True, how="left")

    # a later stage proves the earlier ones
    is_reached = pd.Series(False, index=leads.index)
    for stage in reversed(STAGES):
        is_reached = is_reached | leads[stage].notna()
        leads[f"reached_{stage}"] = is_reached
    return leads


def read_spend(landing: Path) -> pd.DataFrame:
    """Cost in hundredths of a cent by day and channel."""
    spend = _read(landing, "ad_spend", ["date", "channel", "cost"])
    return pd.DataFrame(
        {"date": pd.to_datetime(spend["date"]), "channel_key": _channel_key(spend["channel"]), "cost": _cents(spend["cost"]) * 100}
    )


def business_minutes(start: pd.Series, end: pd.Series) -> pd.Series:
    """Working minutes between two moments: the difference of their positions on the working calendar."""
    holidays = pd.to_datetime(pd.read_csv(project_root() / "seeds" / "holidays.csv")["holiday_date"])
    days = pd.date_range(start.min().date(), end.max().date())
    calendar = pd.DataFrame({"working": np.where((days.day_of_week < 5) & ~days.isin(holidays), OPEN_MINUTES, 0)}, index=days)
    calendar["before"] = calendar["working"].cumsum() - calendar["working"]
    return _position(end, calendar) - _position(start, calendar)


def _position(at: pd.Series, calendar: pd.DataFrame) -> pd.Series:
    clock = at.dt.tz_localize(None)
    day = clock.dt.normalize()
    minute = (clock - day) / pd.Timedelta(minutes=1) - OPENS_MINUTE
    return day.map(calendar["before"]) + minute.clip(0, day.map(calendar["working"]))


def _read(landing: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(part, columns=columns) for part in landed_parts(landing, entity)], ignore_index=True)


def _local(text: pd.Series) -> pd.Series:
    # as the models read it: an hour that comes twice is the second one, an hour that is skipped is one hour later
    return pd.to_datetime(text).dt.tz_localize(ZONE, ambiguous=np.zeros(len(text), dtype=bool), nonexistent=pd.Timedelta(hours=1))


def _cents(text: pd.Series) -> pd.Series:
    return (text.astype("float64") * 100).round().astype("int64")


def _channel_key(channel: pd.Series) -> pd.Series:
    keys = pd.read_csv(project_root() / "seeds" / "channels.csv")["channel_key"]
    mapping = pd.read_csv(project_root() / "seeds" / "channel_mapping.csv").query("source_system == 'template'")
    to_key = {**dict(zip(keys, keys, strict=True)), **dict(zip(mapping["source_value"], mapping["channel_key"], strict=True))}
    return channel.map(to_key).fillna("unmapped").astype("category")
