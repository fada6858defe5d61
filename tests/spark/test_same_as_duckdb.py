"""A night built on Spark publishes what the same night built by DuckDB does, cell by cell: the demo, the real export, the cases.

One build on Spark takes some minutes, whatever its size: planning a hundred statements takes longer than running them on little data.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from nights import DEMO_AS_OF, REAL_AS_OF, ROOT, RunCli

from benchmarks.same_tables import differences
from onefunnel.airflow_home import airflow_environment
from onefunnel.publish.manifest import current_manifest
from onefunnel.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(3600)]
Night = Callable[[Path, Path, str], subprocess.CompletedProcess[str]]


def on_spark(python: Path) -> dict[str, str]:
    return {"ONEFUNNEL_ENGINE": "spark", "ONEFUNNEL_SPARK_PYTHON": str(python), "ONEFUNNEL_THREADS": "2"}


@pytest.fixture(scope="module")
def night_on_spark(run_cli: RunCli, spark_python: Path) -> Night:
    def run(home: Path, sources: Path, as_of: str) -> subprocess.CompletedProcess[str]:
        return run_cli("run", "--sources", sources, "--home", home, "--as-of", as_of, env=on_spark(spark_python), timeout=3000)

    return run


def landed_as_in(other: Path, home: Path) -> Path:
    """A new home with the same landing, to the moment: when a file landed is a part of what is built of it."""
    home.mkdir()
    shutil.copytree(other / "landing", home / "landing")
    return home


@pytest.fixture(scope="module")
def demo_on_spark(tmp_path_factory: pytest.TempPathFactory, demo_home: Path, demo_source: Path, night_on_spark: Night) -> Path:
    home = landed_as_in(demo_home, tmp_path_factory.mktemp("demo") / "home")
    said = night_on_spark(home, demo_source / "sources.yml", DEMO_AS_OF)
    assert "on Spark every build is full" in said.stdout + said.stderr
    return home


def test_the_demo(demo_home: Path, demo_on_spark: Path) -> None:
    assert differences(demo_home / "warehouse.duckdb", demo_on_spark / "warehouse.duckdb") == []


def test_what_is_published_is_the_same_file_but_for_its_version(demo_home: Path, demo_on_spark: Path) -> None:
    published = [Path(home / "published/current.duckdb").resolve() for home in (demo_home, demo_on_spark)]
    stamped = ("mart_publication", "mart_data_quality", "mart_restatements")
    assert [found for found in differences(*published) if not any(name in found for name in stamped)] == []
    assert (demo_on_spark / "published/report/index.html").exists()
    assert not (demo_on_spark / "spark").exists()


def test_the_real_export(tmp_path: Path, real_home: Path, night_on_spark: Night) -> None:
    home = landed_as_in(real_home, tmp_path / "home")
    night_on_spark(home, ROOT / "examples/zoho/sources.yml", REAL_AS_OF)
    assert differences(real_home / "warehouse.duckdb", home / "warehouse.duckdb") == []


def all_cases(folder: Path) -> Path:
    """sources.yml of one agency that has the sources of every case, beside a copy of their files."""
    shutil.copytree(ROOT / "tests/cases", folder)
    sources = []
    for path in sorted(folder.glob("*/sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            entities = {name: {**options, "path": f"{path.parent.name}/{options['path']}"} for name, options in source["entities"].items()}
            sources.append({**source, "name": f"{path.parent.name}_{source['name']}".replace("-", "_"), "entities": entities})
    reporting = {"base_currency": "EUR", "time_zone": "Europe/Berlin"}
    all_of_them = folder / "all.yml"
    all_of_them.write_text(yaml.safe_dump({"version": 1, "reporting": reporting, "sources": sources}), encoding="utf-8")
    return all_of_them


def test_the_cases(tmp_path: Path, run_cli: RunCli, spark_python: Path) -> None:
    """Extracted once and built twice; no gate is asked, as some of them are to be held back."""
    arguments = ("--sources", all_cases(tmp_path / "cases"), "--as-of", DEMO_AS_OF, "--home")
    run_cli("extract", *arguments, tmp_path / "duckdb")
    home = landed_as_in(tmp_path / "duckdb", tmp_path / "spark")
    run_cli("build", *arguments, tmp_path / "duckdb")
    run_cli("build", *arguments, home, env=on_spark(spark_python), timeout=3000)
    assert differences(tmp_path / "duckdb" / "warehouse.duckdb", home / "warehouse.duckdb") == []


@pytest.mark.faults
@pytest.mark.airflow
def test_a_night_killed_on_spark_leaves_the_old_version_and_the_next_one_in_airflow_is_whole(
    demo_home: Path, demo_on_spark: Path, demo_source: Path, spark_python: Path, hash_key: str
) -> None:
    settings, sources = Settings(home=demo_on_spark), demo_source / "sources.yml"
    before = current_manifest(settings)
    environment = airflow_environment(demo_on_spark, sources, {**os.environ, **on_spark(spark_python), "ONEFUNNEL_HASH_KEY": hash_key})
    kill_among_the_facts(settings, sources, environment)
    assert current_manifest(settings).version == before.version
    for command in (["db", "migrate"], ["dags", "test", "nightly_funnel", "2026-04-01T12:00:00+00:00"]):
        subprocess.run([sys.executable, "-m", "airflow", *command], env=environment, check=True, timeout=3000, stdin=subprocess.DEVNULL)
    assert current_manifest(settings).version != before.version
    assert differences(demo_home / "warehouse.duckdb", demo_on_spark / "warehouse.duckdb") == []


def kill_among_the_facts(settings: Settings, sources: Path, environment: dict[str, str]) -> None:
    """Begin a night and kill it, with all that it started, when Spark has written a part of the facts."""
    command = [sys.executable, "-m", "onefunnel.cli.main", "run", "--sources", str(sources), "--as-of", DEMO_AS_OF]
    with (settings.paths.home / "killed.log").open("w") as log:
        night = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + 1500
    while not list(settings.paths.spark.glob("*/warehouse/facts.db/*/*.parquet")):
        assert night.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, "it never came to the facts"
        time.sleep(0.2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(night.pid, signal.SIGKILL)
    night.wait()


def test_after_spark_duckdb_builds_everything(demo_on_spark: Path, demo_home: Path, demo_source: Path, run_cli: RunCli) -> None:
    said = run_cli("build", "--sources", demo_source / "sources.yml", "--home", demo_on_spark, "--as-of", DEMO_AS_OF)
    assert "full build: no build to go on from" in said.stdout + said.stderr
    assert differences(demo_home / "warehouse.duckdb", demo_on_spark / "warehouse.duckdb") == []
