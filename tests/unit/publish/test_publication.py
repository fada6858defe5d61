"""The flip: what it refuses, what it leaves, and the way back."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from small_home import FAILED, build_warehouse, passing_gate, publish_number, shown_numbers

from onefunnel.cli.publish import status as show_status
from onefunnel.durable import sha256_of
from onefunnel.errors import GateBlocked, OnefunnelError
from onefunnel.publish.candidate import Candidate, make_candidate
from onefunnel.publish.comments import comments_of
from onefunnel.publish.forget import forget
from onefunnel.publish.manifest import current_manifest, current_version, earlier_publication, retained, version_file, version_manifest_file
from onefunnel.publish.publication import heal, publish, rollback
from onefunnel.publish.status import status
from onefunnel.quality.result import GateResult, unproven
from onefunnel.settings import Settings

AS_OF = date(2026, 3, 31)


@pytest.fixture
def candidate(settings: Settings) -> Candidate:
    publish_number(settings, 1, date(2026, 3, 30))
    build_warehouse(settings, 2)
    return make_candidate(settings, None, AS_OF, "run")


def test_readers_see_the_new_version_read_only(settings: Settings, candidate: Candidate) -> None:
    result = publish(candidate, passing_gate(candidate), settings)
    assert shown_numbers(settings.paths.current) == {2.0}
    assert current_version(settings) == result.version == candidate.version
    assert stat.S_IMODE(result.path.stat().st_mode) == 0o444
    assert not candidate.path.exists()


def test_the_manifest_states_rows_contents_and_parent(settings: Settings, candidate: Candidate) -> None:
    result = publish(candidate, passing_gate(candidate), settings)
    manifest = json.loads(settings.paths.manifest.read_text())
    assert manifest["version"] == result.version
    assert manifest["parent"] == result.previous == candidate.parent
    assert manifest["tables"]["marts.mart_kpi_monthly"]["rows"] == 50
    assert manifest["data_through"] == {"demo": "2026-03-31"}
    of_payments = {"source": "demo", "entity": "payments", "rule": "missing_rate"}
    assert manifest["excluded"] == [of_payments | {"rows": 3, "money_base": "21.00", "unvalued": "1,234,567.50 GBP"}]


def test_the_parquet_export_follows(settings: Settings, candidate: Candidate) -> None:
    publish(candidate, passing_gate(candidate), settings)
    exported = settings.paths.published / "parquet" / "current" / "marts" / "mart_kpi_monthly.parquet"
    assert duckdb.sql(f"select count(*), min(value) from '{exported}'").fetchone() == (50, 2.0)


def test_dimensions_are_exported_always_and_facts_when_asked_for(settings: Settings) -> None:
    def exported() -> set[str]:
        folder = settings.paths.published / "parquet" / "current"
        return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}

    publish_number(settings, 1)
    assert {path for path in exported() if path.startswith("facts/")} == {"facts/dim_channel.parquet"}
    labels = settings.paths.published / "parquet/current/facts/dim_channel.parquet"
    assert duckdb.sql(f"select distinct label_en, label_ru from '{labels}'").fetchall() == [("Channel 1", "Канал 1")]
    publish_number(settings.model_copy(update={"publish_facts": True}), 2)
    assert {"facts/fct_payment.parquet", "facts/fct_quarantine.parquet", "facts/dim_channel.parquet"} < exported()
    payments = settings.paths.published / "parquet/current/facts/fct_payment.parquet"
    assert duckdb.sql(f"from '{payments}'").columns == ["payment_key", "amount_base"]
    rollback(settings)
    assert duckdb.sql(f"select distinct label_en from '{labels}'").fetchall() == [("Channel 1",)]


@pytest.mark.slow
def test_tables_and_columns_are_described_as_the_yaml_does_and_stay_so(settings: Settings) -> None:
    """dbt's manifest holds the descriptions; an erase request writes the file anew."""
    described = {"schema": "facts", "name": "dim_channel", "resource_type": "model", "description": "It's one row per channel."}
    columns = {"label_en": {"description": "Label in English."}, "gone": {"description": "No such column."}}
    settings.paths.target.mkdir(parents=True)
    (settings.paths.target / "manifest.json").write_text(json.dumps({"nodes": {"model.dim_channel": {**described, "columns": columns}}}))

    def told() -> set[tuple[str | None, str]]:
        with duckdb.connect(str(settings.paths.current), read_only=True) as db:
            return {(column, text) for *_, column, text in comments_of(db, db.execute("select current_database()").fetchone()[0])}

    publish_number(settings, 1)
    assert told() == {(None, "It's one row per channel."), ("label_en", "Label in English.")}
    before = sha256_of(settings.paths.current)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create table marts.mart_customer_value as select 'demo:c77' as client_key")
    candidate = make_candidate(settings, None, date(2026, 3, 31), "run")
    publish(candidate, passing_gate(candidate), settings)
    settings.paths.landing.mkdir()
    forget(settings, "c77")
    assert sha256_of(settings.paths.current) != before
    assert told() == {(None, "It's one row per channel."), ("label_en", "Label in English.")}


