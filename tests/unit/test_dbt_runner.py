"""How dbt is run: without secrets, with its outcome told per node."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from onefunnel import dbt
from onefunnel.config import load_config
from onefunnel.dbt import BuildError, _seed_hint, build, child_environment, command, newest_as_of, prewarmed, read_results
from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root
from onefunnel.settings import Settings


@pytest.fixture
def night(tmp_path: Path) -> tuple:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,channel\n1,2024-06-01,seo\n")
    source = {"name": "one", "system": "template", "connector": "files", "entities": {"leads": {"path": "leads.csv"}}}
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": [source]}))
    return load_config(path), Settings(home=tmp_path / "home")


def fake_dbt(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Stand a small program in dbt's place, to see what reaches it and how its end is told."""
    monkeypatch.setattr(dbt, "PROGRAM", (sys.executable, "-c", script))
    monkeypatch.setattr(dbt, "mark_built", lambda *arguments: None)


RESULTS = {
    "results": [
        {"unique_id": "model.onefunnel.stg_a", "status": "success", "execution_time": 0.25, "failures": None, "message": "OK"},
        {"unique_id": "test.onefunnel.assert_b.1a2b", "status": "fail", "execution_time": 0.1, "failures": 3, "message": "Got 3 results"},
        {
            "unique_id": "model.onefunnel.mart_c",
            "status": "error",
            "execution_time": 0.1,
            "failures": None,
            "message": "Binder Error: canary-url",
        },
        {"unique_id": "test.onefunnel.warned.9f", "status": "warn", "execution_time": 0.1, "failures": 1, "message": "Got 1 result"},
    ]
}
WRITE = (
    f"import json, os, pathlib, sys; pathlib.Path(os.environ['DBT_TARGET_PATH'], 'run_results.json').write_text({json.dumps(RESULTS)!r}); "
)


