"""Lineage is told by Airflow's own OpenLineage provider once a transport is configured; this project adds nothing to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from running import new_airflow, run_night

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.nightly, pytest.mark.timeout(600)]
PROVIDER = ("apache-airflow-providers-openlineage", "openlineage-python", "openlineage-integration-common", "openlineage-sql")
CANARY = "canary-of-lineage-51d2e84b"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider in a folder of its own: all else that it needs is here."""
    folder = tmp_path_factory.mktemp("provider")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *PROVIDER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the package index is out of reach: {done.stderr[-200:]}")
    return folder


def test_every_task_of_a_night_is_told_and_no_secret(provider: Path, tiny_source: Path, tmp_path: Path) -> None:
    events = tmp_path / "lineage.jsonl"
    env = new_airflow(tmp_path / "home", tiny_source / "sources.yml", ONEFUNNEL_HASH_KEY=CANARY)
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    paths = os.pathsep.join([env.get("PYTHONPATH", ""), str(provider)]).strip(os.pathsep)
    done = run_night(env | {"PYTHONPATH": paths, "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}, date(2026, 3, 31))
    assert done.returncode == 0, done.stdout[-3000:]
    told = Counter((event["job"]["name"], event["eventType"]) for event in map(json.loads, events.read_text().splitlines()))
    tasks = {name.removeprefix("nightly_funnel.") for name, _ in told if "." in name}
    assert tasks >= {"check_landing", "build_marts", "check_marts", "publish_marts", "write_report", "send_alerts"}
    assert all(told[f"nightly_funnel.{task}", kind] == 1 for task in tasks for kind in ("START", "COMPLETE"))
    assert CANARY not in events.read_text()