@pytest.mark.parametrize(
    "gate",
    [
        GateResult("candidate", "run", (FAILED,)),
        GateResult("candidate", "run", ()),
        unproven("candidate", "run", "it crashed"),
        GateResult("candidate", "run", (replace(FAILED, severity="warn", outcome="not_evaluated"),)),
    ],
    ids=["failed", "empty suite", "crashed", "not evaluated"],
)
def test_a_gate_that_did_not_pass_keeps_the_old_version(settings: Settings, candidate: Candidate, gate: GateResult) -> None:
    of_this_file = replace(gate, subject=str(candidate.path), sha256=sha256_of(candidate.path))
    with pytest.raises(GateBlocked, match="the gate forbids publication"):
        publish(candidate, of_this_file, settings)
    assert shown_numbers(settings.paths.current) == {1.0}


def test_a_file_changed_after_its_gate_is_refused(settings: Settings, candidate: Candidate) -> None:
    gate = passing_gate(candidate)
    with duckdb.connect(str(candidate.path)) as db:
        db.execute("update marts.mart_kpi_monthly set value = 99")
    with pytest.raises(GateBlocked, match="not the one that the gate checked"):
        publish(candidate, gate, settings)
    assert shown_numbers(settings.paths.current) == {1.0}


@pytest.mark.parametrize("place", ["candidate", "current"])
def test_a_stray_wal_is_found_before_the_flip(settings: Settings, candidate: Candidate, place: str) -> None:
    beside = candidate.path if place == "candidate" else settings.paths.current
    Path(f"{beside}.wal").write_bytes(b"stray")
    with pytest.raises(OnefunnelError, match="WAL"):
        publish(candidate, passing_gate(candidate), settings)
    assert current_version(settings) == candidate.parent


def test_a_candidate_built_against_another_version_is_refused(settings: Settings, candidate: Candidate) -> None:
    kept = candidate.path.read_bytes()
    publish_number(settings, 3)
    candidate.path.write_bytes(kept)
    with pytest.raises(GateBlocked, match="BI moved on"):
        publish(candidate, passing_gate(candidate), settings)
    assert shown_numbers(settings.paths.current) == {3.0}


@pytest.mark.slow
def test_an_older_day_never_replaces_a_newer_one_unless_forced(settings: Settings) -> None:
    publish_number(settings, 5, AS_OF)
    with pytest.raises(GateBlocked, match="already shows data up to 2026-03-31"):
        publish_number(settings, 4, date(2026, 3, 1))
    assert shown_numbers(settings.paths.current) == {5.0}
    publish_number(settings, 4, date(2026, 3, 1), force=True)
    assert shown_numbers(settings.paths.current) == {4.0}


