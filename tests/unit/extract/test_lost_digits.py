"""Ids beyond 2^53 that a program held as numbers of floating point: two of them are one number, so such a number is no id."""

from __future__ import annotations

import io
import re
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest_landing import Landing
from database_source import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from workbooks import number, row, text, workbook

from onefunnel.errors import ConfigError
from onefunnel.extract.lost_digits import EXACT, id_sql, is_id

CUT = re.compile(r"[0-9][.][0-9]+E[+][0-9]{2}")  # what staging takes for no id: is_cut_id of dbt_project/macros/parse.sql
LOST = [1.2021000000000001e17, 1.2021000000000002e17, float(EXACT), 1e22]
KEPT = [float(EXACT - 1), 123.0, 1e15]


def _is_cut(landing: Landing, column: str) -> list[bool]:
    return [CUT.fullmatch(value) is not None for (value,) in landing.rows(column)]


@pytest.mark.parametrize("column", ["contact_id", "lead_id", "Id", "contactId", "Payment ID", "duplicate_of"])
def test_doubles_of_parquet_are_no_ids(tmp_path: Path, column: str) -> None:
    assert is_id(column)
    file = io.BytesIO()
    pq.write_table(pa.table({column: pa.array([*LOST, *KEPT], pa.float64()), "amount": [*LOST, *KEPT]}), file)
    landing = Landing(tmp_path, {"path": "*.parquet"})
    landing.write("a.parquet", file.getvalue())
    landing.land()
    assert _is_cut(landing, column) == [True] * len(LOST) + [False] * len(KEPT)
    assert [float(value) for (value,) in landing.rows("amount")] == [*LOST, *KEPT]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_nor_are_they_where_pandas_writes_them(tmp_path: Path, name: str) -> None:
    values = ["120210000000000016.0", "1.2021000000000001e+17", "9007199254740992.0", "9007199254740991.0", "120210000000000016"]
    records = [f'{{"id": {value}}}' for value in values]
    contents = {
        "a.jsonl": "\n".join(records),
        "a.csv": "id\n" + "".join(f"{value}\n" for value in values),
        "a.json": f"[{', '.join(records)}]",
    }
    landing = Landing(tmp_path, {"path": name})
    landing.write(name, contents[name])
    landing.land()
    assert _is_cut(landing, "id") == [True, True, True, False, False]


def test_nor_are_those_of_a_database(tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute("create table rows (id real, amount real)")
    database.executemany("insert into rows values (?, ?)", [(value, value) for value in [*LOST, *KEPT]])
    source = Source(tmp_path, table="rows")
    source.land()
    assert _is_cut(source.landing, "id") == [True] * len(LOST) + [False] * len(KEPT)
    assert [float(value) for (value,) in source.landing.rows("amount")] == [*LOST, *KEPT]


def test_of_a_workbook_one_that_stands_in_several_rows_is_none(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.xlsx"})
    ids = ["1.2021000000000001E+17", "1.2021000000000001E+17", "5.8050280000439E+18", "120210000000000001", "120210000000000001"]
    cells = [row(1, text("A1", "Id"), text("B1", "Sum"))]
    cells += [row(place, number(f"A{place}", value), number(f"B{place}", value)) for place, value in enumerate(ids, start=2)]
    landing.write("a.xlsx", workbook(("Deals", "".join(cells))))
    landing.land()
    assert _is_cut(landing, "Id") == [True, True, False, False, False]
    assert landing.rows("Id")[2:] == [("5805028000043900000",), ("120210000000000001",), ("120210000000000001",)]
    assert landing.rows("Sum")[0] == ("120210000000000010",)


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.integers(0, 10**24).map(str), st.text("0123456789abcdefE-+.", max_size=24)))
def test_every_other_text_is_the_id_that_it_is(told: str) -> None:
    """uuids, hexadecimal, whole numbers of any length."""
    if re.fullmatch(r"[0-9]{16,}[.]0|[0-9][.][0-9]+[eE][+]?[0-9]{2}|[0-9]e[+][0-9]{2}", told):
        return
    assert duckdb.execute(f"select {id_sql('id')} from (select $told as id)", {"told": told}).fetchone() == (told,)


@pytest.mark.parametrize("column", ["paid", "amount", "GUID", "bid", "ids"])
def test_what_is_named_otherwise_holds_no_ids(column: str) -> None:
    assert not is_id(column)


@pytest.mark.parametrize(("column", "exact", "lost"), [("lead_id", 2.0**24 - 1, 2.0**24), ("amount", 131071.99, 131072.01)])
def test_numbers_of_32_bits_that_had_more_digits_are_refused(tmp_path: Path, column: str, exact: float, lost: float) -> None:
    landing = Landing(tmp_path, {"path": "*.parquet"})
    file = landing.write("a.parquet", b"")
    for value in (exact, lost):
        rest = {"lead_id": ["L1"], "amount": ["1"], "score": pa.array([1e9], pa.float32())}
        pq.write_table(pa.table(rest | {column: pa.array([value], pa.float32())}), file)
        if value == exact:
            assert landing.land().rows == 1
    with pytest.raises(ConfigError, match=rf"column {column} holds \w+ in numbers of 32 bits"):
        landing.land()
