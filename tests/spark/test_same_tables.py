"""The comparison of two warehouses sees one changed cell, whatever its type, and lets the last bits of a double pass."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.same_tables import differences

TABLE = (
    "create schema marts; create table marts.mart as select range as number, 'c' || range as channel_key, range * 1.1::double as value, "
    "(range * 2)::decimal(30, 4) as amount, timestamp '2026-03-01' + to_hours(range) as entered_at, null::double as share from range(40)"
)


def warehouse(path: Path, *changes: str) -> Path:
    with duckdb.connect(str(path)) as db:
        db.execute(TABLE)
        for change in changes:
            db.execute(change)
    return path


def test_equal_ones_are_equal_in_any_order(tmp_path: Path) -> None:
    shuffled = "create or replace table marts.mart as from marts.mart order by hash(number)"
    assert differences(warehouse(tmp_path / "a.duckdb"), warehouse(tmp_path / "b.duckdb", shuffled)) == []


@pytest.mark.parametrize(
    "change",
    [
        "value = value * (1 + 1e-8)", "value = null", "amount = amount + 0.0001", "channel_key = 'C7'",
        "entered_at = entered_at + interval 1 microsecond", "share = 0",
    ],
)  # fmt: skip
def test_one_changed_cell_is_seen(tmp_path: Path, change: str) -> None:
    changed = warehouse(tmp_path / "b.duckdb", f"update marts.mart set {change} where number = 7")
    found = differences(warehouse(tmp_path / "a.duckdb"), changed)
    assert len(found) == 1, found


@pytest.mark.parametrize("change", ["alter table marts.mart alter number type integer", "delete from marts.mart where number = 7",
                                    "insert into marts.mart from marts.mart where number = 7", "drop table marts.mart"])  # fmt: skip
def test_types_and_rows_and_tables_are_seen(tmp_path: Path, change: str) -> None:
    assert differences(warehouse(tmp_path / "a.duckdb"), warehouse(tmp_path / "b.duckdb", change))


def test_a_row_that_is_there_twice_is_not_taken_for_another(tmp_path: Path) -> None:
    one = warehouse(tmp_path / "a.duckdb", "insert into marts.mart from marts.mart where number = 7")
    other = warehouse(tmp_path / "b.duckdb", "insert into marts.mart from marts.mart where number = 8")
    assert differences(one, other)


def test_the_last_bits_of_a_double_are_no_difference(tmp_path: Path) -> None:
    nearly = "update marts.mart set value = value * (1 + 1e-14)"
    assert differences(warehouse(tmp_path / "a.duckdb"), warehouse(tmp_path / "b.duckdb", nearly)) == []
