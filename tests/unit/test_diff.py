"""A difference is what a full comparison by pandas finds, no more and no less."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from onefunnel.diff import Diff, KpiCell, MartDiff, compare
from onefunnel.diff_text import text_of
from onefunnel.errors import LockHeld, OnefunnelError
from onefunnel.grain import grains
from onefunnel.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
KEY = ["month", "kpi", "channel_key"]
THEN = pd.DataFrame(
    [
        (date(2026, 1, 1), "leads", "all", 10.0, "x"),
        (date(2026, 1, 1), "leads", "seo", 4.0, None),
        (date(2026, 1, 1), "cpl", "all", None, "x"),
        (date(2026, 2, 1), "leads", "all", 0.0, "x"),
        (date(2026, 2, 1), "cpl", "all", 7.5, "x"),
    ],
    columns=[*KEY, "value", "remark"],
)


def write(folder: Path, name: str, frame: pd.DataFrame, mart: str = "mart_kpi_monthly") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / name)) as db:
        db.register("given", frame)
        db.execute(f"create schema if not exists marts; create or replace table marts.{mart} as from given")
    return folder / name


def changed(folder: Path, now: pd.DataFrame, then: pd.DataFrame = THEN) -> Diff:
    return compare(write(folder, "before.duckdb", then), write(folder, "warehouse.duckdb", now))


def test_equal_files_have_no_difference(tmp_path: Path) -> None:
    result = changed(tmp_path, THEN.sample(frac=1, random_state=1))
    assert result.is_equal
    assert "Nothing" in text_of(result, Sandbox("ann", tmp_path, "", "2026-03-31"), 20)


def test_rows_cells_and_columns_are_those_of_a_full_comparison(tmp_path: Path) -> None:
    now = THEN.copy()
    now.loc[0, "value"] = 5.0  # halved
    now.loc[2, "value"] = 3.0  # from nothing
    now.loc[1, "remark"] = "y"  # no figure, but a change
    now = pd.concat([now.drop(index=4), pd.DataFrame([(date(2026, 3, 1), "leads", "all", 1.0, "x")], columns=THEN.columns)])
    result = changed(tmp_path, now)
    both = THEN.merge(now, on=KEY, how="outer", suffixes=("_then", "_now"), indicator=True)
    differs = (both._merge != "both") | ~((both.value_then == both.value_now) | (both.value_then.isna() & both.value_now.isna()))
    wanted = {(row.kpi, f"{row.month:%Y-%m}", row.channel_key) for row in both[differs].itertuples()}
    assert {(cell.kpi, cell.month, cell.channel_key) for cell in result.cells} == wanted
    (mart,) = result.marts
    assert (mart.rows, mart.added, mart.gone, mart.changed, mart.columns) == (5, 1, 1, 3, {"value": 2, "remark": 1})


def test_the_largest_change_in_proportion_is_first(tmp_path: Path) -> None:
    now = THEN.copy()
    now["value"] = [9.0, 1.0, None, 0.0, 8.0]
    assert [(cell.kpi, cell.channel_key, cell.then, cell.now) for cell in changed(tmp_path, now).cells] == [
        ("leads", "seo", 4.0, 1.0),
        ("leads", "all", 10.0, 9.0),
        ("cpl", "all", 7.5, 8.0),
    ]


def test_a_column_and_a_mart_that_come_or_go_are_told(tmp_path: Path) -> None:
    write(tmp_path, "before.duckdb", THEN, "mart_old")
    result = changed(tmp_path, THEN.rename(columns={"remark": "note"}))
    told = {mart.name: mart for mart in result.marts}
    assert told["mart_old"].note == "the mart is gone"
    assert (told["mart_kpi_monthly"].columns_added, told["mart_kpi_monthly"].columns_gone) == (("note",), ("remark",))
    assert not result.is_equal


def test_a_key_that_is_broken_does_not_multiply_rows(tmp_path: Path) -> None:
    (mart,) = changed(tmp_path, pd.concat([THEN, THEN.head(1)])).marts
    assert (mart.rows, mart.added, mart.gone, mart.changed) == (6, 1, 0, 0)
    assert "not unique" in mart.note


def test_the_moment_of_a_publication_is_no_difference(tmp_path: Path) -> None:
    then, now = THEN.assign(version="a"), THEN.assign(version="b")
    assert changed(tmp_path, now, then).is_equal


def test_every_mart_has_a_grain() -> None:
    known = grains(ROOT / "models" / "marts")
    assert {path.stem for path in (ROOT / "models/marts").glob("mart_*.sql")} == set(known)
    assert known["mart_kpi_monthly"] == tuple(KEY)


def test_the_text_is_a_table_with_then_and_now(tmp_path: Path) -> None:
    cells = (KpiCell("leads", "2026-01", "all", 10.0, 5.0), KpiCell("cpl", "2026-01", "all", None, 3.25))
    marts = (MartDiff("mart_kpi_monthly", 5, 0, 0, 2, {"value": 2}),)
    text = text_of(Diff(marts, cells), Sandbox("ann", tmp_path, "", "2026-03-31"), 1)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "| `leads` | 2026-01 | all | 10 | 5 | -50.0% |" in lines
    assert "1 of 2 figures that changed" in text


def test_a_sandbox_that_is_being_built_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    build = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", build, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "open\n"
        with pytest.raises(LockHeld, match="being built"):
            compare(file, file)
        builder.communicate()


def test_a_damaged_sandbox_is_not_said_to_be_built(tmp_path: Path) -> None:
    """DuckDB's words for damage name a block, in which there is a lock."""
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create table t as from range(100000)")
    content = bytearray(file.read_bytes())
    content[4096:8192] = bytes(4096)
    file.write_bytes(content)
    with pytest.raises(OnefunnelError, match="cannot be read") as error:
        compare(file, file)
    assert not isinstance(error.value, LockHeld)
