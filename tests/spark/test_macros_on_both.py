"""Every dispatched macro comes to the same on DuckDB and on Spark: one table of inputs and results, macros.yml."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
import yaml
from nights import ROOT

from onefunnel.dbt import PROGRAM, child_environment
from onefunnel.settings import Settings
from onefunnel.spark.environment import PROGRAM as ON_SPARK
from onefunnel.spark.handover import session_settings

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(900)]
CASES = {
    name: case for line in yaml.safe_load((ROOT / "tests/spark/macros.yml").read_text(encoding="utf-8")) for name, case in line.items()
}
# What has no result of its own: statements of hooks, and a word of DuckDB's. Whole builds show them.
SHOWN_BY_BUILDS = {"delete_rows", "insert_rows", "update_rows", "write_marks", "empty_replaced_rows", "not_materialized", "groups"}


def asked() -> str:
    shown = ", ".join(f"cast({case['sql']} as string) as case_{number}" for number, case in enumerate(CASES.values()))
    return f"select {shown}"


def shown(program: tuple[str, ...], environment: dict[str, str]) -> dict[str, str | None]:
    arguments = ["show", "--inline", asked(), "--output", "json", "--limit", "1"]
    done = subprocess.run(
        program, input=json.dumps(arguments) + "\n", cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    rows = [event["msg"] for event in said if event["name"] == "ShowNode"]
    assert rows, done.stdout[-3000:] + done.stderr[-2000:]
    (row,) = json.loads(rows[0])["show"]
    return dict(zip(CASES, row.values(), strict=True))


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    settings = Settings(home=tmp_path_factory.mktemp("duckdb"))
    settings.paths.logs.mkdir()
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create schema landing; create table landing.keys as from range(1, 3) as keys(id)")
    return shown(PROGRAM, child_environment(settings))


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory: pytest.TempPathFactory, spark_python: Path) -> dict[str, str | None]:
    settings = Settings(home=tmp_path_factory.mktemp("spark"), engine="spark", spark_python=spark_python)
    settings.paths.logs.mkdir()
    keys = settings.paths.spark / "keys"
    keys.mkdir(parents=True)
    duckdb.sql("from range(1, 3) as keys(id)").write_parquet(str(keys / "rows.parquet"))
    told = {
        "settings": session_settings(settings, settings.paths.spark, 0),
        "landing": [{"name": "keys", "columns": [("id", "bigint")], "folder": str(keys)}],
    }
    (settings.paths.spark / "told.json").write_text(json.dumps(told))
    return shown((str(spark_python), *ON_SPARK), child_environment(settings))


@pytest.mark.parametrize("name", CASES)
def test_comes_to_the_same(name: str, on_duckdb: dict[str, str | None], on_spark: dict[str, str | None]) -> None:
    assert {"duckdb": on_duckdb[name], "spark": on_spark[name]} == {"duckdb": CASES[name]["gives"], "spark": CASES[name]["gives"]}


def test_every_dispatched_macro_is_in_the_table() -> None:
    text = "".join(
        (ROOT / "dbt_project/macros" / name).read_text(encoding="utf-8")
        for name in ("engine.sql", "patterns.sql", "changes.sql", "increment.sql")
    )
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", text))
    shown_here = {name for name in dispatched if any(f"{name}(" in case["sql"] for case in CASES.values())}
    assert dispatched - shown_here - SHOWN_BY_BUILDS == set()
