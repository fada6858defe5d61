"""The dbt project as one Airflow task per model, by astronomer-cosmos."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Cost, run
from benchmarks.peers.environment import Environment, Workplace

REQUIREMENTS = Path(__file__).with_name("cosmos-requirements.txt")
PACKAGES = ("astronomer-cosmos", "apache-airflow", "dbt-core", "duckdb")


def measure(environment: Environment, place: Workplace) -> Iterator[tuple[str, Cost]]:
    """One run of the DAG by `airflow dags test`: no scheduler and no server, every task in that one process, one after the other."""
    airflow = place.folder / "airflow"
    (airflow / "dags").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("cosmos_dag.py"), airflow / "dags")
    variables = place.variables() | {
        "AIRFLOW_HOME": str(airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(airflow / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__COSMOS__CACHE_DIR": str(airflow / "cosmos"),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow / 'airflow.db'}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # as `onefunnel build` leaves them out
        "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
        "PATH": os.pathsep.join([str(environment.bin), os.environ.get("PATH", os.defpath)]),
        "PEER_MANIFEST": str(place.manifest),
        "PEER_PROJECT": str(place.project),
    }
    command = [environment.bin / "python", "-m", "airflow"]
    run([*command, "db", "migrate"], variables)
    cost = run([*command, "dags", "test", "peer"], variables)
    with sqlite3.connect(airflow / "airflow.db") as db:
        tasks = db.execute("select count(*) from task_instance where state = 'success'").fetchone()[0]
    yield f"Cosmos, {tasks} tasks", cost
