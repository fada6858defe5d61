"""The additive KPIs by month and channel in pandas, from the landed Parquet: what an analyst's notebook would do, on the same clean data.

    python -m benchmarks.pandas_kpis LANDING RESULT.parquet
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from benchmarks.limit import landed_parts
from onefunnel.project import project_root


def kpis(landing: Path) -> pd.DataFrame:
    """Columns month, kpi, channel_key, value; cells where nothing happened are left out. All in local time: source and report share it."""
    keys = set(pd.read_csv(project_root() / "seeds" / "channels.csv")["channel_key"])
    mapping = pd.read_csv(project_root() / "seeds" / "channel_mapping.csv").query("source_system == 'template'")
    to_key = {**{key: key for key in keys}, **dict(zip(mapping["source_value"], mapping["channel_key"], strict=True))}

    leads = _read(landing, "leads", ["lead_id", "created_at", "channel", "contact_id", "is_test"])
    leads = leads[leads["is_test"] != "true"]
    leads["channel_key"] = leads["channel"].map(to_key).fillna("unmapped")
    found = [_cells("leads", _month(leads["created_at"]), leads["channel_key"])]

    events = _read(landing, "stage_events", ["lead_id", "stage", "entered_at"])
    events = events[events["stage"].isin(["sql", "sal", "demo_held"])].merge(leads[["lead_id", "channel_key"]], on="lead_id")
    first = events.groupby(["lead_id", "stage", "channel_key"], as_index=False)["entered_at"].min()
    for stage, kpi in (("sql", "sql"), ("sal", "sal"), ("demo_held", "demos_held")):
        of_stage = first[first["stage"] == stage]
        found.append(_cells(kpi, _month(of_stage["entered_at"]), of_stage["channel_key"]))

    payments = _read(landing, "payments", ["payment_id", "lead_id", "paid_at", "amount", "currency", "kind"])
    payments = payments.merge(leads[["lead_id", "channel_key", "contact_id"]], on="lead_id")
    rates = _read(landing, "fx_rates", ["date", "currency", "rate_to_base"])
    payments["date"] = payments["paid_at"].str[:10]
    payments = payments.merge(rates, on=["date", "currency"], how="left")
    # whole ten-thousandths of a cent: money stays exact
    cents = (payments["amount"].astype("float64") * 100).round().astype("int64")
    rate = (payments["rate_to_base"].astype("float64").fillna(1) * 10_000).round().astype("int64")
    payments["cents"] = (cents * rate + 5_000) // 10_000
    payments.loc[payments["kind"] != "payment", "cents"] *= -1
    found.append(_cells("revenue", _month(payments["paid_at"]), payments["channel_key"], payments["cents"] / 100))
    firsts = payments[payments["kind"] == "payment"].sort_values(["paid_at", "payment_id"]).drop_duplicates("contact_id")
    found.append(_cells("new_clients", _month(firsts["paid_at"]), firsts["channel_key"]))

    spend = _read(landing, "ad_spend", ["date", "channel", "cost"])
    found.append(_cells("cost", _month(spend["date"]), spend["channel"].map(to_key).fillna("unmapped"), spend["cost"].astype("float64")))

    channels = pd.concat(found)
    whole = channels.groupby(["kpi", "month"], as_index=False)["value"].sum().assign(channel_key="all")
    cells = pd.concat([channels, whole])
    return cells.assign(value=cells["value"].round(2))[["month", "kpi", "channel_key", "value"]]


def _read(landing: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(part, columns=columns) for part in landed_parts(landing, entity)])


def _month(text: pd.Series) -> pd.Series:
    return text.str[:7] + "-01"


def _cells(kpi: str, month: pd.Series, channel: pd.Series, amount: pd.Series | None = None) -> pd.DataFrame:
    rows = pd.DataFrame({"month": month, "channel_key": channel, "value": 1 if amount is None else amount})
    return rows.groupby(["month", "channel_key"], as_index=False)["value"].sum().assign(kpi=kpi)


if __name__ == "__main__":
    kpis(Path(sys.argv[1])).to_parquet(sys.argv[2])
