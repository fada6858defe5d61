"""A small landing of its own for each test: write files, land them, read back what landed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from onefunnel.config import PipelineConfig, load_config
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.landing.loads import REJECTED, LoadManifest, current_files, list_loads
from onefunnel.settings import Settings

KEY = "a-key-for-tests-only-0123456789"


@dataclass
class Landing:
    """One source of one entity in a folder, and its home."""

    folder: Path
    options: dict[str, Any] = field(default_factory=lambda: {"path": "*.*"})
    source: dict[str, Any] = field(default_factory=dict)
    system: str = "other"
    entity: str = "rows"
    key: str | None = KEY
    time_zone: str = "UTC"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, hash_key=self.key)

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @property
    def config(self) -> PipelineConfig:
        entity = {"connector": "files", "entities": {self.entity: self.options}}
        content = {"version": 1, "sources": [{"name": "src", "system": self.system, **entity, **self.source}]}
        path = self.folder / "in" / "sources.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return load_config(path)

    def land(self, as_of: str = "2024-06-01") -> LoadManifest:
        config = self.config
        return extract_source(config, config.sources[0], Interval.for_as_of(date.fromisoformat(as_of), self.time_zone), self.settings)[0]

    @property
    def loads(self) -> list[LoadManifest]:
        return list_loads(self.home / "landing", self.system, self.entity, "src")

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Current rows in landed order; all delivered columns unless named."""
        found: list[tuple[Any, ...]] = []
        for load, item in current_files(self.loads):
            delivered = "columns(lambda name: name not in ('_file', '_row', '_source', '_load_id', '_typed'))"
            chosen = ", ".join(f'"{name}"' for name in columns) or delivered
            part = load.folder(self.home / "landing") / item.part
            found += duckdb.sql(f"select {chosen} from read_parquet('{part}', hive_partitioning = false) order by _row").fetchall()
        return found

    def rejected(self) -> list[tuple[str, int, str]]:
        """(file, position, rule) of every row set aside in current loads."""
        found: list[tuple[str, int, str]] = []
        for load in self.loads:
            path = load.folder(self.home / "landing") / REJECTED
            if path.exists():
                found += duckdb.sql(f"select _file, _row, rule from read_parquet('{path}', hive_partitioning = false)").fetchall()
        return found
