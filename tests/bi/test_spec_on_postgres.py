"""The SQL of every dataset and metric of the dashboards, as Postgres takes it, gives what DuckDB gives."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml
from nights import ROOT
from postgres_server import running_postgres
from pydantic import SecretStr

from onefunnel.publish import postgres
from onefunnel.publish.manifest import current_version
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow
DATASETS: dict[str, Any] = yaml.safe_load((ROOT / "dashboards/superset/spec.yml").read_text(encoding="utf-8"))["datasets"]


def test_the_datasets_are_the_same_on_postgres(demo_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_home / "published", home / "published", symlinks=True)
    (tmp_path / "server").mkdir()
    with running_postgres(tmp_path / "server", "admin") as address:
        url = f"postgresql://admin@{address}/postgres"
        settings = Settings(home=home, publish_postgres_url=SecretStr(url))
        postgres.show(settings, str(current_version(settings)))
        with psycopg.connect(url) as server, duckdb.connect(str(settings.paths.current), read_only=True) as file:
            for name, dataset in DATASETS.items():
                metrics = ", ".join(f"{given['sql']} as {metric}" for metric, given in dataset["metrics"].items())
                query = f"select {dataset['time']}, {metrics} from ({dataset['sql']}) as dataset group by {dataset['time']} order by 1"
                ours, theirs = file.execute(query).fetchall(), server.execute(query).fetchall()
                assert len(ours) > 3, name
                assert [rounded(row) for row in theirs] == [rounded(row) for row in ours], name


def rounded(row: tuple[Any, ...]) -> list[Any]:
    """Both divide, one in decimals and one in floating point."""
    return [f"{float(value):.6g}" if hasattr(value, "__float__") else value for value in row]
