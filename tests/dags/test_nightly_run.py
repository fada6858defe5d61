"""The nightly DAG run by real Airflow, in one process: it publishes, survives a source that is down, and tells nobody the secrets."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from running import new_airflow, returned, run_night, task_states

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

CANARY = "canary-7f3a9c51d2e84b06"
STEPS = ["build_marts", "check_landing", "check_marts", "publish_marts", "send_alerts", "write_report"]


@pytest.fixture(scope="module")
def night(tiny_source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of an Airflow in which the night of 31 March has run once; its secrets carry the canary."""
    home = tmp_path_factory.mktemp("dag") / "home"
    # Nobody listens on port 9: the channel of the alerts is dead.
    secrets = {"ONEFUNNEL_HASH_KEY": f"{CANARY}-key", "ONEFUNNEL_ALERT_URLS": f"json://user:{CANARY}@127.0.0.1:9/"}
    env = new_airflow(home, tiny_source / "sources.yml", **secrets)
    done = run_night(env, date(2026, 3, 31))
    (home / "airflow" / "test.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return env


def test_every_task_succeeds_and_the_last_whole_day_is_published(night):
    states = task_states(night)
    assert set(states.values()) == {"success"}
    assert sorted(name for name in states if not name.startswith("extract_")) == STEPS
    manifest = json.loads((Path(night["ONEFUNNEL_HOME"]) / "published" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == "2026-03-31"
    assert (Path(night["ONEFUNNEL_HOME"]) / "published" / "report" / "index.html").exists()


def test_what_tasks_return_is_small(night):
    assert 0 < len(returned(night)) < 100_000


def test_no_secret_is_in_any_byte_that_was_written(night):
    files = [path for path in Path(night["ONEFUNNEL_HOME"]).rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 20
    assert [str(path) for path in files if CANARY.encode() in path.read_bytes()] == []


def test_a_source_that_is_down_leaves_the_last_good_and_the_night_goes_on(night, tiny_source, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(tiny_source, source)
    for file in source.glob("*.csv"):
        file.unlink()
    done = run_night(night, date(2026, 4, 1), source / "sources.yml")
    states = task_states(night)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert {state for name, state in states.items() if name.startswith("extract_")} == {"failed"}
    assert {states[name] for name in STEPS} == {"success"}


def test_a_closed_gate_fails_the_run_after_alerting_and_bi_keeps_what_it_had(night, tiny_source, tmp_path):
    published = Path(night["ONEFUNNEL_HOME"]) / "published" / "manifest.json"
    before = published.read_bytes()
    source = tmp_path / "source"
    shutil.copytree(tiny_source, source)
    leads = source / "leads.csv"
    leads.write_text("".join(leads.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    done = run_night(night, date(2026, 4, 2), source / "sources.yml")
    states = task_states(night)
    assert done.returncode != 0
    assert (states["check_landing"], states["publish_marts"], states["send_alerts"]) == ("failed", "upstream_failed", "success")
    assert published.read_bytes() == before
