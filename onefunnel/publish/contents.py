"""What a published file holds: its relations, their row counts, and a hash of their contents that ignores when they were published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from onefunnel.extract.normalise import quoted

if TYPE_CHECKING:
    import duckdb

PUBLISHED_SCHEMAS = ("facts", "marts")

# Columns that name a publication or its moment differ between two publications of the same data, so they are no part of the content.
PUBLICATION_COLUMNS = frozenset(
    {"version", "published_at", "quality_status", "then_version", "now_version", "then_published_at", "now_published_at"}
)

# Never published, whatever a model selects: the identity of a person or a company.
PERSONAL_COLUMNS = frozenset(
    {
        "contact_id",
        "contact_email",
        "contact_phone",
        "contact_name",
        "company",
        "email",
        "phone",
        "contact_email_hash",
        "contact_phone_hash",
    }
)

# Nor what only the next build needs: which build wrote a row.
WORKING_COLUMNS = frozenset({"build_number"})


# 128 bits are summed as two halves: whole, the sum of many has no type that holds it
HALF = 2**64 - 1


@dataclass(frozen=True)
class TableContent:
    """Rows and content hash (SHA-256, hexadecimal) of one relation."""

    rows: int
    content: str

    def to_dict(self) -> dict[str, Any]:
        """As it is written to a manifest."""
        return asdict(self)


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[tuple[str, str]]]:
    """`schema.table` -> [(column, type)] of the published schemas of one attached database, in a stable order."""
    rows = connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name in (select unnest(?)) and not internal order by schema_name, table_name, column_index",
        [database, list(PUBLISHED_SCHEMAS)],
    ).fetchall()
    found: dict[str, list[tuple[str, str]]] = {}
    for relation, column, kind in rows:
        found.setdefault(relation, []).append((column, kind))
    return found


def content_of(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[tuple[str, str]]) -> TableContent:
    """Row count and content hash of one relation. The hash does not depend on row order and counts repeated rows."""
    schema, table = relation.split(".", 1)
    counted = [(name, kind) for name, kind in columns if name not in PUBLICATION_COLUMNS]
    packed = ", ".join(f"{quoted(name)} := {_unsigned_zero(quoted(name), kind)}" for name, kind in counted)
    row_text = f"cast(to_json(struct_pack({packed})) as varchar)" if counted else "''"
    rows, low, high = connection.execute(
        f"select count(*), coalesce(sum((digest >> 64)::hugeint), 0), coalesce(sum((digest & {HALF}::uhugeint)::hugeint), 0) "
        f"from (select md5_number({row_text}) as digest from {quoted(schema)}.{quoted(table)})"
    ).fetchone()
    shape = ",".join(f"{name} {kind}" for name, kind in counted)
    return TableContent(int(rows), hashlib.sha256(f"{shape}|{rows}|{low}|{high}".encode()).hexdigest())


def _unsigned_zero(column: str, kind: str) -> str:
    """-0.0 as 0.0: storage keeps the one or the other as rows happen to lie, because they are equal."""
    return f"case when {column} = 0 then 0 else {column} end" if kind in ("DOUBLE", "FLOAT") else column


# What `match_by` can say of a payment or plan line; dbt_project/macros/contacts.sql says it.
MATCH_RULES = ["matched_by_email", "matched_by_phone", "contact_of_nobody", "contact_of_several", "paid_before_lead"]


def contents(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, TableContent]:
    """Row count and content hash of every published relation of the connection's own database."""
    return {relation: content_of(connection, relation, columns) for relation, columns in relations(connection, database).items()}


def data_through(db: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> dict[str, str | None]:
    """Last whole day of data per source, as the publication mart states it."""
    if "marts.mart_publication" not in tables:
        return {}
    row = db.execute("select data_through_by_source from marts.mart_publication").fetchone()
    return json.loads(row[0]) if row and row[0] else {}


def excluded_rows(db: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Quarantined rows and money per source, entity and rule: in base currency, and by currency what no rate values (unvalued)."""
    if "facts.fct_quarantine" not in tables:
        return []
    by_currency = (
        "select source_name, entity, rule, currency, count(*) as rows, sum(abs(amount_base)) as money, "
        "sum(abs(amount_original)) filter (amount_base is null)::decimal(28, 2) as unvalued "
        "from facts.fct_quarantine where severity = 'quarantine' group by all"
    )
    rows = db.execute(
        "select source_name, entity, rule, sum(rows)::bigint, coalesce(sum(money), 0)::decimal(28, 2)::varchar, "
        "coalesce(string_agg(format('{:,.2f}', unvalued::double) || ' ' || coalesce(currency, '?'), ', ' order by currency) "
        f"filter (unvalued > 0), '') from ({by_currency}) as sums group by source_name, entity, rule order by all"
    ).fetchall()
    return [dict(zip(("source", "entity", "rule", "rows", "money_base", "unvalued"), row, strict=True)) for row in rows]


def replaced_rows(db: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows that count no more although nothing is wrong with them, and their money (base currency, gross): per source, entity and rule."""
    if "marts.mart_data_quality" not in tables:
        return []
    rows = db.execute(
        "select source_name, entity, rule, rows_affected, (money_superseded + money_left_out)::decimal(28, 2)::varchar "
        "from marts.mart_data_quality where rule = 'superseded' or (severity = 'info' and money_left_out > 0) order by all"
    ).fetchall()
    return [dict(zip(("source", "entity", "rule", "rows", "money_base"), row, strict=True)) for row in rows]


def matched_rows(db: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Payments and plan lines that an address led to a client, or to none, and their money (base currency): per source, entity and rule."""
    if "facts.fct_lead_reference" not in tables:
        return []
    rows = db.execute(
        "select source_name, entity, rule, sum(row_count)::bigint, coalesce(sum(money_base), 0)::decimal(28, 2)::varchar "
        f"from facts.fct_lead_reference where rule in ({', '.join('?' * len(MATCH_RULES))}) group by all order by all",
        MATCH_RULES,
    ).fetchall()
    return [dict(zip(("source", "entity", "rule", "rows", "money_base"), row, strict=True)) for row in rows]
