"""Run the models that dbt compiled for a real night, in dependency order, on landing tables made in memory: a build in about a second."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

SOURCE = "demo"
LOAD_ID = "20260401T000000-0123abcd"
Rows = list[dict[str, str | None]]
Files = dict[str, Rows]


class CompiledModels:
    """The warehouse of a home without its data: seeds and settings stay, landing is what a test puts in."""

    def __init__(self, home: Path):
        manifest = json.loads((home / "target" / "manifest.json").read_text(encoding="utf-8"))
        # a night builds the models of its own systems only
        nodes = manifest["nodes"].items()
        models = {key: node for key, node in nodes if node["resource_type"] == "model" and "compiled_code" in node}
        order = TopologicalSorter(
            {key: [parent for parent in node["depends_on"]["nodes"] if parent in models] for key, node in models.items()}
        )
        self._models = {key: models[key] for key in order.static_order()}
        self.db = duckdb.connect(config={"threads": 1})
        self.db.execute("attach ':memory:' as warehouse; use warehouse")
        self.db.execute(f"attach '{home / 'warehouse.duckdb'}' as built (read_only)")
        relations = self.db.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'built' and table_schema in ('seeds', 'landing') and not starts_with(table_name, 'new_')"
        ).fetchall()
        for schema in ("seeds", "landing", "staging", "intermediate", "facts", "marts"):
            self.db.execute(f"create schema {schema}")
        self._columns: dict[str, list[str]] = {}
        for schema, name in relations:
            is_delivered = schema == "landing" and "__" in name
            condition = "where false" if is_delivered else ""
            self.db.execute(f'create table {schema}."{name}" as select * from built.{schema}."{name}" {condition}')
            if is_delivered and name.startswith("template__"):
                described = self.db.execute(f'describe landing."{name}"').fetchall()
                self._columns[name.removeprefix("template__")] = [row[0] for row in described]
        self.db.execute("detach built")
        self.db.execute("delete from landing.loads; delete from landing.rejected_rows; delete from landing.previous_kpi_monthly")

    def build(self, files: Files, as_of: date, as_of_end: datetime, wanted: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Land these template rows, run the models that are wanted and all they are made of, and give the warehouse to look at."""
        self.db.execute("update landing.pipeline_run set as_of = ?, as_of_end_at = ?", [as_of, as_of_end])
        self.db.execute("delete from landing.loads; delete from landing.files")
        for entity, columns in self._columns.items():
            self.db.execute(f'delete from landing."template__{entity}"')
            rows = files.get(entity, [])
            self.db.execute(
                "insert into landing.loads values (?, 'template', ?, ?, ?, ?, ?, 'sha', 1, true)",
                [SOURCE, entity, LOAD_ID, as_of_end, as_of_end, len(rows)],
            )
            self.db.execute("insert into landing.files values (?, ?, ?, ?, 1, ?)", [SOURCE, entity, LOAD_ID, f"{entity}.csv", as_of_end])
            if rows:
                self._insert(entity, columns, rows)
        needed = self._with_parents(wanted)
        for key, model in self._models.items():
            relation, versions = model["relation_name"], model["config"]["meta"].get("versions")
            if key not in needed:
                self.db.execute(f"drop table if exists {relation}")
                continue
            self.db.execute(f"create or replace table {relation} as {model['compiled_code']}")
            if versions:
                self._mark_superseded(relation, **versions)
        return self.db

    def _with_parents(self, names: Iterable[str]) -> set[str]:
        waiting, found = [f"model.onefunnel.{name}" for name in names], set()
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += [parent for parent in self._models[key]["depends_on"]["nodes"] if parent in self._models]
        return found

    def _mark_superseded(
        self, relation: str, by: str, columns: Iterable[str] = (), clock: str | None = None, voids: str | None = None, **_: str
    ) -> None:
        """What the models' post-hook does with one file per entity, said more simply: it is no part of what dbt compiles."""
        own_clock = f"{clock} desc nulls last, " if clock else ""
        rank, position = ("dense_rank", "") if by == "file" else ("row_number", ", row_number desc")
        self.db.execute(
            f"update {relation} as staged set is_newest = false from (select *, {rank}() over (partition by "
            f"{', '.join(['version_key', *columns])} order by load_id desc, {own_clock}file_name desc{position}) as version_rank "
            f"from {relation} where quarantine_rule is null or quarantine_rule = '{voids}') as ranked "
            "where version_rank > 1 and staged.version_key = ranked.version_key "
            "and staged.file_name = ranked.file_name and staged.row_number = ranked.row_number"
        )

    def _insert(self, entity: str, columns: list[str], rows: Rows) -> None:
        provenance = {"_source": SOURCE, "_load_id": LOAD_ID, "_file": f"{entity}.csv"}
        values = [[{**row, **provenance, "_row": number}.get(name) for name in columns] for number, row in enumerate(rows, start=1)]
        self.db.executemany(f'insert into landing."template__{entity}" values ({", ".join("?" * len(columns))})', values)


def everything(db: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> dict[str, list[tuple]]:
    """All rows of some relations, in one order whatever the order they are stored in."""
    return {relation: sorted(db.execute(f"select * from {relation}").fetchall(), key=repr) for relation in relations}
