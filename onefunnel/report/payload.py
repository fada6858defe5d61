"""What the page embeds: the columns of the published marts that it shows, and nothing about a single person."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from onefunnel.extract.normalise import quoted
from onefunnel.report.columns import pack_table
from onefunnel.report.extracts import EXTRACTS, FACTORS, OPEN_LEADS, POOLED, WINBACK, Extract

# The page stays under 3 MB with the chart library (0.6 MB) and its own code (0.1 MB): what is left is for the data.
DATA_BUDGET_BYTES = 2_000_000


@dataclass(frozen=True)
class Limit:
    """How many months and channels are embedded, and for how many months the single effects behind a verdict; None is everything."""

    months: int | None
    channels: int | None = None
    factor_months: int | None = None


# Tried in order until the data fit the budget.
LIMITS = (Limit(61), Limit(37, None, 25), Limit(25, None, 13), Limit(25, 15, 13), Limit(25, 8, 6), Limit(13, 8, 3), Limit(13, 3, 1))


def columns_of(db: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Names of a relation's columns; empty when the version does not hold it."""
    schema, table = relation.split(".")
    rows = db.execute(
        "select column_name from duckdb_columns() where database_name = current_database() and schema_name = ? and table_name = ? "
        "order by column_index",
        [schema, table],
    ).fetchall()
    return [name for (name,) in rows]


def read_extract(db: duckdb.DuckDBPyConnection, extract: Extract, months: list[str], channels: list[str] | None) -> dict[str, Any] | None:
    """The packed table, cut to `months` and `channels`; None when the version has no such relation.

    A column that an older retained version does not know yet is left out, so that every retained version can still be shown.
    """
    known = columns_of(db, extract.relation)
    if not known:
        return None
    names = known if extract.columns == ("*",) else [name for name in extract.columns if name in known]
    conditions = [f"({extract.where})"]
    parameters: list[Any] = []
    if extract.month in known and months:
        conditions.append(f"{extract.month} >= cast(? as date)")
        parameters.append(months[0])
    if channels is not None and "channel_key" in names and extract.relation.startswith("marts."):
        conditions.append("list_contains(?, channel_key)")
        parameters.append(channels)
    order = f" order by {extract.order}" if extract.order else ""
    selected = ", ".join(extract.expressions.get(name, quoted(name)) for name in names)
    rows = db.execute(f"select {selected} from {extract.relation} where {' and '.join(conditions)}{order}", parameters).fetchall()
    return pack_table(names, rows)


def _months(db: duckdb.DuckDBPyConnection) -> list[str]:
    if not columns_of(db, "marts.mart_kpi_monthly"):
        return []
    return [month.isoformat() for (month,) in db.execute("select distinct month from marts.mart_kpi_monthly order by 1").fetchall()]


def _largest_channels(db: duckdb.DuckDBPyConnection, count: int, first_month: str) -> list[str]:
    """`all`, `unmapped` and the channels with most leads since the first month shown."""
    rows = db.execute(
        "select channel_key from marts.mart_kpi_monthly "
        "where kpi = 'leads' and channel_key not in ('all', 'unmapped') and month >= cast(? as date) "
        "group by channel_key order by sum(value) desc, channel_key limit ?",
        [first_month, count],
    ).fetchall()
    return ["all", "unmapped", *[key for (key,) in rows]]


def read_factors(db: duckdb.DuckDBPyConnection, seeds: Path) -> list[dict[str, str]]:
    """Owner and labels of the verdict's factors in their order. A version from before they were published has those of the seed."""
    keys = ("factor", "owner_department", "value_kind", "label_en", "label_ru")
    if columns_of(db, "facts.dim_factor"):
        rows = db.execute(
            "select factor, department, value_kind, label_en, label_ru from facts.dim_factor order by display_order"
        ).fetchall()
        return [dict(zip(keys, row, strict=True)) for row in rows]
    with (seeds / "factor_owners.csv").open(encoding="utf-8", newline="") as file:
        lines = [row for row in csv.DictReader(file) if "{" not in row["factor"]]
    return [{key: row[key] for key in keys} for row in sorted(lines, key=lambda row: int(row["display_order"]))]


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


def read_checks(version_path: Path) -> dict[str, Any]:
    """Status, counts and warnings of the gates, from the manifest beside the version file; empty without one."""
    try:
        quality = json.loads(version_path.resolve().with_suffix(".json").read_text(encoding="utf-8")).get("quality") or {}
    except (OSError, ValueError):
        return {}
    return {"status": quality.get("status", "unknown"), "checks": quality.get("checks", {}), "warnings": quality.get("warnings", [])}


def build_payload(db: duckdb.DuckDBPyConnection, limit: Limit, seeds: Path, checks: dict[str, Any] | None = None) -> dict[str, Any]:
    """Everything the page knows, cut to `limit`, with a word on what was cut."""
    every_month = _months(db)
    months = every_month[-limit.months :] if limit.months else every_month
    channels = _largest_channels(db, limit.channels, months[0]) if limit.channels and months else None
    tables = {name: read_extract(db, extract, months, channels) for name, extract in EXTRACTS.items()}
    if columns_of(db, "marts.mart_open_leads"):
        tables["open_leads"] = _packed(db, OPEN_LEADS)
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
            "months": len(months),
            "of_months": len(every_month),
            "channels": len(channels) - 1 if channels else None,
            "factor_months": len(factor_months),
        },
        "checks": checks or {},
        "factor_labels": read_factors(db, seeds),
        "tables": {name: table for name, table in tables.items() if table is not None},
    }


def encode(payload: dict[str, Any]) -> str:
    """JSON that is safe inside <script>: no `<`, `>`, `&` and no line separator that ends a JavaScript string."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def fitted_payload(
    db: duckdb.DuckDBPyConnection,
    seeds: Path,
    checks: dict[str, Any] | None = None,
    budget: int = DATA_BUDGET_BYTES,
    limits: Iterable[Limit] = LIMITS,
) -> str:
    """The encoded payload under the first limit that fits the budget; the last limit when none does."""
    text = ""
    for limit in limits:
        text = encode(build_payload(db, limit, seeds, checks))
        if len(text.encode()) <= budget:
            break
    return text
