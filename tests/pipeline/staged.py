"""One staging model, as dbt compiled it for a real night, on rows made in memory: what a text is read as, in milliseconds."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import duckdb

from onefunnel.extract.normalise import quoted
from onefunnel.project import project_root

AS_OF_END = datetime(2026, 3, 31, 22)
SETTINGS = ("source_name", "source_system", "time_zone", "date_order", "decimal_separator", "currency", "date_formats")


class StagedModels:
    """Staging of the template system. Sources are told apart by how they write: `declare` one, then `stage` rows of it."""

    def __init__(self, home: Path):
        manifest = json.loads((home / "target" / "manifest.json").read_text(encoding="utf-8"))
        self._code = {node["name"]: node["compiled_code"] for node in manifest["nodes"].values() if "compiled_code" in node}
        self._columns: dict[str, list[str]] = {}
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as built:
            for (name,) in built.execute("select view_name from duckdb_views() where view_name like 'template%'").fetchall():
                self._columns[name] = [row[0] for row in built.execute(f'describe landing."{name}"').fetchall()]
        self.db = duckdb.connect()
        self.db.execute("set TimeZone = 'Asia/Kolkata'; attach ':memory:' as warehouse; use warehouse; create schema landing")
        self.db.execute(
            "create table landing.pipeline_run as select date '2026-03-31' as as_of, timestamp '2026-03-31 22:00' as as_of_end_at, "
            "'Europe/Berlin' as reporting_time_zone, 'EUR' as base_currency, 1 as build_number"
        )
        self.db.execute(f"create table landing.source_settings ({', '.join(f'{name} varchar' for name in SETTINGS)})")
        self.db.execute(
            "create table landing.files (source_name varchar, load_id varchar, entity varchar, file_name varchar, landed_at timestamp)"
        )

        self.db.execute(
            "create schema seeds; create table seeds.channel_mapping (source_system varchar, source_value varchar, channel_key varchar); "
            f"create table seeds.currencies as select * from read_csv('{project_root() / 'seeds' / 'currencies.csv'}')"
        )

    def declare(
        self, name: str, *, date_order: str = "ymd", separator: str = ".", currency: str = "EUR", zone: str = "Europe/Berlin"
    ) -> None:
        self.db.execute("delete from landing.source_settings where source_name = ?", [name])
        self.db.execute(
            "insert into landing.source_settings values (?, 'template', ?, ?, ?, ?, null)", [name, zone, date_order, separator, currency]
        )

    def stage(self, entity: str, source: str, rows: list[dict[str, str | None]], chosen: str) -> list[tuple]:
        """These columns of the staged rows, in the order of the rows."""
        name = f"template__{entity}"
        columns = self._columns[name]
        self.db.execute(f'create or replace table landing."{name}" ({", ".join(f"{quoted(column)} varchar" for column in columns)})')
        fixed = {"_source": source, "_load_id": "l", "_file": "f"}
        values = [[{**row, **fixed, "_row": f"{number:09}"}.get(column) for column in columns] for number, row in enumerate(rows)]
        self.db.executemany(f'insert into landing."{name}" values ({", ".join("?" * len(columns))})', values)
        return self.db.execute(f"select {chosen} from ({self._code[f'stg_template__{entity}']}) order by row_number").fetchall()
