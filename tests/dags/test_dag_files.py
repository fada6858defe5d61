"""The shape of the DAGs: what depends on what, when they run, what they insist on, and that drawing them is cheap."""

from __future__ import annotations

import ast
import json
import re

import pytest
from running import describe_dags

from onefunnel.project import project_root

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def nightly(described):
    return described["dags"]["nightly_funnel"]


def test_both_dags_load_without_errors(described):
    assert described["errors"] == {}
    assert sorted(described["dags"]) == ["nightly_funnel", "watchdog"]


def test_a_broken_list_of_sources_stops_the_night_and_not_its_watchdog(tmp_path):
    (tmp_path / "sources.yml").write_text("sources: [", encoding="utf-8")
    found = describe_dags(tmp_path / "airflow", tmp_path / "sources.yml")
    assert sorted(found["dags"]) == ["watchdog"]
    assert "not a list of sources" in json.dumps(found["errors"])


def test_the_dag_files_import_in_under_a_second_and_nothing_heavy(described):
    assert described["seconds"] < 1
    assert described["heavy"] == []


@pytest.mark.parametrize("file", ["nightly_funnel.py", "watchdog.py"])
def test_a_dag_file_is_wiring_only(file):
    text = (project_root() / "dags" / file).read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0] for node in imports}
    assert modules <= {"__future__", "airflow", "datetime", "onefunnel", "pendulum"}
    assert re.search(r"Timetable\(.*\),  # .*reporting time zone", text), "the local time stands beside the cron"
    assert len(text.splitlines()) < 90


@pytest.mark.parametrize("dag", ["nightly_funnel", "watchdog"])
def test_the_documentation_is_a_numbered_list_of_every_task(described, dag):
    doc = described["dags"][dag]["doc_md"]
    tasks = {re.sub(r"^extract_.*", "extract_", task) for task in described["dags"][dag]["tasks"]}
    assert len(re.findall(r"^\d\. \*\*", doc, re.MULTILINE)) == len(tasks)
    assert all(f"**{task}" in doc for task in tasks)


def test_one_extraction_per_enabled_source_side_by_side(nightly):
    extractions = {name: task for name, task in nightly["tasks"].items() if name.startswith("extract_")}
    assert sorted(extractions) == ["extract_ads", "extract_crm"]
    assert all(task["upstream"] == [] for task in extractions.values())


def test_the_night_is_one_chain(nightly):
    upstream = {name: task["upstream"] for name, task in nightly["tasks"].items() if not name.startswith("extract_")}
    assert upstream == {
        "check_landing": ["extract_ads", "extract_crm"],
        "build_marts": ["check_landing"],
        "check_marts": ["build_marts"],
        "publish_marts": ["check_marts"],
        "write_report": ["publish_marts"],
        "send_alerts": ["write_report"],
    }


def test_a_failed_source_does_not_stop_the_night_but_a_failed_step_does(nightly):
    rules = {name: task["rule"] for name, task in nightly["tasks"].items() if not task["is_teardown"]}
    assert rules.pop("check_landing") == "all_done"
    assert set(rules.values()) == {"all_success"}


def test_alerts_always_go_out_and_never_decide_the_outcome(nightly):
    alerts = nightly["tasks"]["send_alerts"]
    # A teardown without set-ups runs when all before it is done, in whatever state, and is no leaf that decides the run's state.
    assert (alerts["is_teardown"], alerts["rule"]) == (True, "all_done_setup_success")


def test_retries_back_off_and_everything_has_a_deadline(described):
    for dag in described["dags"].values():
        assert dag["timeout_seconds"]
        for task in dag["tasks"].values():
            assert task["timeout_seconds"]
    steps = [task for task in described["dags"]["nightly_funnel"]["tasks"].values() if not task["is_teardown"]]
    assert all(task["retries"] >= 1 and task["backoff"] == 2.0 for task in steps)


def test_nights_do_not_overlap_and_are_not_made_up_for(nightly):
    assert (nightly["max_active_runs"], nightly["catchup"]) == (1, False)


def test_the_interval_is_a_whole_night_in_the_reporting_time_zone(nightly):
    assert (nightly["timetable"], nightly["zone"]) == ("CronDataIntervalTimetable", "Europe/Berlin")
    # 04:00 on Saturday to 04:00 on Sunday by the clock on the wall, 23 hours: the clocks went forward.
    assert nightly["interval"] == ["2026-03-28 03:00:00+00:00", "2026-03-29 02:00:00+00:00"]


def test_publishing_updates_the_asset_that_others_may_wait_for(nightly):
    assert {name: task["outlets"] for name, task in nightly["tasks"].items() if task["outlets"]} == {"publish_marts": ["onefunnel_marts"]}


def test_a_trigger_may_choose_the_day_and_only_a_day(nightly):
    assert nightly["params"]["as_of"] == {"type": ["null", "string"], "format": "date"}
    assert nightly["params"]["full_refresh"]["type"] == nightly["params"]["force"]["type"] == "boolean"
