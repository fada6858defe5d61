"""A changed formula does not get past the dbt unit tests. That they all pass is seen where an analyst builds (pipeline/test_night.py)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onefunnel.project import project_root

pytestmark = pytest.mark.slow


def run_dbt(home: Path, project: Path, *arguments: str) -> tuple[int, dict[str, str], str]:
    """Exit code, status by test name, and the end of the output of `dbt test` on the warehouse of `home`."""
    target = home / "target-unit"
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "test", *arguments],
        capture_output=True,
        text=True,
        cwd=project,
        timeout=600,
        env=os.environ
        | {
            "ONEFUNNEL_HOME": str(home),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(home / "logs-unit"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    results = target / "run_results.json"
    found = json.loads(results.read_text(encoding="utf-8"))["results"] if results.exists() else []
    statuses = {item["unique_id"].split(".")[-1]: item["status"] for item in found if item["unique_id"].startswith("unit_test.")}
    return done.returncode, statuses, done.stdout[-4000:]


@pytest.fixture(scope="module")
def home(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with a copy of the demo warehouse: dbt takes its lock."""
    copy = tmp_path_factory.mktemp("unit-tests")
    shutil.copyfile(demo_home / "warehouse.duckdb", copy / "warehouse.duckdb")
    return copy


def test_a_changed_formula_is_noticed(home: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(project_root() / name, project / name)
    for name in ("models", "seeds", "dbt_project"):
        shutil.copytree(project_root() / name, project / name)
    components = project / "models" / "intermediate" / "kpi" / "int_kpi_components.sql"
    formula = components.read_text(encoding="utf-8")
    wrong = formula.replace("- coalesce(less.amount, 0) as numerator", "as numerator")
    assert wrong != formula
    components.write_text(wrong, encoding="utf-8")
    code, statuses, output = run_dbt(home, project, "--select", "every_kpi_is_what_its_formula_says")
    assert code == 1, output
    assert list(statuses.values()) == ["fail"]
    assert "romi" in output
