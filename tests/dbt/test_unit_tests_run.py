"""The dbt unit tests pass, which the nightly build leaves out, and a changed formula does not get past them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from parse_once import hand_on_parse

from onefunnel.dbt import PROGRAM, child_environment
from onefunnel.project import project_root
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow


def run_dbt(home: Path, project: Path, *arguments: str) -> tuple[bool, dict[str, str], str]:
    """Whether all went well, status by test name, and the end of what `dbt test` said of the warehouse of `home`."""
    environment = child_environment(Settings(home=home)) | {"DBT_PROJECT_DIR": str(project), "DBT_PROFILES_DIR": str(project)}
    done = subprocess.run(
        PROGRAM, input=json.dumps(["test", *arguments]), capture_output=True, text=True, cwd=project, timeout=600, env=environment
    )
    results = json.loads((home / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    statuses = {item["unique_id"].split(".")[-1]: item["status"] for item in results if item["unique_id"].startswith("unit_test.")}
    return done.returncode == 0, statuses, done.stdout[-4000:]


@pytest.fixture(scope="module")
def home(demo_home: Path, parsed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with a copy of the demo warehouse: dbt takes its lock."""
    copy = tmp_path_factory.mktemp("unit-tests")
    shutil.copyfile(demo_home / "warehouse.duckdb", copy / "warehouse.duckdb")
    hand_on_parse(parsed_home, copy)
    (copy / "logs").mkdir()
    return copy


def test_every_unit_test_passes(home: Path) -> None:
    is_well, statuses, output = run_dbt(home, project_root(), "--select", "test_type:unit")
    assert is_well, output
    assert len(statuses) > 80
    assert set(statuses.values()) == {"pass"}


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
    is_well, statuses, output = run_dbt(home, project, "--select", "every_kpi_is_what_its_formula_says")
    assert not is_well, output
    assert list(statuses.values()) == ["fail"]
    assert "romi" in output
