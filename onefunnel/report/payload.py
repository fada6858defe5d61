"""What the page embeds: the columns of the published marts that it shows, and nothing about a single person."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from onefunnel.report.columns import pack_table

# The page stays under 3 MB with the chart library (0.6 MB) and its own code (0.1 MB): what is left is for the data.
DATA_BUDGET_BYTES = 2_000_000


@dataclass(frozen=True)
class Extract:
    """Which columns of a relation the page needs. `month`: the column that the month limit cuts; `where`: rows that say something;
    `expressions`: SQL for a column that is not taken as it is."""

    relation: str
    columns: tuple[str, ...]
    order: str = ""
    month: str = ""
    where: str = "true"
    expressions: dict[str, str] = field(default_factory=dict)


EXTRACTS: dict[str, Extract] = {
    "channels": Extract(
        "facts.dim_channel",
        ("channel_key", "label_en", "label_ru", "channel_group", "group_label_en", "group_label_ru", "is_paid"),
        "display_order, channel_key",
    ),
    "stages": Extract("facts.dim_stage", ("stage_key", "stage_order", "department", "label_en", "label_ru", "is_terminal"), "stage_order nulls last, 1"),
    "reasons": Extract("facts.dim_reason", ("reason_key", "label_en", "label_ru", "reason_group"), "reason_key"),
    "kpis": Extract(
        "facts.dim_kpi",
        ("kpi_key", "label_en", "label_ru", "department", "unit", "direction", "formula", "basis"),
        "display_order, kpi_key",
    ),
    "kpi": Extract(
        "marts.mart_kpi_monthly",
        ("kpi", "channel_key", "month", "numerator", "denominator", "value", "mom_pct", "yoy_pct", "to_date_mom_pct", "to_date_yoy_pct",
         "target", "target_pct", "is_partial"),
        "kpi, channel_key, month",
        "month",
        "value is not null or target is not null",
        # what a ratio was divided from and by is shown; of other KPIs it would repeat the value
        {part: f"case when kpi in (select kpi_key from facts.dim_kpi where unit = 'ratio') then {part} end" for part in ("numerator", "denominator")},
    ),
    "funnel_period": Extract(
        "marts.mart_funnel_period",
        ("channel_key", "stage_key", "event_month", "entries", "entries_previous", "exits_rejected", "exits_returned", "exits_lost",
         "exits_partner_handoff", "is_partial"),
        "channel_key, stage_order, event_month",
        "event_month",
        "entries > 0 or entries_previous > 0 or exits > 0",
    ),
    "funnel_cohort": Extract(
        "marts.mart_funnel_cohort",
        ("channel_key", "window_days", "stage_key", "lead_month", "leads", "reached", "reached_imputed", "reached_previous", "open", "is_mature"),
        "channel_key, window_days, stage_order, lead_month",
        "lead_month",
        "leads > 0",
    ),
    "economics": Extract(
        "marts.mart_channel_economics",
        ("channel_key", "month", "cost", "leads", "sql", "sal", "clients", "revenue", "net_income", "is_partial"),
        "channel_key, month",
        "month",
        "cost <> 0 or leads > 0 or revenue <> 0",
    ),
    "speed": Extract(
        "marts.mart_speed",
        ("step_key", "owner", "month", "department", "n", "median_minutes", "p90_minutes", "n_business", "median_business_minutes",
         "p90_business_minutes", "sla_business_minutes", "within_sla", "within_sla_pct", "overdue_open"),
        "step_key, owner, month",
        "month",
    ),
    "rejections": Extract(
        "marts.mart_rejections",
        ("month", "channel_key", "reason_key", "lost_after_stage_key", "requested_service", "lost_department", "leads", "leads_undated",
         "leads_handed_off", "is_unmet_demand"),
        "all",
        "month",
    ),
    "plan": Extract(
        "marts.mart_payment_plan",
        ("month", "plan_lines", "planned", "paid", "on_time", "outstanding", "overdue", "fulfilment"),
        "month",
        where="plan_key = 'all'",
    ),
    "ltv": Extract(
        "marts.mart_ltv_cohort",
        ("channel_key", "first_payment_month", "months_since", "clients", "net_income", "cumulative_net_income", "is_partial"),
        "channel_key, first_payment_month, months_since",
        "first_payment_month",
    ),
    "verdicts": Extract(
        "marts.mart_verdict",
        ("metric", "comparison", "basis", "month", "base", "current", "delta", "marketing_effect", "marketing_stderr", "sales_effect",
         "sales_stderr", "market_effect", "market_stderr", "main_department", "confidence", "headline_en", "headline_ru", "caveats_en", "caveats_ru"),
        "metric, comparison, basis, month",
        "month",
    ),
    "quality": Extract("marts.mart_data_quality", ("*",), "all"),
    "publication": Extract("marts.mart_publication", ("*",)),
}

# The page counts calls, it does not list people.
WINBACK = """
    select
        case when due_on <= as_of then 'due' when due_on <= as_of + 7 then 'week' else 'later' end as moment,
        suggested_action, channel_key, count(*) as clients
    from marts.mart_winback cross join (select max(as_of) as as_of from marts.mart_publication)
    group by all order by all
