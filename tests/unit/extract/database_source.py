"""A source that is a table of a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from conftest_landing import Landing

from onefunnel.config import load_config
from onefunnel.extract import extract_source
from onefunnel.interval import Interval


class Source:
    """One table of a database, landed into a home of its own."""

    def __init__(self, folder: Path, system: str = "other", entity: str = "rows", **options: Any) -> None:
        self.landing = Landing(folder, {}, system=system, entity=entity)
        self.options: dict[str, Any] = {"table": "leads", **options}
        self.source: dict[str, Any] = {"url_env": "CRM_DATABASE_URL"}

    def land(self, as_of: str = "2024-06-01") -> Any:
        content = {"name": "src", "system": self.landing.system, "connector": "database", **self.source}
        path = self.landing.folder / "sources.yml"
        path.write_text(yaml.safe_dump({"version": 1, "sources": [content | {"entities": {self.landing.entity: self.options}}]}))
        config = load_config(path)
        return extract_source(config, config.sources[0], Interval.for_as_of(date.fromisoformat(as_of)), self.landing.settings)[0]
