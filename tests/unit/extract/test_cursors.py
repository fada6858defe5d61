"""Cursors that would run away from rows: a date of the future, texts that sort otherwise than time, another table under the same name."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from database_source import Source

from onefunnel.errors import ConfigError
from onefunnel.extract.cursors import Reached, at_most, rows_key
from onefunnel.sources import TableEntity

END = datetime(2024, 6, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2099, 1, 1, tzinfo=UTC), END),
        (datetime(2024, 6, 2, 1, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 6, 1, 23, tzinfo=UTC)),
        (datetime(2099, 1, 1), datetime(2024, 6, 1, 12)),
        (datetime(2024, 6, 1, 10), datetime(2024, 6, 1, 10)),
        (date(2099, 1, 1), date(2024, 6, 1)),
        (date(2024, 6, 1), date(2024, 6, 1)),
        ("2099-01-01T00:00:00Z", "2024-06-01"),
        ("2024-06-01 23:00", "2024-06-01 23:00"),
        (2099, 2099),
        ("20990101", "20990101"),
    ],
)
def test_a_dated_cursor_is_at_most_as_late_as_the_load(value: Any, expected: Any) -> None:
    assert at_most(value, END) == expected


def test_a_row_of_the_far_future_hides_no_later_row(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-31 10:00'), (2, 'b', 1, '2099-01-01 00:00')")
    first = source.land("2024-06-01")
    assert (first.rows, first.cursor["value"]) == (2, "2024-06-01")
    assert "`updated_at` is 2099-01-01 00:00, in the future" in first.warnings[0]
    database.execute("insert into leads values (3, 'c', 1, '2024-06-02 10:00')")
    second = source.land("2024-06-02")
    assert source.landing.rows("lead_id")[2:] == [("3",), ("2",)]
    assert second.cursor["value"] == "2024-06-02"


def test_a_cursor_of_the_future_that_was_remembered_is_not_gone_on_from(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-31 10:00')")
    for day in ("2024-06-01", "2024-06-02"):
        source.land(day)
    for path in (source.landing.home / "landing").rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["cursor"] = {"column": "updated_at", "type": "str", "value": "2099-01-01 00:00"}
        path.write_text(json.dumps(manifest))
    database.execute("insert into leads values (2, 'b', 1, '2024-06-02 10:00')")
    assert source.land("2024-06-03").rows == 1


def test_a_moment_of_last_night_is_no_future(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    today = datetime.now(UTC)
    database.execute("insert into leads values (1, 'a', 1, ?)", [f"{today:%Y-%m-%d %H:%M}"])
    assert source.land((today - timedelta(days=1)).date().isoformat()).warnings == ()


def reach(batches: list[list[Any]]) -> Any:
    reached = Reached("changed", "source crm, entity leads")
    for batch in batches:
        reached.add(batch)
    return reached.last


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["31.01.2026 10:00"], "is text such as '31.01.2026 10:00'"),
        (["2026-01-31 10:00", "01/02/2026"], "is text such as '01/02/2026'"),
        (["2026-01-31 23:00", "2026-01-31T09:00"], "'2026-01-31 23:00' and '2026-01-31T09:00'"),
        (["2026-01-31 10:00Z", "2026-01-31 10:00+03:00"], "written in several ways"),
        (["2026-01-31", "20260201"], "written in several ways"),
        (["20260201", "2026-01-31"], "written in several ways"),
        (["9", "10"], "'9' and '10'"),
        (["2026-01-31", 7], "of type str and of type int"),
        ([datetime(2026, 1, 31), date(2026, 2, 1)], "of which none is the last"),
        ([b"x"], "is of type bytes"),
    ],
)
def test_a_cursor_that_does_not_sort_like_time_is_refused(values: list[Any], says: str) -> None:
    for batches in ([values], [[value] for value in values]):
        with pytest.raises(ConfigError, match="the cursor column 'changed'") as error:
            reach(batches)
        assert says in str(error.value)


@pytest.mark.parametrize(
    ("values", "last"),
    [
        (["2026-01-31", "2026-01-31 10:00", None, "", "2026-02-01 09:30:00.5"], "2026-02-01 09:30:00.5"),
        (["2026-01-31T10:00:00Z", "2026-02-01T10:00:00.123Z"], "2026-02-01T10:00:00.123Z"),
        (["2026-01-31 10:00:00+03:00", "2026-02-01 10:00:00+03:00"], "2026-02-01 10:00:00+03:00"),
        (["20260131", "20260201"], "20260201"),
        ([1, 2.5], 2.5),
        ([None, ""], None),
    ],
)
def test_the_last_of_one_way_of_writing_is_found(values: list[Any], last: Any) -> None:
    assert reach([[value] for value in values]) == reach([values]) == last


def test_texts_that_sort_wrongly_are_refused_with_the_query_to_write(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '31.01.2026 10:00')")
    with pytest.raises(ConfigError, match=r"'31\.01\.2026 10:00'") as error:
        source.land()
    assert "cast it in a `query`" in error.value.hint
    database.execute("update leads set updated_at = '2024-05-31'")
    source.land("2024-06-01")
    database.execute("insert into leads values (2, 'b', 1, '01.06.2024 10:00')")
    with pytest.raises(ConfigError, match=r"'01\.06\.2024 10:00'"):
        source.land("2024-06-02")


def test_rows_with_an_empty_text_for_a_cursor_are_read_every_time(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-31')")
    source.land("2024-06-01")
    database.execute("insert into leads values (2, 'b', 1, '')")
    source.land("2024-06-02")
    assert ("2",) in source.landing.rows("lead_id")


@pytest.mark.parametrize("change", [{"table": "clients"}, {"table": None, "query": "select * from clients"}, {}])
def test_another_table_under_the_same_cursor_is_read_whole(
    tmp_path: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-31')")
    source.land("2024-06-01")
    if not change:
        monkeypatch.setenv("CRM_DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
        database = sqlite3.connect(tmp_path / "other.sqlite", isolation_level=None)
        database.execute("create table leads (lead_id integer, updated_at text)")
        database.execute("insert into leads values (7, '2019-01-01'), (8, '2024-06-02')")
    else:
        database.execute("create table clients (lead_id integer, updated_at text)")
        database.execute("insert into clients values (7, '2019-01-01'), (8, '2024-06-02')")
    source.options = {name: value for name, value in (source.options | change).items() if value is not None}
    second = source.land("2024-06-02")
    assert (second.rows, second.cursor["value"]) == (2, "2024-06-02")
    assert "is another than at the load before: read whole" in second.warnings[0]
    third = source.land("2024-06-03")
    assert (third.rows, third.warnings) == (1, ())


def test_a_new_password_or_user_is_no_other_table() -> None:
    options = TableEntity(table="leads")
    first, second, other = (
        rows_key(sa.make_url(f"postgresql+psycopg://{user}@db:5432/{base}"), options)
        for user, base in (("crm:old", "crm"), ("crm2:new", "crm"), ("crm:old", "copy"))
    )
    assert first == second != other
    assert rows_key(sa.make_url("sqlite:///x"), TableEntity(query="select  1\n")) == rows_key(
        sa.make_url("sqlite:///x"), TableEntity(query="select 1")
    )
