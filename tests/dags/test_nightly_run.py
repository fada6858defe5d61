"""The nightly DAG under Airflow's real scheduler publishes, survives a dead source and tells no secret; then it meets a closed gate."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from nights import RunCli
from parse_once import hand_on_parse
from running import ended, returned, run_night, standalone, task_states, trigger

from onefunnel.airflow_home import airflow_environment

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]

CANARY = "canary-7f3a9c51d2e84b06"
STEPS = ["build_marts", "check_landing", "check_marts", "publish_marts", "send_alerts", "write_report"]


@dataclass(frozen=True)
class Night:
    """The night of 31 March under the real scheduler, and what its REST API answered. env: of the Airflow it ran in, for further nights."""

    env: dict[str, str]
    import_errors: int
    refused: httpx.Response
    state: str
    tasks: dict[str, str]
    events: list[dict[str, Any]]

    @property
    def home(self) -> Path:
        return Path(self.env["ONEFUNNEL_HOME"])


@pytest.fixture(scope="module")
def night(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory, parsed_home: Path, run_cli: RunCli) -> Night:
    """Triggered and watched as a person's browser does. The secrets carry the canary. A source that landed before is down."""
    folder = tmp_path_factory.mktemp("dag")
    home, sources = folder / "home", shutil.copytree(tiny_source, folder / "source") / "sources.yml"
    gone = sources.with_name("gone.csv")
    gone.write_text("lead_id,created_at,channel\nG1,2026-03-02 10:00,seo\n", encoding="utf-8")
    with sources.open("a", encoding="utf-8") as listed:
        listed.write("  - {name: gone, system: template, connector: files, entities: {leads: {path: gone.csv}}}\n")
    run_cli("extract", "--sources", sources, "--home", home, "--source", "gone", "--as-of", "2026-03-30")
    gone.unlink()
    hand_on_parse(parsed_home, home)
    # Nobody listens on port 9: the channel of the alerts is dead.
    secrets = {"ONEFUNNEL_HASH_KEY": f"{CANARY}-key", "ONEFUNNEL_ALERT_URLS": f"json://user:{CANARY}@127.0.0.1:9/"}
    with standalone(home, sources, **secrets) as api:
        import_errors = api.get("/api/v2/importErrors").json()["total_entries"]
        refused = trigger(api, "31.03.2026")
        run = trigger(api, "2026-03-31").json()["dag_run_id"]
        assert api.patch("/api/v2/dags/nightly_funnel", json={"is_paused": False}).status_code == 200
        state, tasks = ended(api, run)
        events = api.get("/api/v2/assets/events").json()["asset_events"]
    return Night(airflow_environment(home, sources, {**os.environ, **secrets}), import_errors, refused, state, tasks, events)


def test_the_scheduler_runs_every_task_and_the_last_whole_day_is_published(night: Night) -> None:
    assert night.import_errors == 0
    assert night.state == "success", night.tasks
    assert {name: state for name, state in night.tasks.items() if name != "extract_gone"} == dict.fromkeys(
        ["extract_demo", *STEPS], "success"
    )
    assert [(event["name"], event["source_task_id"]) for event in night.events] == [("onefunnel_marts", "publish_marts")]
    manifest = json.loads((night.home / "published" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == "2026-03-31"
    assert (night.home / "published" / "report" / "index.html").exists()


def test_a_source_that_is_down_leaves_the_last_good_and_the_night_goes_on(night: Night) -> None:
    assert night.tasks["extract_gone"] == "failed"
    with duckdb.connect(str(night.home / "published" / "current.duckdb"), read_only=True) as db:
        assert db.execute("select lead_id from facts.fct_lead_funnel where source_name = 'gone'").fetchall() == [("G1",)]


def test_a_day_that_is_none_is_refused(night: Night) -> None:
    assert night.refused.status_code == 400
    assert "is not a 'date'" in night.refused.text


def test_what_tasks_return_is_small(night: Night) -> None:
    assert 0 < len(returned(night.env)) < 100_000


def test_no_secret_is_in_any_byte_that_was_written(night: Night) -> None:
    files = [path for path in night.home.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 20
    assert [str(path) for path in files if CANARY.encode() in path.read_bytes()] == []


def test_a_closed_gate_fails_the_run_after_alerting_and_bi_keeps_what_it_had(night: Night, tiny_source: Path, tmp_path: Path) -> None:
    published = night.home / "published" / "manifest.json"
    before = published.read_bytes()
    source = tmp_path / "source"
    shutil.copytree(tiny_source, source)
    leads = source / "leads.csv"
    leads.write_text("".join(leads.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    done = run_night(night.env, date(2026, 4, 2), source / "sources.yml")
    states = task_states(night.env)
    assert done.returncode != 0
    assert (states["check_landing"], states["publish_marts"], states["send_alerts"]) == ("failed", "upstream_failed", "success")
    assert published.read_bytes() == before
