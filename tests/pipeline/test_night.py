"""A night from the command line: without a network, with wrong input, and what an analyst finds afterwards.

Repeated: test_sandbox_night.py; as a full refresh: test_going_on.py.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import duckdb
import pytest
from nights import DEMO_AS_OF, ROOT, RunCli

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small_source(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """Three clean months of a very small agency."""
    folder = tmp_path_factory.mktemp("small-source")
    run_cli("demo-data", "--out", folder, "--seed", 3, "--months", 3, "--leads-per-month", 40, "--end", DEMO_AS_OF, "--clean")
    return folder


def test_a_night_needs_no_network(demo_home: Path, offline: tuple[str, ...]) -> None:
    """The demo night that many tests read ran where nothing can be called; that nothing can be is tried here."""
    if not offline:
        pytest.skip("this machine does not allow a network namespace (unshare -rn)")
    assert (demo_home / "published/current.duckdb").exists()
    with socket.create_server(("127.0.0.1", 0)) as server:
        call = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        assert subprocess.run([offline[-1], "-c", call], check=False).returncode == 0
        assert "unreachable" in subprocess.run([*offline, "-c", call], check=False, capture_output=True, text=True).stderr


@pytest.mark.parametrize("file", ["warehouse.duckdb", "published/current.duckdb"])
def test_money_is_stored_so_that_reading_it_is_cheap(demo_home: Path, file: str) -> None:
    """Packed, a wide decimal costs a reader as much as thirty plain ones; a startup option against it is passed over (docs/adr/0006)."""
    with duckdb.connect(str(demo_home / file), read_only=True) as db:
        stored = db.execute(
            """select distinct compression from pragma_storage_info('facts.fct_payment')
            where column_name = 'amount_base' and segment_type <> 'VALIDITY'"""
        ).fetchall()
    assert stored
    assert ("BitPacking",) not in stored


def test_an_analyst_builds_at_the_root_without_flags(demo_home: Path, python: str, tmp_path: Path) -> None:
    """`dbt build` and `dbt docs generate` where a night has run: every mart is in the docs, and every column of it is described.

    The unit tests, which an analyst's build runs as well, are those of dbt/test_unit_tests_run.py.
    """
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(demo_home / "warehouse.duckdb", home)
    places = {"ONEFUNNEL_HOME": str(home), "DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home)}
    environment = {**os.environ, **places, "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
    for verb in (["build", "--vars", "into_production: true"], ["docs", "generate"]):
        done = subprocess.run(
            [python, "-m", "dbt.cli.main", "--no-use-colors", *verb], capture_output=True, text=True, cwd=ROOT, env=environment
        )
        assert done.returncode == 0, done.stdout[-3000:]
    manifest = json.loads((home / "target/manifest.json").read_text())
    catalog = json.loads((home / "target/catalog.json").read_text())
    marts = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model" and node["schema"] == "marts"}
    assert len(marts) >= 16
    for name, node in marts.items():
        assert node["description"], name
        described = {column for column, known in node["columns"].items() if known["description"]}
        assert set(catalog["nodes"][name]["columns"]) <= described, name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "leads.csv").unlink(), "leads.csv"),
        (lambda folder: (folder / "leads.csv").write_text((folder / "leads.csv").read_text().replace("lead_id", "leadid", 1)), "lead_id"),
        (lambda folder: (folder / "sources.yml").write_text("sources: [\n"), "sources.yml"),
        (lambda folder: (folder / "sources.yml").write_text((folder / "sources.yml").read_text() + "\nsuorces: 1\n"), "suorces"),
    ],
    ids=["missing file", "missing column", "not YAML", "misspelt key"],
)
def test_wrong_input_ends_2_and_says_where(small_source: Path, run_cli: RunCli, tmp_path: Path, change, says: str) -> None:
    folder = tmp_path / "source"
    shutil.copytree(small_source, folder)
    change(folder)
    done = run_cli("run", "--sources", folder / "sources.yml", "--home", tmp_path / "home", "--as-of", DEMO_AS_OF, code=2)
    assert says in done.stderr
    assert "what to do" in done.stderr
    assert not (tmp_path / "home/published/current.duckdb").exists()


def test_a_missing_secret_ends_2_and_names_the_variable(small_source: Path, run_cli: RunCli, tmp_path: Path) -> None:
    arguments = ("run", "--sources", small_source / "sources.yml", "--home", tmp_path / "home", "--as-of", DEMO_AS_OF)
    done = run_cli(*arguments, code=2, env={"ONEFUNNEL_HASH_KEY": ""})
    assert "ONEFUNNEL_HASH_KEY" in done.stderr