def test_secrets_do_not_reach_dbt(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = night[1]
    for name in ("ONEFUNNEL_HASH_KEY", "ONEFUNNEL_ALERT_URLS", "CRM_DATABASE_URL", "AIRFLOW_CONN_CRM"):
        monkeypatch.setenv(name, "canary-0123456789")
    monkeypatch.setenv("PLAIN", "kept")
    environment = child_environment(settings, ["CRM_DATABASE_URL"])
    assert "canary-0123456789" not in environment.values()
    assert (environment["PLAIN"], environment["ONEFUNNEL_HOME"]) == ("kept", str(settings.paths.home))
    assert environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def test_the_command_line() -> None:
    assert command(False, None, ["template", "zoho"])[:3] == ["build", "--exclude-resource-type", "unit_test"]
    assert command(True, "a+ b", ["zoho"])[-4:] == ["--full-refresh", "--select", "a+", "b"]


def test_a_night_builds_the_staging_of_its_own_systems_only() -> None:
    assert "fqn:onefunnel.staging.zoho" in command(False, None, ["template"])
    assert "fqn:onefunnel.staging.zoho" not in command(False, None, ["template", "zoho"])
    assert "fqn:onefunnel.staging.template" not in command(False, None, ["zoho"])


def test_results_are_told_per_node(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dbt(monkeypatch, WRITE)
    result = build(*night, date(2024, 6, 1))
    assert [(node.kind, node.name, node.status, node.failures) for node in result.nodes][:2] == [
        ("model", "stg_a", "success", 0),
        ("test", "assert_b", "fail", 3),
    ]
    assert result.counts == {"success": 1, "fail": 1, "error": 1, "warn": 1}
    assert result.summary()["warnings"] == ["warned: Got 1 result"]
    assert result.slowest[0].name == "stg_a"
    assert json.dumps(result.summary())


def test_a_failure_names_its_node_and_shows_no_secret(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEFUNNEL_ALERT_URLS", "canary-url")
    fake_dbt(monkeypatch, WRITE + "sys.exit(1)")
    with pytest.raises(BuildError) as error:
        build(*night, date(2024, 6, 1))
    assert error.value.message == "model mart_c failed: Binder Error: ***; 1 more failed"
    assert "--select mart_c" in error.value.hint
    assert len(error.value.result.nodes) == 4


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("relationships_channel_mapping_channel_key__channel_key__ref_channels_", "every channel_key must be one of seeds/channels.csv"),
        ("relationships_stage_mapping_stage_key__stage_key__ref_funnel_stages_", "every stage_key must be one of seeds/funnel_stages.csv"),
        ("unique_combination_reason_mapping_source_system__source_value", "seeds/reason_mapping.csv says one value twice"),
        ("primary_key_mart_publication_as_of", ""),
    ],
)
def test_a_wrong_line_of_a_mapping_seed_is_told_by_its_file(name: str, hint: str) -> None:
    told = _seed_hint(name)
    assert hint in told
    assert bool(hint) == bool(told)


def test_a_build_takes_the_dbt_that_was_started_ahead(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dbt(monkeypatch, f"import sys; told = sys.stdin.readline(); {WRITE} assert 'unit_test' in told")
    with prewarmed(*night):
        ((_, child),) = dbt._warm
        build(*night, date(2024, 6, 1))
        assert child.poll() == 0, "the build waited for its end"
    assert dbt._warm == []


def test_a_dbt_that_no_build_takes_is_ended(night: tuple) -> None:
    with prewarmed(*night):
        ((_, child),) = dbt._warm
        assert child.poll() is None
    assert child.returncode != 0


def test_a_dbt_that_dies_early_is_told_in_its_own_words(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dbt(monkeypatch, "print('Compilation Error: no such macro'); raise SystemExit(2)")
    with pytest.raises(BuildError, match="code 2: Compilation Error: no such macro"):
        build(*night, date(2024, 6, 1))


def test_finished_nodes_are_reported_while_it_runs(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [{"name": name, "msg": f"{name} text"} for name in ("LogModelResult", "Noise", "LogTestResult")]
    fake_dbt(monkeypatch, f"print({chr(10).join(json.dumps(event) for event in events)!r})")
    lines: list[str] = []
    build(*night, date(2024, 6, 1), progress=lines.append)
    assert lines == ["full build: no build to go on from, that ended well and was left alone", "LogModelResult text", "LogTestResult text"]


def test_stale_results_of_an_earlier_build_are_not_taken_for_new_ones(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dbt(monkeypatch, WRITE)
    build(*night, date(2024, 6, 1))
    fake_dbt(monkeypatch, "pass")
    assert build(*night, date(2024, 6, 1)).nodes == ()
    assert list(read_results(night[1].paths.target / "nope.json")) == []


@pytest.mark.parametrize(("folder", "is_kept"), [(project_root(), True), (Path("/opt/before"), False)])
def test_what_dbt_parsed_in_another_folder_is_parsed_anew(
    night: tuple, monkeypatch: pytest.MonkeyPatch, folder: Path, is_kept: bool
) -> None:
    config, settings = night
    fake_dbt(monkeypatch, "pass")
    state = settings.paths.target / "partial_parse.msgpack"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"\x82\xa9root_path" + str(folder).encode())
    build(config, settings, date(2024, 6, 1))
    assert state.exists() == is_kept


def test_the_day_is_that_of_the_newest_load(night: tuple) -> None:
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval

    config, settings = night
    with pytest.raises(OnefunnelError, match="nothing is landed"):
        newest_as_of(config, settings)
    extract_source(config, config.sources[0], Interval.for_as_of(date(2024, 6, 5)), settings)
    assert newest_as_of(config, settings) == date(2024, 6, 5)


@pytest.mark.slow
def test_the_real_dbt_builds_staging(night: tuple, tmp_path: Path, run_cli: Callable) -> None:
    run = ("--sources", tmp_path / "sources.yml", "--home", tmp_path / "home", "--as-of", "2024-06-02")
    run_cli("extract", *run)
    done = run_cli("build", *run, "--select", "stg_template__leads", "--json")
    summary = json.loads(done.stdout)
    assert summary["nodes"] == {"success": 1}
    assert summary["as_of"] == "2024-06-02"


def test_code_that_changed_while_dbt_read_it_is_not_gone_on_from(night: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    config, settings = night
    fake_dbt(monkeypatch, "pass")
    marked: list[str] = []
    monkeypatch.setattr(dbt, "mark_built", lambda warehouse, files, code: marked.append(code))
    build(config, settings, date(2024, 6, 1))
    assert len(marked) == 1
    monkeypatch.setattr(dbt, "code_fingerprint", lambda config: "another")
    build(config, settings, date(2024, 6, 1))
    assert len(marked) == 1
