"""Databases through SQLAlchemy: SQLite always, a real Postgres where its programs are installed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from database_source import Source
from postgres_server import running_postgres
from sqlalchemy.dialects import postgresql

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.database import statement, value_text
from onefunnel.sources import TableEntity


def test_a_table_lands_whole_and_replaces_the_one_before(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path)
    database.execute("insert into leads values (5805028000056864695, 'Ева', 10.5, null), (2, '', 3, 'x')")
    assert source.land("2024-06-01").rows == 2
    assert source.landing.rows("lead_id", "name", "amount", "updated_at") == [
        ("5805028000056864695", "Ева", "10.5", None),
        ("2", "", "3", "x"),
    ]
    database.execute("delete from leads where lead_id = 2")
    source.land("2024-06-02")
    assert source.landing.rows("lead_id") == [("5805028000056864695",)]


def test_a_table_of_another_name_replaces_the_one_before(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path)
    database.execute("insert into leads values (1, 'a', 1, null), (2, 'b', 2, null)")
    source.land("2024-06-01")
    database.execute("create table crm_leads as select * from leads limit 1")
    database.commit()
    source.options["table"] = "crm_leads"
    assert source.land("2024-06-02").rows_current == 1


def test_a_cursor_reads_only_what_is_new_and_the_overlap(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-01-01'), (2, 'b', 1, '2024-05-31')")
    first = source.land("2024-06-01")
    behind = {"behind": "2024-05-31", "behind_rows": "1"}
    assert (first.rows, {**first.cursor, "of": ""}) == (
        2,
        {"column": "updated_at", "type": "str", "value": "2024-05-31", "of": "", **behind},
    )
    database.execute("insert into leads values (3, 'c', 1, '2024-06-02')")
    second = source.land("2024-06-02")
    assert source.landing.rows("lead_id") == [("1",), ("2",), ("2",), ("3",)]
    assert (second.delivery, second.rows_current, second.cursor["value"]) == ("delta", 4, "2024-06-02")


def test_a_retry_of_a_cursor_starts_where_its_first_attempt_did(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="lead_id")
    database.execute("insert into leads values (1, 'a', 1, '')")
    source.land("2024-06-01")
    database.execute("insert into leads values (2, 'b', 1, '')")
    source.land("2024-06-02")
    database.execute("insert into leads values (3, 'c', 1, '')")
    assert source.land("2024-06-02").rows == 3
    assert source.land("2024-06-03").rows == 1
    database.execute("delete from leads")
    empty = source.land("2024-06-04")
    assert (empty.rows, empty.cursor["value"]) == (0, "3")


def test_a_query_may_stand_for_a_table(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path)
    source.options = {"query": "select lead_id as id, ':not_a_parameter' as note from leads where lead_id > 1;"}
    database.execute("insert into leads values (1, 'a', 1, ''), (2, 'b', 1, '')")
    source.land()
    assert source.landing.rows() == [("2", ":not_a_parameter")]


def test_personal_columns_and_required_ones_are_treated_as_in_files(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, system="template", entity="leads")
    with pytest.raises(OnefunnelError, match="'created_at' is absent"):
        source.land()
    database.execute("alter table leads add column created_at text")
    database.execute("alter table leads add column channel text")
    database.execute("alter table leads add column contact_email text")
    database.execute("insert into leads (lead_id, created_at, channel, contact_email) values (1, '2024', 'seo', 'eve@secret.example')")
    source.land()
    assert len(source.landing.rows("contact_email")[0][0]) == 64
    assert b"eve@secret" not in b"".join(path.read_bytes() for path in source.landing.home.rglob("*") if path.is_file())


def test_hostile_values_stay_values_and_a_nul_rejects_its_row(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path)
    database.execute("insert into leads values (1, ?, null, null), (2, ?, null, null)", ["'); drop table leads; --", "a\0b"])
    source.land()
    assert source.landing.rows("name") == [("'); drop table leads; --",)]
    assert source.landing.rejected() == [("leads", 2, "nul_byte")]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"table": "nope"}, "no such table"), ({"cursor": "nope"}, "nope"), ({"table": None, "query": "select from"}, "syntax")],
)
def test_what_the_database_refuses_is_a_configuration_error(
    tmp_path: Path, database: sqlite3.Connection, change: dict[str, Any], says: str
) -> None:
    source = Source(tmp_path)
    source.options = {name: value for name, value in (source.options | change).items() if value is not None}
    with pytest.raises(OnefunnelError, match=says) as error:
        source.land()
    assert error.value.where


def test_the_url_comes_from_its_variable_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(tmp_path)
    monkeypatch.delenv("CRM_DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="CRM_DATABASE_URL is not set"):
        source.land()
    monkeypatch.setenv("CRM_DATABASE_URL", "canary-secret: no url")
    with pytest.raises(ConfigError, match="holds no database URL") as error:
        source.land()
    assert "canary" not in str(error.value)
    monkeypatch.setenv("CRM_DATABASE_URL", "nosuch://user:canary-secret@host/db")
    with pytest.raises(OnefunnelError) as error:
        source.land()
    assert "canary" not in str(error.value)


def test_an_airflow_connection_is_read_from_its_variable(
    tmp_path: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(tmp_path)
    source.source = {"airflow_connection": "crm_db"}
    monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", os.environ["CRM_DATABASE_URL"])
    database.execute("insert into leads values (1, 'a', 1, '')")
    assert source.land().rows == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", ""),
        (True, "true"),
        (5805028000056864695, "5805028000056864695"),
        (Decimal("1E+3"), "1000"),
        (Decimal("10.50"), "10.50"),
        (1e-7, "0.0000001"),
        (float("nan"), "nan"),
        (datetime(2024, 6, 1, 10, 0, 0, 5), "2024-06-01 10:00:00.000005"),
        (datetime(2024, 6, 1, 10, tzinfo=timezone(timedelta(hours=2))), "2024-06-01 10:00:00+02:00"),
        (date(2024, 6, 1), "2024-06-01"),
        (time(9, 30), "09:30:00"),
        (timedelta(days=1, hours=2), "1 day, 2:00:00"),
        (b"\xaa\x01", "aa01"),
        (b"\x00id", "006964"),
        (b"1000", "1000"),
        ({"k": ["ж"]}, '{"k": ["ж"]}'),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_value_text(value: object, expected: str | None) -> None:
    assert value_text(value) == expected


def test_names_are_quoted_and_values_bound() -> None:
    compiled = str(
        statement(TableEntity(table="crm.select", cursor="order"), datetime(2024, 6, 1, tzinfo=UTC)).compile(dialect=postgresql.dialect())
    )
    assert 'FROM crm."select"' in compiled
    assert '"order" >= %(order_1)s' in compiled.replace("%(order_1)s::TIMESTAMP WITH TIME ZONE", "%(order_1)s")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Postgres started for these tests alone."""
    with running_postgres(tmp_path_factory.mktemp("postgres"), "crm") as address:
        yield f"postgresql://crm:canary-password@{address}/postgres"


