"""A source of one system in a home of its own, read from a fake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from onefunnel.config import load_config
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.landing.loads import LoadManifest, current_files, list_loads
from onefunnel.settings import Settings

HASH_KEY = "a-key-for-tests-only-0123456789"
PROVENANCE = ("_file", "_row", "_source", "_load_id", "_typed")


@dataclass
class Home:
    """One source. options: more keys of its block."""

    folder: Path
    system: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home", hash_key=HASH_KEY)

    def land(self, day: str = "2026-04-01", *entities: str) -> dict[str, LoadManifest]:
        """Extract a day; only these entities, if any are named."""
        block = {"name": "src", "system": self.system, "connector": "api", **self.options}
        block |= {"entities": {name: {} for name in entities}} if entities else {}
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "sources.yml"
        path.write_text(yaml.safe_dump({"version": 1, "sources": [block]}), encoding="utf-8")
        config = load_config(path)
        loads = extract_source(config, config.sources[0], Interval.for_as_of(date.fromisoformat(day)), self.settings)
        return {load.entity: load for load in loads}

    def loads(self, entity: str) -> list[LoadManifest]:
        return list_loads(self.folder / "home" / "landing", self.system, entity, "src")

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Every current row, oldest load first."""
        found: list[dict[str, Any]] = []
        for load, item in current_files(self.loads(entity)):
            part = load.folder(self.folder / "home" / "landing") / item.part
            table = duckdb.sql(f"select * from read_parquet('{part}', hive_partitioning = false) order by _row")
            found += [
                {name: value for name, value in zip(table.columns, row, strict=True) if name not in PROVENANCE} for row in table.fetchall()
            ]
        return found

    def newest(self, entity: str, *key: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """The newest row of each key, as staging takes it."""
        return {tuple(row[name] for name in key): row for row in self.rows(entity)}

    def days(self, entity: str, day: str = "date") -> list[dict[str, Any]]:
        """The rows of each day from the last load that has the day, as `overlap: days` takes them."""
        latest: dict[str, list[dict[str, Any]]] = {}
        for load, item in current_files(self.loads(entity)):
            part = load.folder(self.folder / "home" / "landing") / item.part
            table = duckdb.sql(f"select * exclude ({', '.join(PROVENANCE)}) from read_parquet('{part}', hive_partitioning = false)")
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
            latest |= {each: [row for row in rows if row[day] == each] for each in {row[day] for row in rows}}
        return [row for each in sorted(latest) for row in sorted(latest[each], key=str)]

    @property
    def bytes(self) -> bytes:
        """Whatever was written into its folder."""
        return b"".join(path.read_bytes() + str(path).encode() for path in self.folder.rglob("*") if path.is_file())
