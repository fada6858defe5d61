"""The project's own models as SQL to run without dbt: compiled once, executed many times against scratch databases.

A dbt process costs five seconds before its first query. Simulations and property tests need thousands of runs of the real SQL, so they take
what `dbt compile` produced and execute it in the order of the manifest.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from onefunnel.dbt import PROGRAM, child_environment
from onefunnel.landing.register import show_stages
from onefunnel.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class CompiledModel:
    """One model: its quoted relation, its schema, whether dbt makes it a view, and the compiled select."""

    name: str
    relation: str
    schema: str
    is_view: bool
    sql: str
    depends_on: tuple[str, ...]


def compile_models(select: Iterable[str], home: Path, target: Path) -> list[CompiledModel]:
    """Models of a dbt selection, parents before children.

    home: holds warehouse.duckdb, which models that look at the landing while compiling read; target: where dbt leaves its files.
    Raises RuntimeError with dbt's own words when the project does not compile.
    """
    for folder in (home, target):
        folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema if not exists landing")
        show_stages(warehouse, {})
    done = subprocess.run(
        PROGRAM,
        input=json.dumps(["compile", "--select", *select]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=child_environment(load_settings(home=home)) | {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)},
    )
    if done.returncode:
        raise RuntimeError(f"dbt compile failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return read_models(target)


def read_models(target: Path) -> list[CompiledModel]:
    """What dbt compiled into a target folder, parents before children."""
    manifest = json.loads((target / "manifest.json").read_text())
    models = {
        key: CompiledModel(
            name=node["name"],
            relation=node["relation_name"],
            schema=node["schema"],
            is_view=node["config"]["materialized"] == "view",
            sql=node["compiled_code"],
            depends_on=tuple(node["depends_on"]["nodes"]),
        )
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled_code")
    }
    ordered: dict[str, CompiledModel] = {}

    def place(key: str) -> None:
        if key in models and key not in ordered:
            for parent in models[key].depends_on:
                place(parent)
            ordered[key] = models[key]

    for key in models:
        place(key)
    return list(ordered.values())


def scratch_warehouse() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database under the name that compiled relations carry."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("use warehouse")
    return connection


def load_seeds(connection: duckdb.DuckDBPyConnection, names: Iterable[str], *, project: Path = ROOT) -> None:
    """Seeds as tables of schema seeds, as `dbt seed` makes them."""
    connection.execute("create schema if not exists seeds")
    for name in names:
        path = str(project / "seeds" / f"{name}.csv").replace("'", "''")
        connection.execute(f"create or replace table seeds.{name} as select * from read_csv('{path}', header = true, nullstr = '')")
        if key := {"factor_owners": "factor", "kpis": "kpi_key"}.get(name):
            # such a line stands for those of another funnel
            connection.execute(f"delete from seeds.{name} where {key} like '%{{stage}}%'")


def run_models(connection: duckdb.DuckDBPyConnection, models: Iterable[CompiledModel]) -> None:
    """Build the models in the order given."""
    for model in models:
        connection.execute(f'create schema if not exists "{model.schema}"')
        kind = "view" if model.is_view else "table"
        connection.execute(f"create or replace {kind} {model.relation} as {model.sql}")
