"""One SELECT over marts and facts is answered; nothing else is, however it is wrapped, and nothing for long."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from onefunnel.ask import query as query_module
from onefunnel.ask.allowed import refusal
from onefunnel.ask.query import ask
from onefunnel.ask.worker import CLOSED
from onefunnel.errors import ConfigError, OnefunnelError

ALLOWED = [
    "from marts.mart_kpi_monthly",
    "with a as (select month from marts.mart_kpi_monthly) select count(*) from a;",
    "select m.value, k.label_ru from MARTS.mart_kpi_monthly as m join facts.dim_kpi as k on m.kpi = k.kpi_key where month = "
    "(select max(month) from marts.mart_kpi_monthly)",
    "select sum(value) over (order by month) from marts.mart_kpi_monthly union all select range from range(3)",
]
HOSTILE = {
    "files": [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/*')",
        "select * from parquet_scan('x.parquet')",
        "select * from sniff_csv('/etc/passwd')",
        "copy marts.mart_publication to '/tmp/x.csv'",
        "export database '/tmp/x'",
    ],
    "attach": ["attach '/tmp/x.db' as x", "select 1; attach '/tmp/x.db' as x", "use x", "detach current"],
    "extensions": ["install httpfs", "load httpfs", "from duckdb_extensions()", "select * from sqlite_scan('x', 'y')"],
    "settings": [
        "set threads = 8",
        "pragma memory_limit = '9GB'",
        "reset all",
        "from duckdb_settings()",
        "select current_setting('temp_directory')",
        "select list_transform([1], x -> current_setting('threads'))",
        "select getenv('HOME')",
        "select * from enable_logging()",
        "call duckdb_settings()",
    ],
    "catalogue": [
        "from duckdb_databases()",
        "from duckdb_databases",
        "from system.main.duckdb_databases",
        "from pragma_database_list",
        "select (select path from duckdb_databases limit 1)",
        "select x from (select 1) t, lateral (from duckdb_settings()) q",
        "with x as (with duckdb_databases as (select 1) select * from duckdb_databases) select * from duckdb_databases",
        "from information_schema.tables",
        "from pg_catalog.pg_settings",
        "from onefunnel.candidate",
        "show tables",
        "select * from (describe marts.mart_publication)",
        "from query('from duckdb_databases()')",
        "from query_table('duckdb_databases')",
        "pivot (from duckdb_databases()) on path using count(*)",
        "from json_execute_serialized_sql('x')",
    ],
    "writes": [
        "create table x as select 1",
        "drop table marts.mart_publication",
        "delete from marts.mart_publication",
        "vacuum",
        "checkpoint",
    ],
    "this program": ["from published", "from request", "from db"],
    "several": ["select 1; select 2", "", "select", "prepare x as select 1", "explain select 1", "select 1) as t, (from duckdb_settings()"],
}


@pytest.fixture
def closed(published: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(published), read_only=True, config=CLOSED)


@pytest.mark.parametrize("sql", ALLOWED)
def test_a_select_over_marts_and_facts_is_allowed(closed: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert refusal(closed, sql) == ""
    closed.execute(sql)


@pytest.mark.parametrize("sql", [sql for group in HOSTILE.values() for sql in group])
def test_what_is_hostile_is_refused_before_it_runs(closed: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert refusal(closed, sql)


@pytest.mark.parametrize("sql", [*HOSTILE["files"][:4], *HOSTILE["attach"][:1], *HOSTILE["extensions"][:2], *HOSTILE["settings"][:3]])
def test_even_what_would_slip_through_finds_the_connection_closed(closed: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        closed.execute(sql).fetchall()


@pytest.mark.slow
def test_an_answer_holds_plain_values_in_the_order_asked_for(published: Path) -> None:
    answer = ask(published, "select month, value, numerator, null from marts.mart_kpi_monthly order by month desc -- newest first")
    assert answer.columns[:3] == ["month", "value", "numerator"]
    assert answer.rows[0] == ["2026-03-01", "2.5", "1.2500", None]
    assert not answer.is_cut


@pytest.mark.slow
def test_rows_and_size_are_bounded_and_it_says_so(published: Path) -> None:
    many = ask(published, "select range from range(100000)")
    assert (len(many.rows), many.is_cut) == (query_module.MAX_ROWS, True)
    wide = ask(published, "select repeat('x', 40000) from range(10)")
    assert (len(wide.rows), wide.is_cut) == (2, True)


@pytest.mark.slow
def test_time_and_memory_are_bounded(published: Path) -> None:
    started = time.monotonic()
    with pytest.raises(OnefunnelError, match="stopped"):
        ask(published, "select count(*) from range(1000000000000) as a, range(1000000) as b", deadline_seconds=1)
    assert time.monotonic() - started < 7
    with pytest.raises(OnefunnelError, match=r"Out of Memory|stopped"):
        ask(published, "select string_agg(repeat('x', 1000000), '') from range(100000)")


@pytest.mark.slow
def test_a_refusal_names_what_and_no_place(published: Path) -> None:
    with pytest.raises(ConfigError, match="duckdb_databases") as raised:
        ask(published, "from duckdb_databases()")
    assert str(published.parent) not in str(raised.value)


@pytest.mark.slow
def test_a_query_sees_no_secret_of_this_process(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFUNNEL_HASH_KEY", "canary-canary-canary")
    seen: list[dict[str, str]] = []
    real = query_module.subprocess.run
    monkeypatch.setattr(query_module.subprocess, "run", lambda *given, **more: (seen.append(more["env"]), real(*given, **more))[1])
    ask(published, "from marts.mart_publication")
    assert not [name for name in seen[0] if name.startswith("ONEFUNNEL")]
