"""Which SQL may be asked: one SELECT that names nothing but tables of marts and facts. Decided on DuckDB's own parse of it, by what is
allowed, not by what is forbidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

SCHEMAS = {"marts", "facts"}
SOURCES = {"BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY", "TABLE_FUNCTION", "EXPRESSION_LIST"}
TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
# They tell of the machine and of settings, not of the figures.
FORBIDDEN_FUNCTIONS = {"current_setting", "getvariable", "getenv", "nextval", "currval", "write_log", "current_connection_id"}


def refusal(db: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Why this may not be asked; "" when it may."""
    (text,) = db.execute("select json_serialize_sql(?::varchar)", [sql]).fetchone()
    parsed = json.loads(text)
    if parsed["error"]:
        return parsed["error_message"] if parsed["error_type"] == "parser" else "only SELECT may be asked"
    if len(parsed["statements"]) != 1:
        return "one SELECT at a time"
    nodes = list(_nodes(parsed))
    named = {str(entry["key"]).lower() for node in nodes for entry in node.get("cte_map", {}).get("map", [])}
    system = {name for (name,) in db.execute("select lower(view_name) from duckdb_views() where internal").fetchall()}
    # a name of a WITH counts everywhere, so it must not be one that means something else outside of it
    return next((reason for node in nodes if (reason := _refusal_of(node, named - system))), "")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each)


def _refusal_of(node: dict[str, Any], named: set[str]) -> str:
    # the parser gives a source of rows a sample, and nothing else
    if "sample" in node and "alias" in node and node.get("type") not in SOURCES:
        return f"not a source of rows that may be asked: {node.get('type')}"
    if node.get("type") == "BASE_TABLE":
        schema, table, catalog = (str(node[key]).lower() for key in ("schema_name", "table_name", "catalog_name"))
        if catalog or (schema not in SCHEMAS and (schema or table not in named)):
            return f"not a table of marts or facts: {'.'.join(part for part in (catalog, schema, table) if part)}"
    if node.get("type") == "TABLE_FUNCTION" and str(node["function"]["function_name"]).lower() not in TABLE_FUNCTIONS:
        return f"not a function that may be asked: {node['function']['function_name']}"
    if node.get("class") == "FUNCTION" and str(node["function_name"]).lower() in FORBIDDEN_FUNCTIONS:
        return f"not a function that may be asked: {node['function_name']}"
    return ""
