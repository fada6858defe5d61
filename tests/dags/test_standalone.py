"""The nightly DAG under Airflow's real scheduler, triggered and watched through its REST API as a person's browser does."""

from __future__ import annotations

import pytest
from running import standalone, wait_for

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(600)]
RUNS = "/api/v2/dags/nightly_funnel/dagRuns"


def test_the_scheduler_runs_the_night_side_by_side_and_publishes(tiny_source, tmp_path, hash_key):
    home = tmp_path / "home"
    with standalone(home, tiny_source / "sources.yml", ONEFUNNEL_HASH_KEY=hash_key) as api:
        wait_for(lambda: api.get("/api/v2/dags/nightly_funnel").status_code == 200, 60, "the DAG to be read")
        assert api.get("/api/v2/importErrors").json()["total_entries"] == 0

        refused = api.post(RUNS, json={"logical_date": None, "conf": {"as_of": "31.03.2026"}})
        assert refused.status_code == 400
        assert "is not a 'date'" in refused.text

        run = api.post(RUNS, json={"logical_date": None, "conf": {"as_of": "2026-03-31"}}).json()["dag_run_id"]
        assert api.patch("/api/v2/dags/nightly_funnel", json={"is_paused": False}).status_code == 200
        state = wait_for(lambda: (s := api.get(f"{RUNS}/{run}").json()["state"]) in ("success", "failed") and s, 420, "the run to end")
        tasks = {task["task_id"]: task["state"] for task in api.get(f"{RUNS}/{run}/taskInstances").json()["task_instances"]}
        assert state == "success", tasks
        assert set(tasks.values()) == {"success"}

        events = api.get("/api/v2/assets/events").json()["asset_events"]
        assert [(event["name"], event["source_task_id"]) for event in events] == [("onefunnel_marts", "publish_marts")]
    assert (home / "published" / "current.duckdb").exists()
