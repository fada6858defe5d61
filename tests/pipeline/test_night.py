"""A night from the command line: repeated, without a network, with wrong input, and what an analyst finds afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nights import DEMO_AS_OF, ROOT, RunCli
from parse_once import hand_on_parse
from test_going_on import contents

pytestmark = pytest.mark.slow


def _tables(home: Path) -> dict[str, object]:
    """Row counts and content hashes of everything published, less the two marts that name the version itself."""
    tables = json.loads((home / "published" / "manifest.json").read_text())["tables"]
    return {name: table for name, table in tables.items() if name not in ("marts.mart_publication", "marts.mart_data_quality")}


@pytest.fixture(scope="module")
def small_source(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """Three clean months of a very small agency."""
    folder = tmp_path_factory.mktemp("small-source")
    run_cli("demo-data", "--out", folder, "--seed", 3, "--months", 3, "--leads-per-month", 40, "--end", DEMO_AS_OF, "--clean")
    return folder


def test_the_same_night_twice_gives_the_same_marts_and_loads_nothing_again(
    demo_home: Path, demo_source: Path, run_cli: RunCli, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_home, home, symlinks=True)
    parts = sorted(path.relative_to(home) for path in (home / "landing").rglob("*.parquet"))
    done = run_cli("run", "--sources", demo_source / "sources.yml", "--home", home, "--as-of", DEMO_AS_OF, "--json")
    assert sorted(path.relative_to(home) for path in (home / "landing").rglob("*.parquet")) == parts
    assert json.loads(done.stdout)["stale"] == []
    assert _tables(home) == _tables(demo_home)


def test_a_full_refresh_gives_the_same_marts(demo_home: Path, demo_source: Path, run_cli: RunCli, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_home, home, symlinks=True)
    arguments = ("--sources", demo_source / "sources.yml", "--home", home, "--as-of", DEMO_AS_OF)
    run_cli("build", *arguments, "--full-refresh", "--no-tests")
    assert contents(home / "warehouse.duckdb") == contents(demo_home / "warehouse.duckdb")


def test_a_night_needs_no_network(small_source: Path, hash_key: str, parsed_home: Path, tmp_path: Path) -> None:
    """In a network namespace of its own there is not even a loopback to call."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this machine does not allow a network namespace (unshare -rn)")
    hand_on_parse(parsed_home, tmp_path / "home")
    command = [sys.executable, "-m", "onefunnel.cli.main", "run", "--sources", small_source / "sources.yml", "--home", tmp_path / "home"]
    done = subprocess.run(
        ["unshare", "-rn", *map(str, command), "--as-of", DEMO_AS_OF],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "ONEFUNNEL_HASH_KEY": hash_key},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "home/published/current.duckdb").exists()


def test_an_analyst_builds_at_the_root_without_flags(demo_home: Path, python: str, tmp_path: Path) -> None:
    """`dbt build` and `dbt docs generate` where a night has run. All unit tests pass, which the nightly build leaves out; every mart is in
    the docs, and every column of it is described.
    """
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(demo_home / "warehouse.duckdb", home)
    environment = {**os.environ, "ONEFUNNEL_HOME": str(home), "DBT_TARGET_PATH": str(home / "target"), "DBT_LOG_PATH": str(home)}
    for verb in (["build", "--vars", "into_production: true"], ["docs", "generate"]):
        done = subprocess.run(
            [python, "-m", "dbt.cli.main", "--no-use-colors", *verb], capture_output=True, text=True, cwd=ROOT, env=environment
        )
        assert done.returncode == 0, done.stdout[-3000:]
        if verb[0] == "build":
            results = json.loads((home / "target/run_results.json").read_text())["results"]
            unit = [item["status"] for item in results if item["unique_id"].startswith("unit_test.")]
            assert len(unit) > 30
            assert set(unit) == {"pass"}
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
