"""The dbt project as one Airflow task per model, by astronomer-cosmos."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from math import nan
from pathlib import Path

from benchmarks.measure import Cost, run
from benchmarks.peers.environment import Environment, Workplace
from benchmarks.scenario import FIRST_NIGHT
from onefunnel.project import project_root

REQUIREMENTS = Path(__file__).with_name("cosmos-requirements.txt")
PACKAGES = ("astronomer-cosmos", "apache-airflow", "dbt-core", "duckdb")
DAGS = ("cosmos_dag.py", "build_dag.py")


def measure(environment: Environment, place: Workplace) -> Iterator[tuple[str, Cost]]:
    """The DAG at its best, in one process without a scheduler; then as Airflow runs it at night, beside a DAG of one task, the build."""
    airflow, blank = place.folder / "airflow", place.folder / "blank.duckdb"
    shutil.copy(place.warehouse, blank)
    (airflow / "dags").mkdir(parents=True)
    for name in DAGS:
        shutil.copy(Path(__file__).with_name(name), airflow / "dags")
    variables = _variables(environment, place, airflow)
    command = [environment.bin / "python", "-m", "airflow"]
    run([*command, "db", "migrate"], variables)

    cost = run([*command, "dags", "test", "peer"], variables)
    with closing(sqlite3.connect(airflow / "airflow.db")) as db:
        tasks = db.execute("select count(*) from task_instance where state = 'success'").fetchone()[0]
    yield f"Cosmos, {tasks} tasks in one process (`airflow dags test`)", cost

    for dag_id, what in (("build", "`onefunnel build` as one task, scheduled"), ("peer", "Cosmos, {tasks} tasks, scheduled")):
        shutil.copy(blank, place.warehouse)
        said = airflow / f"{dag_id}.json"
        run([environment.bin / "python", Path(__file__).with_name("scheduled.py"), dag_id, said], variables)
        ended = json.loads(said.read_text(encoding="utf-8"))
        if ended["state"] != "success":
            raise RuntimeError(f"DAG {dag_id} ended as {ended['state']}: see {airflow}")
        # of the DAG run alone; Airflow's services are ended before they have told what their tasks took
        yield what.format(tasks=ended["tasks"]), Cost(ended["seconds"], cpu=nan, peak_mb=nan)


def _variables(environment: Environment, place: Workplace, airflow: Path) -> dict[str, str]:
    build = [sys.executable, "-m", "onefunnel.cli.main", "build", "--sources", place.folder / "sources.yml", "--home", place.folder]
    return place.variables() | {
        "AIRFLOW_HOME": str(airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(airflow / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__COSMOS__CACHE_DIR": str(airflow / "cosmos"),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow / 'airflow.db'}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # as `onefunnel build` leaves them out
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        "PATH": os.pathsep.join([str(environment.bin), os.environ.get("PATH", os.defpath)]),
        "PEER_BUILD": shlex.join(map(str, [*build, "--as-of", FIRST_NIGHT.isoformat()])),
        "PEER_BUILD_FROM": str(project_root()),
        "PEER_MANIFEST": str(place.manifest),
        "PEER_PROJECT": str(place.project),
    }
