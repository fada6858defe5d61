"""Nights that tests share. Each is built once per session by the real command line; tests read what it published and change nothing."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from nights import DEMO_AS_OF, REAL_AS_OF, ROOT, RunCli

# Cheapest news first: what fails in a second is told before what takes minutes.
ORDER = ("unit", "pipeline", "dbt", "browser", "dags", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the folders of tests in ORDER, and inside each the slow tests last."""

    def rank(item: pytest.Item) -> tuple[int, bool]:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return ORDER.index(folder) if folder in ORDER else len(ORDER), item.get_closest_marker("slow") is not None

    items.sort(key=rank)


def _environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ONEFUNNEL_", "AIRFLOW__"))}
    kept |= {name: os.environ[name] for name in ("ONEFUNNEL_REAL_DATA", "ONEFUNNEL_CHROMIUM") if name in os.environ}
    return kept | extra


@pytest.fixture(scope="session")
def hash_key() -> str:
    """A key of its own for each test session."""
    return secrets.token_hex(32)


@pytest.fixture(scope="session")
def run_cli(hash_key: str) -> RunCli:
    """Run `onefunnel …` as a process of its own; `code` is the exit code it must end with, `env` is added to the environment."""

    def run(
        *arguments: object, code: int | None = 0, env: dict[str, str] | None = None, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "onefunnel.cli.main", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=timeout,
            env=_environment(**({"ONEFUNNEL_HASH_KEY": hash_key} | (env or {}))),
        )
        if code is not None:
            assert done.returncode == code, f"exit {done.returncode}, expected {code}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    return run


@pytest.fixture(scope="session")
def demo_source(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """Folder of demo files with their sources.yml: 26 months to the end of March 2026, about 120 leads a month, dirt included."""
    folder = tmp_path_factory.mktemp("demo-source")
    run_cli("demo-data", "--out", folder, "--seed", 7, "--months", 26, "--leads-per-month", 120, "--end", DEMO_AS_OF)
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli, demo_source: Path) -> Path:
    """Home of a published demo night."""
    home = tmp_path_factory.mktemp("demo") / "home"
    run_cli("run", "--sources", demo_source / "sources.yml", "--home", home, "--as-of", DEMO_AS_OF)
    return home


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real CRM export; without it the test is skipped."""
    named = os.environ.get("ONEFUNNEL_REAL_DATA")
    if not named or not (Path(named) / "deals.xlsx").exists():
        pytest.skip("ONEFUNNEL_REAL_DATA does not name a folder with the real CRM export")
    return Path(named)


@pytest.fixture(scope="session")
def real_home(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli, real_data: Path) -> Path:
    """Home of a published night on the real CRM export."""
    home = tmp_path_factory.mktemp("real") / "home"
    run_cli("run", "--sources", ROOT / "examples/zoho/sources.yml", "--home", home, "--as-of", REAL_AS_OF)
    return home


@pytest.fixture
def demo(demo_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What BI reads after the demo night."""
    with duckdb.connect(str(demo_home / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture
def real(real_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """What BI reads after the night on the real export."""
    with duckdb.connect(str(real_home / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection
