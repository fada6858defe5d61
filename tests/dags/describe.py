"""Print, as JSON, what Airflow makes of the DAG files in argv[1] and how long their import takes beyond Airflow's own.

Run in a process of its own: Airflow reads its settings once, at import.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
from typing import Any

import airflow.sdk
from airflow.dag_processing.dagbag import DagBag

# Every DAG file needs these of Airflow: their import is Airflow's own time.
from airflow.sdk import Asset, CronDataIntervalTimetable, CronTriggerTimetable, Param, dag, task  # noqa: F401

from onefunnel.errors import OnefunnelError

HEAVY = {"apprise", "dbt", "duckdb", "great_expectations", "pandas", "pyarrow"}
# The day on which the clocks went forward in Berlin.
TRIGGERED_AT = "2026-03-29T12:00:00Z"


def describe_task(operator: Any) -> dict[str, Any]:
    return {
        "upstream": sorted(operator.upstream_task_ids),
        "rule": operator.trigger_rule.value,
        "is_teardown": operator.is_teardown,
        "retries": operator.retries,
        "backoff": operator.retry_exponential_backoff,
        "timeout_seconds": operator.execution_timeout.total_seconds() if operator.execution_timeout else None,
        "outlets": [outlet.name for outlet in operator.outlets],
    }


def describe_dag(found: Any) -> dict[str, Any]:
    from airflow.serialization.encoders import coerce_to_core_timetable

    interval = coerce_to_core_timetable(found.timetable).infer_manual_data_interval(run_after=airflow.sdk.timezone.parse(TRIGGERED_AT))
    return {
        "doc_md": found.doc_md,
        "timetable": type(found.timetable).__name__,
        "zone": str(found.timetable.timezone),
        "interval": [str(interval.start), str(interval.end)],
        "catchup": found.catchup,
        "max_active_runs": found.max_active_runs,
        "timeout_seconds": found.dagrun_timeout.total_seconds(),
        "params": {name: found.params.get_param(name).schema for name in found.params},
        "tasks": {operator.task_id: describe_task(operator) for operator in found.tasks},
    }


def main() -> None:
    folder = sys.argv[1]
    before = set(sys.modules)
    sys.path.insert(0, folder)
    started = time.perf_counter()
    for file in ("nightly_funnel", "watchdog"):
        with contextlib.suppress(OnefunnelError):  # the bag tells it
            importlib.import_module(file)
    seconds = time.perf_counter() - started
    imported = {name.split(".")[0] for name in set(sys.modules) - before}
    bag = DagBag(folder)
    dags = {name: describe_dag(found) for name, found in bag.dags.items()}
    print(json.dumps({"seconds": seconds, "heavy": sorted(HEAVY & imported), "errors": bag.import_errors, "dags": dags}))


if __name__ == "__main__":
    main()
