"""The server as a client of the protocol meets it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from onefunnel.ask.server import server

ROOT = Path(__file__).resolve().parents[3]


def told(talk: Coroutine[Any, Any, Any]) -> Any:
    """What it comes to, in a thread of its own: a browser of other tests may have left this one with a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, talk).result()


def call(target: Any, tool: str, **arguments: Any) -> Any:
    """What a tool answers to a client."""

    async def talk() -> Any:
        async with Client(target) as client:
            return await client.call_tool(tool, arguments)

    return told(talk())


def test_the_tools_are_read_only_and_described(published: Path) -> None:
    async def talk() -> Any:
        async with Client(server(published)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in told(talk())}
    assert set(tools) == {"list_kpis", "kpi", "verdict", "tables", "query"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools.values())


def test_kpis_figures_and_tables_are_told(published: Path) -> None:
    target = server(published)
    assert call(target, "list_kpis").structured_content["rows"][0]["label_ru"] == "Стоимость заявки"
    figures = call(target, "kpi", kpi="cpl", month="2026-02").structured_content
    assert (figures["version"], [row["value"] for row in figures["rows"]]) == ("v1", ["1.5"])
    known = {table["name"]: table for table in call(target, "tables").structured_content["rows"]}
    assert set(known) == {"marts.mart_publication", "marts.mart_kpi_monthly", "facts.dim_kpi"}
    assert known["marts.mart_kpi_monthly"]["description"] == "Every KPI."
    assert any(column.endswith(": The figure.") for column in known["marts.mart_kpi_monthly"]["columns"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("kpi", {"kpi": "nonsense"}, "no figure of nonsense"),
        ("kpi", {"kpi": "x' or 1=1 --"}, "no figure"),
        ("query", {"sql": "from duckdb_databases()"}, "duckdb_databases"),
        ("verdict", {"month": "soon"}, "month"),
    ],
)
def test_what_cannot_be_answered_is_an_error_without_a_place(published: Path, tool: str, arguments: dict[str, str], says: str) -> None:
    answer = call(server(published), tool, **arguments)
    assert answer.is_error
    assert says in answer.content[0].text
    assert str(published.parent) not in answer.content[0].text


@pytest.mark.slow
def test_a_client_starts_the_command_and_asks(home: Path) -> None:
    command = StdioServerParameters(command=sys.executable, args=["-m", "onefunnel.cli.main", "mcp", "--home", str(home)], cwd=ROOT)
    assert call(command, "query", sql="select count(*) as n from marts.mart_kpi_monthly").structured_content["rows"] == [[3]]
