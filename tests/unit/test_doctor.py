"""What the doctor finds, that it names a remedy for each thing wrong, and that it changes nothing and tells no secret."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from onefunnel import doctor
from onefunnel.doctor import Check, examine, is_fit, to_dict
from onefunnel.settings import load_settings

KEY = "canary-0123456789abcdef"
FILES = "connector: files, entities: {leads: {path: leads.csv}}"
DATABASE = "connector: database, url_env: CRM_URL, entities: {leads: {table: leads}}"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A list of one source of files, whose file is there."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "leads.csv").write_text("lead_id,created_at,channel\n1,2026-03-01,blog\n", encoding="utf-8")
    return write_sources(folder, FILES)


def write_sources(folder: Path, connector: str) -> Path:
    path = folder / "sources.yml"
    path.write_text(f"version: 1\nsources:\n  - {{name: crm, system: template, {connector}}}\n", encoding="utf-8")
    return path


def look(sources: Path, home: Path, environment: dict[str, str] | None = None, **settings: object) -> dict[str, Check]:
    chosen = {"hash_key": KEY, **settings}
    return {check.name: check for check in examine(load_settings(home=home, sources=sources, **chosen), environment or {})}


def test_a_healthy_place_is_fit_and_nothing_is_changed(sources, tmp_path):
    home = tmp_path / "home"
    before = sorted(tmp_path.rglob("*"))
    checks = look(sources, home)
    assert is_fit(list(checks.values())), checks
    assert checks["source crm"].found == "files: leads"
    assert sorted(tmp_path.rglob("*")) == before


def test_everything_that_is_not_well_comes_with_a_remedy(sources, tmp_path):
    checks = look(tmp_path / "none.yml", tmp_path / "home", hash_key=None)
    assert all(check.mend for check in checks.values() if check.status != "ok")


def test_a_missing_list_of_sources_fails(tmp_path):
    checks = look(tmp_path / "none.yml", tmp_path / "home")
    assert checks["sources"].status == "failed"
    assert not is_fit(list(checks.values()))


def test_a_missing_file_is_named_with_its_entity(sources, tmp_path):
    (sources.parent / "leads.csv").unlink()
    found = look(sources, tmp_path / "home")["source crm"]
    assert (found.status, "leads.csv" in found.found) == ("failed", True)


def test_a_path_that_the_night_would_refuse_fails_and_an_emptiness_that_is_declared_does_not(sources, tmp_path):
    outside = write_sources(sources.parent, 'connector: files, entities: {leads: {path: "../sources/leads.csv"}}')
    assert "`..` in a path" in look(outside, tmp_path / "home")["source crm"].found
    empty = write_sources(sources.parent, "connector: files, expected: normal_empty, entities: {leads: {path: none.csv}}")
    assert look(empty, tmp_path / "home")["source crm"].status == "ok"


def test_an_unset_secret_is_named_and_a_set_one_is_enough(sources, tmp_path):
    path = write_sources(sources.parent, DATABASE)
    unset = look(path, tmp_path / "home")["source crm"]
    assert (unset.status, unset.found) == ("failed", "not set: CRM_URL")
    assert look(path, tmp_path / "home", {"CRM_URL": "postgresql://x"})["source crm"].status == "ok"


@pytest.mark.slow
def test_a_tap_that_is_not_installed_fails_with_how_to_install_it(sources, tmp_path):
    path = write_sources(sources.parent, "connector: singer, tap: tap-pipedrive, entities: {leads: {stream: deals}}")
    check = look(path, tmp_path / "home")["source crm"]
    assert check.status == "failed"
    assert check.found.startswith("the tap tap-pipedrive is not installed")
    assert 'onefunnel tap add "tap-pipedrive==' in check.mend


def test_without_a_hash_key_it_warns_and_a_short_one_fails(sources, tmp_path):
    assert look(sources, tmp_path / "home", hash_key=None)["hash key"].status == "warning"
    assert look(sources, tmp_path / "home", hash_key="short")["hash key"].status == "failed"


def test_another_key_than_the_landing_was_made_with_fails(sources, tmp_path):
    landing = tmp_path / "home" / "landing"
    landing.mkdir(parents=True)
    (landing / "key.json").write_text(json.dumps({"check": "0" * 64}), encoding="utf-8")
    assert look(sources, tmp_path / "home")["hash key"].status == "failed"


def test_an_alert_url_that_nobody_understands_is_named_by_number_only(sources, tmp_path):
    found = look(sources, tmp_path / "home", alert_urls="json://localhost,nonsense://user:canary-secret@x")["alerts"]
    assert (found.status, "number 2" in found.found, "canary" in found.found) == ("failed", True, False)


def test_a_home_that_cannot_be_written_fails(sources, tmp_path, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", refuse)
    assert look(sources, tmp_path / "home")["home"].status == "failed"


def test_a_nearly_full_disk_fails(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "MIN_FREE_BYTES", 2**60)
    assert look(sources, tmp_path / "home")["disk space"].status == "failed"


def test_a_running_night_is_a_warning_that_says_who(sources, tmp_path):
    from onefunnel.locking import run_lock

    with run_lock(load_settings(home=tmp_path / "home"), purpose="test"):
        found = look(sources, tmp_path / "home")["lock"]
    assert (found.status, "held by process" in found.found) == ("warning", True)
    assert look(sources, tmp_path / "home")["lock"].status == "ok"


def test_a_publication_that_cannot_be_read_fails(sources, tmp_path):
    published = tmp_path / "home" / "published"
    published.mkdir(parents=True)
    (published / "current.duckdb").write_bytes(b"no database")
    assert look(sources, tmp_path / "home")["publication"].status == "failed"
    (published / "current.duckdb").unlink()
    duckdb.connect(str(published / "current.duckdb")).close()
    assert look(sources, tmp_path / "home")["publication"].status == "failed"


def test_an_airflow_that_reads_other_dags_or_calls_home_is_a_warning(sources, tmp_path):
    checks = look(sources, tmp_path / "home", {"AIRFLOW_HOME": "/elsewhere"})
    assert (checks["airflow"].status, checks["telemetry"].status) == ("warning", "warning")
    dags = str(doctor.project_root() / "dags")
    quiet = {"AIRFLOW_HOME": "/x", "AIRFLOW__CORE__DAGS_FOLDER": dags, "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False"}
    checks = look(sources, tmp_path / "home", quiet)
    assert (checks["airflow"].status, checks["telemetry"].status) == ("ok", "ok")


def test_a_package_out_of_bounds_fails_and_an_untried_one_warns(sources, tmp_path, monkeypatch):
    real = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: "0.1" if name == "dbt-core" else real(name))
    checks = look(sources, tmp_path / "home")
    assert (checks["packages"].status, "dbt-core 0.1" in checks["packages"].found) == ("failed", True)
    assert (checks["pins"].status, "dbt-core 0.1" in checks["pins"].found) == ("warning", True)


def test_another_python_fails(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "SUPPORTED", ((3, 8), (3, 9)))
    assert look(sources, tmp_path / "home")["python"].status == "failed"


def test_a_check_that_cannot_be_made_counts_as_failed(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_lock", lambda settings: 1 / 0)
    assert look(sources, tmp_path / "home")["lock"].status == "failed"


def test_the_command_prints_json_without_secrets_and_its_exit_code_is_the_verdict(sources, tmp_path, run_cli, hash_key):
    fit = run_cli("doctor", "--sources", sources, "--home", tmp_path / "home", "--json")
    content = json.loads(fit.stdout)
    assert content["ok"] is True
    assert hash_key not in fit.stdout
    assert to_dict([])["ok"] is True
    unfit = run_cli("doctor", "--sources", tmp_path / "none.yml", "--home", tmp_path / "home", code=1)
    assert "A night cannot run" in unfit.stdout
