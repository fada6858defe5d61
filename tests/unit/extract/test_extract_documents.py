"""Parquet, JSON lines and JSON: values as text, numbers digit by digit, broken lines set aside."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError, OnefunnelError


@pytest.fixture
def jsonl(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.jsonl"})


def test_json_lines_keep_every_digit(jsonl: Landing) -> None:
    jsonl.write(
        "a.jsonl",
        '{"id": 5805028000056864695, "big": 12345678901234567890123, "x": {"k": [1]}, "t": true, "n": null}\n{"id": "007", "new": 1}\n',
    )
    manifest = jsonl.land()
    assert manifest.columns == ("big", "id", "n", "t", "x", "new") or manifest.columns[:1] == ("id",)
    assert jsonl.rows("id", "big", "x", "t", "n", "new") == [
        ("5805028000056864695", "12345678901234567890123", '{"k":[1]}', "true", None, None),
        ("007", None, None, None, None, "1"),
    ]


def test_broken_lines_are_rejected(jsonl: Landing) -> None:
    jsonl.write("a.jsonl", b'{"a": 1}\n{"a": \n[1]\n{"a": "x\\u0000y"}\n{"a": "\xff"}\n\n{"a": "\\"quoted\\", and\\nmore"}\n')
    jsonl.land()
    assert jsonl.rows() == [("1",), ('"quoted", and\nmore',)]
    assert [(row, rule) for _, row, rule in jsonl.rejected()] == [
        (2, "invalid_json"),
        (3, "not_an_object"),
        (4, "nul_byte"),
        (5, "undecodable_bytes"),
    ]


def test_a_name_that_comes_twice_in_one_object_sets_it_aside(tmp_path: Path, jsonl: Landing) -> None:
    objects = '{"a": 1, "a": 2}', '{"a": 3, "b": {"c": 1, "c": 1}}'
    jsonl.write("a.jsonl", "\n".join(objects))
    jsonl.land()
    array = Landing(tmp_path / "array", {"path": "*.json"})
    array.write("a.json", f"[{', '.join(objects)}]")
    array.land()
    for landing in (jsonl, array):
        assert landing.rows("a") == [("3",)]
        assert [(row, rule) for _, row, rule in landing.rejected()] == [(1, "repeated_key")]


def test_an_empty_list_is_no_rows_where_that_is_normal(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.json"}, {"expected": "normal_empty"}, system="template", entity="payments")
    landing.write("a.json", " [] ")
    assert landing.land().rows == 0


def test_hostile_keys_stay_names(jsonl: Landing) -> None:
    jsonl.write("a.jsonl", '{"a/b~c": 1, "x\'); drop": 2, "q\\"u": 3}\n')
    jsonl.land()
    assert jsonl.rows("a/b~c", "x'); drop") == [("1", "2")]


def test_a_json_array_is_read_like_lines(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", '{"meta": 1, "items": [{"id": 5805028000056864695, "amount": 10.10}, {"id": 2}]}')
    landing.land()
    assert landing.rows("id", "amount") == [("5805028000056864695", "10.10"), ("2", None)]


@pytest.mark.parametrize("content", ['[{"id": 1}', "7", '{"a": [1], "b": [2]}'])
def test_json_that_is_no_list_is_refused(tmp_path: Path, content: str) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", content)
    with pytest.raises(OnefunnelError):
        landing.land()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"rows": [{"id": 1}], "rows": [{"id": 2}]}', "one of these names twice: rows"),
        ('{"data": {"rows": [{"id": 1}], "rows": [{"id": 2}]}, "rows": [{"id": 3}]}', "more than one list of objects: data.rows, rows"),
        ('{"rows": [{"id": 1}], "page": {"next": "x", "next": null}}', "one of these names twice: next"),
        ('{"data": {"payments": [{"id": 1}]}, "included": [{"id": 2}]}', "more than one list of objects: data.payments, included"),
        ('{"a": {"b": {"payments": [{"id": 1}]}}, "included": [{"id": 2}]}', "objects: a.b.payments, included"),
        ('{"data": {"payments": [{"id": 1}]}, "included": []}', "its list of objects: data.payments"),
        ('{"data": [{"id": 1}], "errors": [{"code": 7}]}', "more than one list of objects: data, errors"),
        ('[[1, "x"], [2, "y"]]', "list of lists"),
        ('{"rows": [["id"], [2]]}', "list of lists"),
        ('{"id": 1}\n{"id": 2}\n', "format: jsonl"),
    ],
)
def test_a_list_that_may_not_be_all_that_is_meant_is_refused(tmp_path: Path, content: str, says: str) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", content)
    with pytest.raises(OnefunnelError) as error:
        landing.land()
    assert says in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize(
    "around",
    [
        '"errors": [], "warnings": [], "included": []',
        '"ids": [1, 2], "tags": ["x"]',
        '"schema": {"fields": [{"name": "id", "type": "integer"}], "primaryKey": ["id"]}, "meta": {"sources": [{"name": "x"}]}',
        '"data": {"items": []}, "query": {"sort": [{"by": "id"}]}',
    ],
)
def test_the_only_list_of_objects_is_read_whatever_stands_beside_it(tmp_path: Path, around: str) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", f'{{"rows": [{{"id": 1, "lines": [{{"n": 1}}]}}, {{"id": 2}}], {around}}}')
    assert not landing.land().warnings
    assert landing.rows("id") == [("1",), ("2",)]


def test_parquet_becomes_text(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.parquet"})
    path = landing.write("a.parquet", b"")
    duckdb.sql(
        "select 5805028000056864695 as id, 10.50::decimal(9,2) as amount, timestamptz '2024-06-01 10:00:00+02' as at, "
        "date '2024-06-01' as day, '\\xAA\\x01'::blob as raw, [1, 2] as list, 'Facebook' as Source"
    ).write_parquet(str(path))
    landing.land()
    assert landing.rows("id", "amount", "at", "day", "raw", "list", "Source") == [
        ("5805028000056864695", "10.50", "2024-06-01 08:00:00.000000+00:00", "2024-06-01", "AA01", "[1, 2]", "Facebook")
    ]


def test_int96_of_spark_is_a_moment(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.parquet"})
    written = io.BytesIO()
    table = pa.table({"id": [1], "at": [datetime(2026, 1, 31, 23, 30)], "plain": [datetime(2026, 1, 31, 23, 30)]})
    pq.write_table(table, written, use_deprecated_int96_timestamps=True)
    landing.write("a.parquet", written.getvalue())
    warnings = landing.land().warnings
    assert landing.rows() == [("1", "2026-01-31 23:30:00.000000+00:00", "2026-01-31 23:30:00.000000+00:00")]
    assert any("INT96" in said and "at, plain" in said for said in warnings)


def test_a_damaged_parquet_is_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.parquet"})
    path = landing.write("a.parquet", b"")
    duckdb.sql("select range as id from range(1000)").write_parquet(str(path))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(OnefunnelError, match="cannot be read"):
        landing.land()


def test_a_parquet_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onefunnel.extract.documents.MAX_UNPACKED_BYTES", 1000)
    landing = Landing(tmp_path, {"path": "*.parquet"})
    path = landing.write("a.parquet", b"")
    duckdb.sql("select range as id from range(10000)").write_parquet(str(path))
    with pytest.raises(OnefunnelError, match="unpacks to more"):
        landing.land()


def test_an_unknown_suffix_is_refused_unless_declared(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.dat"})
    landing.write("a.dat", "id\n1\n")
    with pytest.raises(ConfigError, match="format"):
        landing.land()
    landing.options["format"] = "csv"
    landing.land()
    assert landing.rows() == [("1",)]


@pytest.mark.parametrize(
    ("suffix", "todo"),
    [
        *((each, "unpack it") for each in ("zip", "csv.gz", "rar", "7z")),
        *((each, "save it as .xlsx or .csv") for each in ("xls", "XLS", "ods", "numbers", "xlsb")),
        ("pdf", "export its table"),
    ],
)
def test_of_a_file_that_is_not_read_it_is_told_what_to_do(tmp_path: Path, suffix: str, todo: str) -> None:
    landing = Landing(tmp_path, {"path": "a.*"})
    landing.write(f"a.{suffix}", "id\n1\n")
    with pytest.raises(ConfigError, match="the file is not read") as error:
        landing.land()
    assert error.value.hint.startswith(todo)


def _parquet(columns: list[tuple[str, pa.Array]]) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([array for _, array in columns], names=[name for name, _ in columns]), target)
    return target.getvalue()


def test_texts_that_a_writer_calls_binary_are_texts(tmp_path: Path) -> None:
    """Hive and Impala: as hexadecimal, 1000 would be the number 31303030."""
    landing = Landing(tmp_path, {"path": "*.parquet"})
    amounts = pa.array([b"1000", "12\u00a0руб.".encode(), b"\x00\xffid"], pa.binary())
    landing.write("a.parquet", _parquet([("id", pa.array([1, 2, 3])), ("amount", amounts), ("nested", pa.array([{"id": 1}] * 3))]))
    landing.land()
    assert landing.rows("amount") == [("1000",), ("12\u00a0руб.",), ("00FF6964",)]


def test_parquet_that_would_be_read_as_something_else_is_refused(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.parquet"}, system="template", entity="holidays")
    day = pa.array(["2026-01-01"])
    landing.write("a.parquet", _parquet([("date", day), ("note", pa.array([Decimal("1.5")], pa.decimal256(50, 10)))]))
    with pytest.raises(OnefunnelError, match="'note' is a decimal of 50 digits"):
        landing.land()
    landing.write("a.parquet", _parquet([("date", day), ("date", day)]))
    with pytest.raises(OnefunnelError, match="'date' occurs twice"):
        landing.land()
