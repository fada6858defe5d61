"""When a build goes on from the last one, and when it must be full."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from onefunnel.landing import changes
from onefunnel.landing.changes import BuildPlan, FileKey, fingerprint, mark_built, plan_build

DAY, MIDNIGHT = date(2026, 3, 1), datetime(2026, 3, 2)
LEADS: FileKey = ("template", "leads", "crm", "load-1", "leads-1.csv", "aa")
MORE: FileKey = ("template", "leads", "crm", "load-2", "leads-2.csv", "bb")
RATES: FileKey = ("template", "fx_rates", "bank", "load-1", "rates.csv", "cc")
HOLIDAYS: FileKey = ("template", "holidays", "hr", "load-1", "holidays.csv", "dd")


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse that was built as of DAY from LEADS and RATES."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute("create schema landing; create schema intermediate")
        rate = "'USD' as currency, date '2026-03-01' as rate_date, 0.9 as rate_to_base"
        db.execute(f"create table intermediate.int_fx_rates as select {rate}")
        db.execute("create table intermediate.int_touched as select 'crm:1' as touched_key")
        plan_build(db, frozenset(), DAY, "code", full_refresh=False)
        db.execute(
            "create table landing.pipeline_run as select ?::date as as_of, ?::timestamp as as_of_end_at, 4 as build_number, "
            "null::integer as built_through, null::timestamp as built_until",
            [DAY, MIDNIGHT],
        )
    mark_built(path, frozenset({LEADS, RATES}), "code")
    return path


def plan(warehouse: Path, *files: FileKey, as_of: date = DAY, code: str = "code", full_refresh: bool = False) -> BuildPlan:
    with duckdb.connect(str(warehouse)) as db:
        return plan_build(db, frozenset(files), as_of, code, full_refresh=full_refresh)


def test_a_build_goes_on_from_the_last_whole_one(warehouse: Path) -> None:
    found = plan(warehouse, LEADS, RATES, MORE, as_of=date(2026, 3, 2))
    assert (found.build_number, found.built_through, found.built_until) == (6, 4, MIDNIGHT)
    assert found.new_files == {MORE}
    assert found.sentence() == "going on from build 4: 1 new file(s)"


def test_the_same_again_finds_nothing_new(warehouse: Path) -> None:
    assert plan(warehouse, LEADS, RATES).sentence() == "going on from build 4: 0 new file(s)"


def test_what_broke_off_is_not_gone_on_from(warehouse: Path) -> None:
    plan(warehouse, LEADS, RATES, MORE)
    assert plan(warehouse, LEADS, RATES, MORE).sentence().startswith("full build: no build to go on from")


def test_rates_are_read_whole_and_may_be_replaced(warehouse: Path) -> None:
    assert plan(warehouse, LEADS, (*RATES[:-1], "other bytes")).built_through == 4


@pytest.mark.parametrize(
    ("files", "changes", "reason"),
    [
        ((LEADS, RATES), {"full_refresh": True}, "asked for"),
        ((LEADS, RATES), {"code": "other"}, "models, seeds or settings have changed"),
        ((LEADS, RATES), {"as_of": date(2026, 2, 28)}, "the last build knew a later day, 2026-03-01"),
        ((MORE, RATES), {}, "1 file(s) that were built from are replaced, for example leads-1.csv of source crm"),
        (((*LEADS[:-1], "other bytes"), RATES), {}, "1 file(s) that were built from are replaced, for example leads-1.csv of source crm"),
        ((LEADS, RATES, HOLIDAYS), {}, "holidays have changed, and with them all working time"),
    ],
)
def test_what_makes_a_build_full(warehouse: Path, files: tuple[FileKey, ...], changes: dict, reason: str) -> None:
    found = plan(warehouse, *files, **changes)
    assert (found.built_through, found.sentence()) == (None, f"full build: {reason}")


def test_without_a_whole_build_everything_is_built(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "new.duckdb")) as db:
        db.execute("create schema landing")
    assert plan(tmp_path / "new.duckdb", LEADS) == BuildPlan(1, reason="no build to go on from, that ended well and was left alone")


def test_the_fingerprint_follows_both_endings_of_yaml_and_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    prints = {fingerprint([], tmp_path)}
    (tmp_path / "models" / "marts.yaml").write_text("version: 2")
    prints.add(fingerprint([], tmp_path))
    monkeypatch.setattr(changes, "version", lambda name: "99.0")
    prints.add(fingerprint([], tmp_path))
    assert len(prints) == 3


def test_the_fingerprint_follows_models_seeds_macros_and_settings(tmp_path: Path) -> None:
    for folder in ("models", "seeds", "dbt_project"):
        (tmp_path / folder).mkdir()
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    (tmp_path / "dbt_project.yml").write_text("name: a")
    prints = [fingerprint(["UTC"], tmp_path), fingerprint(["Europe/Berlin"], tmp_path)]
    model.write_text("select 2")
    prints.append(fingerprint(["UTC"], tmp_path))
    (tmp_path / "seeds" / "b.csv").write_text("a,b")
    prints.append(fingerprint(["UTC"], tmp_path))
    (tmp_path / "models" / "notes.txt").write_text("not a model")
    assert len(set(prints)) == 4
    assert fingerprint(["UTC"], tmp_path) == prints[-1]
