"""An Airflow of the tests' own: its home in a temporary folder, its DAGs the project's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from running import describe_dags

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
    return describe_dags(tmp_path_factory.mktemp("airflow-home"), two_sources)


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """Folder of a small demo and its sources.yml: three months to the end of March 2026."""
    folder = tmp_path_factory.mktemp("tiny-source")
    run_cli("demo-data", "--out", folder, "--seed", 7, "--months", 3, "--leads-per-month", 60, "--end", "2026-03-31", "--clean")
    return folder
