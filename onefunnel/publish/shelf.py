"""What of a published file is laid out as Parquet and in Postgres, too: all marts, all dimensions with their labels; facts if asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from onefunnel.settings import Settings

SCHEMAS = ("marts", "facts")


def shelf(file: duckdb.DuckDBPyConnection, settings: Settings) -> list[tuple[str, str]]:
    """(schema, table) of each, in a stable order. Personal columns are in no published file, so they are in none of these."""
    rows = file.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where schema_name = 'marts' or schema_name = 'facts' and (? or starts_with(table_name, 'dim_')) order by all",
        [settings.publish_facts],
    ).fetchall()
    return [(schema, table) for schema, table in rows]
