"""The dbt project as SQLMesh loads it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Cost, run
from benchmarks.peers.environment import Environment, Workplace
from benchmarks.scenario import SECOND_NIGHT

REQUIREMENTS = Path(__file__).with_name("sqlmesh-requirements.txt")
PACKAGES = ("sqlmesh", "sqlglot", "dbt-core", "duckdb")


def measure(environment: Environment, place: Workplace) -> Iterator[tuple[str, Cost]]:
    """The plan that makes everything for the first time, as of the first night; then the run of the nights after it."""
    shutil.copy(Path(__file__).with_name("sqlmesh_config.py"), place.project / "config.py")
    profiles = place.project / "profiles.yml"
    # SQLMesh does not know dbt's filter as_number and compares the text with a number. It gives DuckDB one connection whatever this says.
    adapted = re.sub(r"^ +threads: .*as_number.*\n", "", profiles.read_text(encoding="utf-8"), flags=re.MULTILINE)
    profiles.write_text(adapted, encoding="utf-8")
    variables = place.variables() | {"DBT_LOG_PATH": str(place.folder / "logs"), "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
    command = [environment.bin / "sqlmesh", "--paths", place.project, "--log-file-dir", place.folder / "logs"]
    night = ["--execution-time", SECOND_NIGHT.isoformat()]
    yield "SQLMesh, `plan` (first night)", run([*command, "plan", "--auto-apply", "--no-prompts", *night], variables)
    yield "SQLMesh, `run` (a later night)", run([*command, "run"], variables)