"""

# Channels too small to stand alone share their step rates, so their effects stand as one row, `(pooled)`: what is known about them.
# A shared rate moves all of them together (errors add up); their own lead counts vary apart (errors add in squares).
FACTORS = """
    with rows as (
        select *, case when is_pooled then '(pooled)' else channel_key end as group_key, factor = 'channel_mix' as is_of_each
        from marts.mart_change_factors
        where month >= cast($first as date)
    )
    select
        metric, comparison, basis, group_key as channel_key, factor, month,
        case when bool_or(is_of_each) then sum(base) else any_value(base) end as base,
        case when bool_or(is_of_each) then sum("current") else any_value("current") end as current,
        sum(effect) as effect,
        case when bool_or(is_of_each) then sqrt(sum(stderr * stderr)) else sum(stderr) end as stderr
    from rows
    group by all
    having abs(sum(effect)) > 1e-9
    order by metric, comparison, basis, channel_key, factor, month
"""
POOLED = """
    select distinct comparison, basis, month, channel_key from marts.mart_change_factors
    where is_pooled and metric = 'new_clients' and month >= cast($first as date) order by all
"""


@dataclass(frozen=True)
class Limit:
    """How much history and how many channels are embedded, and for how many months the single effects behind a verdict; None is everything."""

    months: int | None
    channels: int | None = None
    factor_months: int | None = None


# Tried in order until the data fit the budget.
LIMITS = (Limit(61), Limit(37, None, 25), Limit(25, None, 13), Limit(25, 15, 13), Limit(25, 8, 6), Limit(13, 8, 3), Limit(13, 3, 1))


def columns_of(db: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Names of a relation's columns; empty when the version does not hold it."""
    schema, table = relation.split(".")
    rows = db.execute(
        "select column_name from duckdb_columns() where database_name = current_database() and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    return [name for (name,) in rows]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def read_extract(db: duckdb.DuckDBPyConnection, extract: Extract, months: list[str], channels: list[str] | None) -> dict[str, Any] | None:
    """The packed table, cut to `months` and `channels`; None when the version has no such relation.

    A column that an older retained version does not know yet is left out, so that every retained version can still be shown.
    """
    known = columns_of(db, extract.relation)
    if not known:
        return None
    names = known if extract.columns == ("*",) else [name for name in extract.columns if name in known]
    conditions, parameters = [f"({extract.where})"], []
    if extract.month in known and months:
        conditions.append(f"{extract.month} >= cast(? as date)")
        parameters.append(months[0])
    if channels is not None and "channel_key" in names and extract.relation.startswith("marts."):
        conditions.append("list_contains(?, channel_key)")
        parameters.append(channels)
    order = f" order by {extract.order}" if extract.order else ""
    selected = ", ".join(extract.expressions.get(name, _quoted(name)) for name in names)
    rows = db.execute(
        f"select {selected} from {extract.relation} where {' and '.join(conditions)}{order}", parameters
    ).fetchall()
    return pack_table(names, rows)


def _months(db: duckdb.DuckDBPyConnection) -> list[str]:
    if not columns_of(db, "marts.mart_kpi_monthly"):
        return []
    return [month.isoformat() for (month,) in db.execute("select distinct month from marts.mart_kpi_monthly order by 1").fetchall()]


def _largest_channels(db: duckdb.DuckDBPyConnection, count: int, first_month: str) -> list[str]:
    """`all`, `unmapped` and the channels with most leads since the first month shown."""
    rows = db.execute(
        "select channel_key from marts.mart_kpi_monthly where kpi = 'leads' and channel_key not in ('all', 'unmapped') and month >= cast(? as date) "
        "group by channel_key order by sum(value) desc, channel_key limit ?",
        [first_month, count],
    ).fetchall()
    return ["all", "unmapped", *[key for (key,) in rows]]


def _factor_labels(seeds: Path) -> list[dict[str, str]]:
    """Order, owner and labels of the verdict's factors: a seed that is not published, because BI reads the effects."""
    with (seeds / "factor_owners.csv").open(encoding="utf-8", newline="") as file:
        keys = ("factor", "owner_department", "value_kind", "label_en", "label_ru")
        return [{key: row[key] for key in keys} for row in sorted(csv.DictReader(file), key=lambda row: int(row["display_order"]))]


def _packed(db: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    result = db.execute(sql, parameters or {})
    return pack_table([column[0] for column in result.description], result.fetchall())


def _restatements(db: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """The latest publication pair only: what changed since managers last looked."""
    known = columns_of(db, "marts.mart_restatements")
    if not known:
        return None
    rows = db.execute("select * from marts.mart_restatements order by abs(delta) desc limit 200").fetchall()
    return pack_table(known, rows)


def build_payload(db: duckdb.DuckDBPyConnection, limit: Limit, seeds: Path) -> dict[str, Any]:
    """Everything the page knows, cut to `limit`, with a word on what was cut."""
    every_month = _months(db)
    months = every_month[-limit.months :] if limit.months else every_month
    channels = _largest_channels(db, limit.channels, months[0]) if limit.channels and months else None
    tables = {name: read_extract(db, extract, months, channels) for name, extract in EXTRACTS.items()}
    if columns_of(db, "marts.mart_winback"):
        tables["winback"] = _packed(db, WINBACK)
    factor_months = months[-limit.factor_months :] if limit.factor_months else months
    if columns_of(db, "marts.mart_change_factors") and factor_months:
        tables["factors"] = _packed(db, FACTORS, {"first": factor_months[0]})
        tables["pooled"] = _packed(db, POOLED, {"first": factor_months[0]})
    tables["restatements"] = _restatements(db)
    return {
        "months": months,
        "cut": {
            "months": len(months), "of_months": len(every_month), "channels": len(channels) - 1 if channels else None,
            "factor_months": len(factor_months),
        },
        "factor_labels": _factor_labels(seeds),
        "tables": {name: table for name, table in tables.items() if table is not None},
    }


def encode(payload: dict[str, Any]) -> str:
    """JSON that is safe inside <script>: no `<`, `>`, `&` and no line separator that ends a JavaScript string."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def fitted_payload(db: duckdb.DuckDBPyConnection, seeds: Path, budget: int = DATA_BUDGET_BYTES, limits: Iterable[Limit] = LIMITS) -> str:
    """The encoded payload under the first limit that fits the budget; the last limit when none does."""
    text = ""
    for limit in limits:
        text = encode(build_payload(db, limit, seeds))
        if len(text.encode()) <= budget:
            break
    return text