@pytest.mark.slow
def test_retention_keeps_the_newest_and_what_bi_shows(settings: Settings) -> None:
    versions = [publish_number(settings, number, date(2026, 3, number)).version for number in range(1, 8)]
    assert [manifest.version for manifest in retained(settings)] == versions[:-4:-1]
    left = {path.name for path in settings.paths.versions.iterdir()}
    assert left == {f"{version}{ending}" for version in versions[-3:] for ending in (".duckdb", ".json")}
    assert {path.name for path in (settings.paths.published / "parquet").iterdir()} == {*versions[-3:], "current"}


@pytest.mark.slow
def test_retention_keeps_the_last_publication_of_an_earlier_day(settings: Settings) -> None:
    earlier = publish_number(settings, 1, date(2026, 3, 30)).version
    for number in range(2, 8):
        publish_number(settings, number)
    assert earlier in {manifest.version for manifest in retained(settings)}


def test_rollback_is_the_same_flip(settings: Settings) -> None:
    first, second = publish_number(settings, 1).version, publish_number(settings, 2).version
    assert rollback(settings).version == first
    assert shown_numbers(settings.paths.current) == {1.0}
    assert json.loads(settings.paths.manifest.read_text())["rolled_back_from"] == second
    assert rollback(settings, second).version == second
    assert shown_numbers(settings.paths.current) == {2.0}


def test_rollback_refuses_what_is_not_there_or_damaged(settings: Settings) -> None:
    first, second = publish_number(settings, 1).version, publish_number(settings, 2).version
    with pytest.raises(OnefunnelError, match="no version 2020"):
        rollback(settings, "2020")
    path = version_file(settings, first)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-4096])
    with pytest.raises(OnefunnelError, match="damaged"):
        rollback(settings, first)
    assert current_version(settings) == second


def test_a_night_after_a_rollback_goes_on_from_what_bi_shows(settings: Settings) -> None:
    first = publish_number(settings, 1).version
    publish_number(settings, 2)
    rollback(settings)
    third = publish_number(settings, 3)
    assert third.previous == first
    assert shown_numbers(settings.paths.current) == {3.0}


def test_the_manifest_is_repaired_after_a_kill_behind_the_flip(settings: Settings) -> None:
    first = publish_number(settings, 1)
    before = settings.paths.manifest.read_text()
    second = publish_number(settings, 2)
    settings.paths.manifest.write_text(before)
    (problem,) = status(settings).problems
    assert first.version in problem
    assert second.version in problem
    assert heal(settings)
    assert json.loads(settings.paths.manifest.read_text())["version"] == second.version
    assert not status(settings).problems


def test_status_says_what_bi_sees_and_why(settings: Settings) -> None:
    assert status(settings).sentence == "BI shows nothing yet"
    publish_number(settings, 1)
    state = status(settings)
    assert state.sentence == f"BI shows version {state.version}, data through 2026-03-31"
    assert state.excluded[0]["rule"] == "missing_rate"
    assert not state.problems


def test_status_tells_a_changed_version(settings: Settings) -> None:
    result = publish_number(settings, 1)
    result.path.chmod(0o644)
    with duckdb.connect(str(result.path)) as db:
        db.execute("update marts.mart_kpi_monthly set value = 99")
    assert any("bytes changed" in problem for problem in status(settings).problems)


def test_versions_that_name_each_other_as_parents_end_the_search(settings: Settings, candidate: Candidate) -> None:
    publish(candidate, passing_gate(candidate), settings)
    shown = current_manifest(settings)
    for path in (settings.paths.manifest, version_manifest_file(settings, shown.version)):
        replace(shown, parent=shown.version).save(path)
    assert earlier_publication(settings, shown.as_of_date).as_of == "2026-03-30"


def test_status_says_which_money_no_rate_values(settings: Settings, candidate: Candidate, capsys: pytest.CaptureFixture[str]) -> None:
    publish(candidate, passing_gate(candidate), settings)
    show_status(settings.paths.home)
    assert "3 rows, 21.00 in base currency, and 1,234,567.50 GBP that no rate values" in capsys.readouterr().out
