"""An Airflow of the tests' own: its home in a temporary folder, its DAGs the project's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onefunnel.airflow_home import airflow_environment
from onefunnel.project import project_root

RunCli = Callable[..., subprocess.CompletedProcess[str]]
PLAN = """\
version: 1
reporting: {time_zone: Europe/Berlin}
sources:
  - {name: crm}
  - {name: ads}
  - {name: old, enabled: false}
"""


@pytest.fixture(scope="session")
def two_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of two enabled sources and one that is off; enough to draw the DAG from."""
    path = tmp_path_factory.mktemp("plan") / "sources.yml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def described(two_sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What Airflow makes of the DAG files; see describe.py."""
    env = airflow_environment(tmp_path_factory.mktemp("airflow-home"), two_sources)
    command = [sys.executable, str(Path(__file__).with_name("describe.py")), str(project_root() / "dags")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """Folder of a small demo and its sources.yml: three months to the end of March 2026."""
    folder = tmp_path_factory.mktemp("tiny-source")
    run_cli("demo-data", "--out", folder, "--seed", 7, "--months", 3, "--leads-per-month", 60, "--end", "2026-03-31", "--clean")
    return folder
