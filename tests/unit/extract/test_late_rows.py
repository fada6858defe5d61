"""Rows that come behind the cursor: read once more, and told; else nothing would ever read them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from database_source import Source


def test_a_row_of_a_transaction_that_ended_late_is_read(tmp_path: Path, database: sqlite3.Connection) -> None:
    """Numbers are given when a row is written and seen when its transaction ends: 2 may come after 3."""
    source = Source(tmp_path, cursor="lead_id")
    database.execute("insert into leads values (1, 'a', 1, null), (3, 'c', 1, null)")
    assert source.land("2024-06-01").warnings == ()
    database.execute("insert into leads values (2, 'b', 1, null), (4, 'd', 1, null)")
    second = source.land("2024-06-02")
    assert second.rows == 4
    assert second.warnings[0].startswith("at least 1 row(s) came with a `lead_id` that the loads before had passed: all is read once more")
    database.execute("insert into leads values (5, 'e', 1, null)")
    third = source.land("2024-06-03")
    assert (third.rows, third.warnings) == (2, ())


def test_rows_imported_with_old_dates_are_read(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, table=None, query="select * from leads where amount > 0", cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-01-10'), (2, 'b', 1, '2024-05-31')")
    source.land("2024-06-01")
    database.execute("insert into leads values (3, 'c', 1, '2024-02-01'), (4, 'd', 1, '2024-06-02')")
    assert (source.land("2024-06-02").rows, source.land("2024-06-03").rows) == (4, 1)


def test_where_nothing_new_came_the_count_stays(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-01'), (2, 'b', 1, '2024-05-31')")
    source.land("2024-06-01")
    database.execute("delete from leads where lead_id = 2")
    second = source.land("2024-06-02")
    assert (second.rows, second.cursor["behind_rows"]) == (0, "1")
    database.execute("insert into leads values (3, 'c', 1, '2024-04-30')")
    assert source.land("2024-06-03").rows == 2


@pytest.mark.parametrize("change", ["delete from leads where lead_id = 1", "update leads set updated_at = '2024-06-02' where lead_id = 1"])
def test_rows_that_went_from_behind_are_not_missed(tmp_path: Path, database: sqlite3.Connection, change: str) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-01'), (2, 'b', 1, '2024-05-31')")
    source.land("2024-06-01")
    database.execute(change)
    assert source.land("2024-06-02").warnings == ()


def test_rows_without_a_cursor_are_no_late_ones(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="updated_at")
    database.execute("insert into leads values (1, 'a', 1, '2024-05-31')")
    source.land("2024-06-01")
    database.execute("insert into leads values (2, 'b', 1, null), (3, 'c', 1, '')")
    second = source.land("2024-06-02")
    assert (second.rows, second.warnings) == (3, ())


def test_a_load_of_before_the_count_is_gone_on_from(tmp_path: Path, database: sqlite3.Connection) -> None:
    source = Source(tmp_path, cursor="lead_id")
    database.execute("insert into leads values (1, 'a', 1, null), (3, 'c', 1, null)")
    source.land("2024-06-01")
    for path in (source.landing.home / "landing").rglob("manifest.json"):
        manifest = json.loads(path.read_text())
        del manifest["cursor"]["behind"], manifest["cursor"]["behind_rows"]
        path.write_text(json.dumps(manifest))
    database.execute("insert into leads values (2, 'b', 1, null), (4, 'd', 1, null)")
    second = source.land("2024-06-02")
    assert (second.rows, second.warnings) == (2, ())
    assert second.cursor["behind_rows"] == "3"
