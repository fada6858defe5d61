"""Two analysts and the same night once more at the same time; and a changed formula, whose difference is the one that pandas finds."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from nights import DEMO_AS_OF, ROOT, RunCli

from onefunnel.dbt import child_environment
from onefunnel.locking import BUILD_LOCK, is_locked
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow
KEY = ["month", "kpi", "channel_key"]
FORMULA = "models/intermediate/kpi/int_kpi_entries.sql"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, demo_home: Path, run_cli: RunCli) -> Path:
    """A demo home with the sandboxes ann and bob."""
    copy = tmp_path_factory.mktemp("desk") / "home"
    shutil.copytree(demo_home, copy, symlinks=True)
    for name in ("ann", "bob"):
        run_cli("sandbox", name, "--home", copy)
    return copy


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An analyst's clone in which revenue no longer subtracts refunds."""
    clone = tmp_path_factory.mktemp("clone") / "project"
    clone.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(ROOT / name, clone / name)
    for name in ("models", "seeds", "dbt_project"):
        shutil.copytree(ROOT / name, clone / name)
    model = clone / FORMULA
    text = model.read_text(encoding="utf-8")
    net = "select 'revenue', channel_key, paid_date, paid_date, sum(entry_sign * amount_base), sum(entry_sign)\n    from payments\n"
    assert net in text
    model.write_text(text.replace(net, f"{net}    where amount_base > 0\n"), encoding="utf-8")
    return clone


def dbt(python: str, home: Path, name: str, project: Path, *arguments: str) -> subprocess.Popen[str]:
    """What an analyst types in a shell that has read the sandbox's env, in a clone of the project."""
    command = ["sh", "-c", '. "$0" && exec "$@"', home / "sandboxes" / name / "env", python, "-m", "dbt.cli.main", "--no-use-colors"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "ONEFUNNEL_"))}
    environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    return subprocess.Popen(
        [*map(str, command), *arguments], cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def ended_well(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said[-3000:]
    return said


def production(home: Path) -> dict[str, str]:
    """Every file of a home but those of sandboxes and locks, by its bytes."""
    files = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock" and "sandboxes" not in path.parts]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def published_tables(home: Path) -> dict[str, object]:
    """Row counts and content hashes of everything published, less the two marts that name the version itself."""
    tables = json.loads((home / "published" / "manifest.json").read_text())["tables"]
    return {name: table for name, table in tables.items() if name not in ("marts.mart_publication", "marts.mart_data_quality")}


def landed_parts(home: Path) -> list[Path]:
    return sorted(path.relative_to(home) for path in (home / "landing").rglob("*.parquet"))


def kpis(file: Path) -> pd.DataFrame:
    with duckdb.connect(str(file), read_only=True) as db:
        return db.execute("from marts.mart_kpi_monthly").df()


def test_a_changed_formula_changes_what_a_full_comparison_finds(home: Path, changed: Path, python: str, run_cli: RunCli) -> None:
    before = production(home)
    both = [
        dbt(python, home, "ann", changed, "run", "--select", "state:modified+"),
        dbt(python, home, "bob", ROOT, "ls", "-s", "state:modified"),
    ]
    said, nothing = [ended_well(process) for process in both]
    assert "incremental model intermediate.int_kpi_entries" in said
    assert "int_ad_spend" not in said
    assert "does not match any enabled nodes" in nothing
    answer = json.loads(run_cli("diff", "ann", "--json", "--page", "--home", home, code=4).stdout)
    then, now = kpis(home / "warehouse.duckdb"), kpis(home / "sandboxes/ann/warehouse.duckdb")
    merged = then.merge(now, on=KEY, how="outer", suffixes=("_then", "_now"))
    differs = merged[~(merged.value_then.eq(merged.value_now) | (merged.value_then.isna() & merged.value_now.isna()))]
    wanted = {(row.kpi, f"{row.month:%Y-%m}", row.channel_key, row.value_then, row.value_now) for row in differs.itertuples()}
    assert {(cell["kpi"], cell["month"], cell["channel_key"], cell["then"], cell["now"]) for cell in answer["kpi_cells"]} == wanted
    assert {cell[0] for cell in wanted} == {"revenue"}
    touched = {mart["name"] for mart in answer["marts"] if mart["changed"] or mart["added"] or mart["gone"]}
    assert "mart_kpi_daily" in touched
    assert not {"mart_speed", "mart_funnel_cohort", "mart_rejections"} & touched
    assert Path(answer["page"]).stat().st_size > 100_000
    assert "revenue" in run_cli("diff", "ann", "--home", home, code=4).stdout
    assert run_cli("diff", "bob", "--home", home).stdout.endswith("marts are as they were.\n")
    assert production(home) == before


def test_the_gate_and_the_data_tests_judge_the_sandbox(home: Path, demo_source: Path, run_cli: RunCli) -> None:
    """The second time revenue disagrees with the payments."""
    sources = ("--sources", demo_source / "sources.yml", "--home", home)
    assert json.loads(run_cli("sandbox", "bob", "--check", "--json", *sources).stdout)["passed"] is True
    with duckdb.connect(str(home / "sandboxes/bob/warehouse.duckdb")) as db:
        db.execute("update marts.mart_kpi_monthly set numerator = numerator + 1 where kpi = 'revenue' and channel_key = 'all'")
    refused = json.loads(run_cli("sandbox", "bob", "--check", "--json", *sources, code=3).stdout)
    assert refused["passed"] is False
    assert {"assert_kpis_tie_to_facts"} & {test["name"] for test in refused["failed_tests"]}


def test_two_sandboxes_and_a_night_at_once(
    home: Path, demo_home: Path, demo_source: Path, python: str, run_cli: RunCli, hash_key: str, tmp_path: Path
) -> None:
    """The night is that of the same day once more: it lands nothing again and publishes the same."""
    parts, said = landed_parts(home), tmp_path / "said.json"
    options = ("--sources", demo_source / "sources.yml", "--home", home, "--as-of", DEMO_AS_OF, "--json")
    night = subprocess.Popen(
        ["sh", "-c", 'exec "$@" > "$0"', said, python, "-m", "onefunnel.cli.main", "run", *options],
        env=os.environ | {"ONEFUNNEL_HASH_KEY": hash_key},
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not is_locked(home / BUILD_LOCK):
        assert night.poll() is None, night.communicate()[0][-3000:]
    builds = [dbt(python, home, name, ROOT, "build", "-s", "mart_rejections") for name in ("ann", "bob")]
    run_cli("sandbox", "eve", "--home", home)
    assert is_locked(home / BUILD_LOCK), "the night ended before the sandbox was made: nothing is shown"
    assert "Nothing" in run_cli("diff", "eve", "--home", home).stdout
    for process in (*builds, night):
        ended_well(process)
    assert json.loads(said.read_text())["stale"] == []
    assert landed_parts(home) == parts
    assert published_tables(home) == published_tables(demo_home)


def test_production_refuses_a_build_by_hand(home: Path, python: str) -> None:
    """Whoever asks twice gets it: so build test_night.py and test_going_on.py."""
    environment = child_environment(Settings(home=home)) | {"STARTED_BY_ONEFUNNEL": ""}
    command = [python, "-m", "dbt.cli.main", "--no-use-colors", "run", "-s", "mart_rejections"]
    refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "onefunnel sandbox NAME" in refused.stdout
    assert "OK created" not in refused.stdout
