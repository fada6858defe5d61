"""The tools of `onefunnel mcp`. Each opens the published file anew, so an answer is of one version, and the next of the newest."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import duckdb
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from onefunnel.ask.query import MAX_ROWS, ask
from onefunnel.errors import OnefunnelError
from onefunnel.verdict import parse_month, read_verdict

if TYPE_CHECKING:
    from pathlib import Path

INSTRUCTIONS = """Published figures of one marketing and sales funnel, read-only. Say the month, the channel and the version with a figure.
A ratio is never averaged: sum numerator and denominator, then divide. Channel `all` is the total. The running month is partial.
A null is not 0: nothing tells it."""
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
KPIS = """select kpi_key, label_en, label_ru, department, unit, direction, formula, unknown_because
from facts.dim_kpi order by display_order"""
KPI = """select strftime(month, '%Y-%m') as month, channel_key, value, numerator, denominator, is_partial, mom_pct, yoy_pct
from marts.mart_kpi_monthly
where kpi = $kpi and channel_key = $channel and ($month is null or strftime(month, '%Y-%m') = $month) order by month"""
TABLES = """select columns.schema_name || '.' || columns.table_name as name, any_value(tables.comment) as description,
list(column_name || ' ' || data_type || coalesce(': ' || columns.comment, '') order by column_index) as columns
from duckdb_columns() as columns inner join duckdb_tables() as tables on columns.table_oid = tables.table_oid
where columns.schema_name in ('marts', 'facts') group by 1 order by 1"""


def server(published: Path) -> MCPServer:
    """A server over one published file; nothing else is reachable through it."""
    made: MCPServer = MCPServer("onefunnel", instructions=INSTRUCTIONS)
    for tool in (_list_kpis, _kpi, _verdict, _tables, _query):
        made.add_tool(tool(published), annotations=READ_ONLY)
    return made


def _told(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Say a person's words when something is wrong; no place on this machine is among them."""

    @wraps(function)
    def guarded(**arguments: Any) -> dict[str, Any]:
        try:
            return function(**arguments)
        except OnefunnelError as error:
            raise ToolError(f"{error.message}. {error.hint}".strip()) from None

    return guarded


def _read(published: Path, sql: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    if not published.exists():
        raise OnefunnelError("nothing is published yet", hint="run a night first")
    with duckdb.connect(str(published), read_only=True) as db:
        (version,) = db.execute("select version from marts.mart_publication").fetchone()
        found = db.execute(sql, parameters)
        names = [column[0] for column in found.description]
        return {"version": version, "rows": [dict(zip(names, row, strict=True)) for row in found.fetchall()]}


def _list_kpis(published: Path) -> Callable[..., dict[str, Any]]:
    @_told
    def list_kpis() -> dict[str, Any]:
        """All KPIs: key, labels in English and Russian, whose it is, unit, which way is good, formula, and why there is no figure."""
        return _read(published, KPIS)

    return list_kpis


def _kpi(published: Path) -> Callable[..., dict[str, Any]]:
    @_told
    def kpi(kpi: str, channel: str = "all", month: str | None = None) -> dict[str, Any]:
        """A KPI by month: its key (list_kpis), a channel (`all` is the total), and a month YYYY-MM or none for all months."""
        found = _read(published, KPI, {"kpi": kpi, "channel": channel, "month": month})
        if not found["rows"]:
            raise OnefunnelError(f"no figure of {kpi} for channel {channel}", hint="list_kpis has the KPIs, facts.dim_channel the channels")
        return found

    return kpi


def _verdict(published: Path) -> Callable[..., dict[str, Any]]:
    @_told
    def verdict(
        month: str | None = None, comparison: str = "previous_month", metric: str | None = None, basis: str = "cohort"
    ) -> dict[str, Any]:
        """Marketing, sales or the market: whose a change is, with its uncertainty. comparison: previous_month, previous_year,
        previous_quarter, previous_year_quarter; metric: new_clients, the stage that is handed over to sales (sql), leads,
        new_client_revenue, revenue, or none: the one nearest to the client that says something; basis: cohort, period."""
        return read_verdict(published, parse_month(month) if month else None, comparison, metric, basis).to_dict()

    return verdict


def _tables(published: Path) -> Callable[..., dict[str, Any]]:
    @_told
    def tables() -> dict[str, Any]:
        """Every table of the schemas marts and facts that a query may name, with its columns, their types and what they mean."""
        return _read(published, TABLES)

    return tables


def _query(published: Path) -> Callable[..., dict[str, Any]]:
    @_told
    def query(sql: str) -> dict[str, Any]:
        found = ask(published, sql)
        return {"columns": found.columns, "rows": found.rows, "is_cut": found.is_cut}

    query.__doc__ = (
        f"One SELECT in DuckDB's SQL over tables of marts and facts, named with their schema; {MAX_ROWS} rows at most (is_cut: of more)."
    )
    return query