def test_postgres_types_land_without_loss_and_by_cursor(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_DATABASE_URL", postgres)
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sa.text("create schema crm"))
        connection.execute(
            sa.text(
                "create table crm.leads (id bigint, amount numeric(30,10), at timestamptz, naive timestamp, day date, flag boolean, "
                "raw bytea, doc jsonb, tags text[], span interval)"
            )
        )
        connection.execute(
            sa.text(
                "insert into crm.leads values (5805028000056864695, 12345678901234567890.0123456789, '2024-06-01 10:00+02', "
                "'2024-06-01 10:00:00.000001', '2024-06-01', true, '\\xaa01', '{\"k\": 1}', '{a,b}', '1 day 02:00')"
            )
        )
        connection.execute(
            sa.text(
                "insert into crm.leads (id, at) "
                "select n, timestamptz '2024-01-01' + n * interval '1 second' from generate_series(1, 50000) n"
            )
        )
    source = Source(tmp_path, table="crm.leads", cursor="at", lookback_days=1)
    assert source.land("2024-06-01").rows == 50_001
    columns = ("id", "amount", "naive", "day", "flag", "raw", "doc", "tags", "span")
    assert source.landing.rows(*columns)[-1] == (
        "5805028000056864695",
        "12345678901234567890.0123456789",
        "2024-06-01 10:00:00.000001",
        "2024-06-01",
        "true",
        "aa01",
        '{"k": 1}',
        '["a", "b"]',
        "1 day, 2:00:00",
    )
    assert datetime.fromisoformat(source.landing.rows("at")[-1][0]) == datetime(2024, 6, 1, 8, tzinfo=UTC)
    second = source.land("2024-06-02")
    assert (second.rows, second.cursor["value"]) == (1, "2024-06-01T08:00:00+00:00")
    with engine.begin() as connection:
        connection.execute(sa.text("insert into crm.leads (id, at) values (50001, timestamptz '2024-05-30 10:00+00')"))
    assert source.land("2024-06-03").rows == 50_002
    with engine.begin() as connection:
        connection.execute(sa.text("drop schema crm cascade"))
    with pytest.raises(ConfigError, match=r"crm\.leads") as error:
        source.land("2024-06-03")
    assert "canary" not in str(error.value)
    engine.dispose()


def test_a_postgres_that_is_down_is_told_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql://crm:canary-password@127.0.0.1:1/postgres?connect_timeout=1")
    with pytest.raises(OnefunnelError, match="does not answer") as error:
        Source(tmp_path).land()
    assert error.value.exit_code == 1
    assert "canary" not in str(error.value)


def test_rows_without_a_cursor_are_read_every_time(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path)
    source.options = {"query": "select * from changes", "cursor": "changed"}
    database.execute("create table changes (lead_id integer, changed text)")
    database.execute("insert into changes values (1, '2024-05-01'), (2, null)")
    source.land()
    database.execute("insert into changes values (3, null), (4, '2024-05-01'), (5, '2024-04-01')")
    source.land("2024-06-02")
    assert {lead for lead, _ in source.landing.rows()} >= {"1", "2", "3", "4"}
