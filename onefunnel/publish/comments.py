"""Comments on the tables and columns of a published file: what BI tools show beside them. They are what the models' YAML says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from onefunnel.extract.normalise import literal, quoted
from onefunnel.publish.contents import PUBLISHED_SCHEMAS, relations

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

# (schema, table, column or None for the table itself, text)
Comment = tuple[str, str, str | None, str]


def comments_of(db: duckdb.DuckDBPyConnection, database: str) -> list[Comment]:
    """Those of the published schemas of an attached database."""
    return db.execute(
        "select schema_name, table_name, null, comment from duckdb_tables() "
        "where database_name = $1 and comment is not null and schema_name in (select unnest($2)) union all "
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = $1 and comment is not null and schema_name in (select unnest($2)) order by all",
        [database, list(PUBLISHED_SCHEMAS)],
    ).fetchall()


def write_comments(db: duckdb.DuckDBPyConnection, comments: list[Comment]) -> None:
    """Give them to the tables of the connection's own database."""
    said = []
    for schema, table, column, text in comments:
        name = f"{quoted(schema)}.{quoted(table)}"
        said.append(f"comment on {f'column {name}.{quoted(column)}' if column else f'table {name}'} is {literal(text)}")
    if said:
        db.execute("; ".join(said))


def copy_comments(db: duckdb.DuckDBPyConnection, database: str) -> None:
    """Those of an attached database, to the same tables of the connection's own."""
    write_comments(db, comments_of(db, database))


def describe(db: duckdb.DuckDBPyConnection, manifest: Path) -> None:
    """Comment on every table and column that dbt's manifest describes; without a manifest nothing is described."""
    if not manifest.exists():
        return
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    models = {(node["schema"], node["name"]): node for node in nodes if node["resource_type"] == "model"}
    comments: list[Comment] = []
    for relation, columns in relations(db, db.execute("select current_database()").fetchone()[0]).items():
        schema, table = relation.split(".", 1)
        if model := models.get((schema, table)):
            told = {name: model["columns"].get(name, {}).get("description") for name, _ in columns}
            comments += [(schema, table, None, model["description"])] if model["description"] else []
            comments += [(schema, table, name, text) for name, text in told.items() if text]
    write_comments(db, comments)
