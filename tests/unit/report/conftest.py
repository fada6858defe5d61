"""A published version in miniature: every mart and dimension with the columns of its contract, and the rows that a test names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onefunnel.project import project_root
from onefunnel.yaml_text import load_yaml

MakeVersion = Callable[..., Path]
MONTHS = ("2026-01-01", "2026-02-01", "2026-03-01")


@cache
def contract_columns() -> dict[str, dict[str, str]]:
    """`schema.table` -> {column: type} as the models' contracts state them."""
    found: dict[str, dict[str, str]] = {}
    for schema in ("facts", "marts"):
        for path in sorted((project_root() / "models" / schema).glob("*.yml")):
            for model in (load_yaml(path.read_text(encoding="utf-8")) or {}).get("models", []):
                columns = {column["name"]: column.get("data_type", "varchar") for column in model.get("columns", [])}
                found[f"{schema}.{model['name']}"] = columns
    return found


def default_rows() -> dict[str, list[dict[str, Any]]]:
    """Three months of leads and cost of one channel, with a dirty name."""
    channels = ("all", "seo")
    return {
        "facts.dim_channel": [
            {"channel_key": "seo", "label_en": "SEO", "label_ru": "СЕО", "channel_group": "performance", "display_order": 1}
        ],
        "facts.dim_kpi": [
            {
                "kpi_key": "leads",
                "label_en": "Leads",
                "unit": "count",
                "direction": "higher",
                "department": "marketing",
                "display_order": 1,
            },
            {"kpi_key": "sal_ratio", "label_en": "Quality", "unit": "ratio", "direction": "higher", "department": "marketing"},
        ],
        "marts.mart_kpi_monthly": [
            {"month": month, "kpi": "leads", "channel_key": channel, "numerator": 10, "value": 10 + number, "is_partial": False}
            for number, month in enumerate(MONTHS)
            for channel in channels
        ]
        + [
            {
                "month": MONTHS[2],
                "kpi": "sal_ratio",
                "channel_key": "all",
                "numerator": 20,
                "denominator": 30,
                "value": 2 / 3,
                "is_partial": False,
            }
        ],
        "marts.mart_publication": [{"version": "20260331-x", "as_of": "2026-03-31", "base_currency": "EUR"}],
        "marts.mart_speed": [{"month": MONTHS[2], "step_key": "first_contact", "owner": "=HYPERLINK(1)", "n": 3}],
    }


@pytest.fixture
def make_version(tmp_path: Path) -> MakeVersion:
    """make_version(rows={"marts.mart_x": [{...}]}, without=("marts.mart_y",)) -> path of the file."""

    def make(rows: dict[str, list[dict[str, Any]]] | None = None, without: tuple[str, ...] = (), name: str = "version.duckdb") -> Path:
        path = tmp_path / name
        given = {**default_rows(), **(rows or {})}
        with duckdb.connect(str(path)) as db:
            db.execute("create schema facts")
            db.execute("create schema marts")
            for relation, columns in contract_columns().items():
                if relation in without:
                    continue
                spelled = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                db.execute(f"create table {relation} ({spelled})")
                for row in given.get(relation, []):
                    names = ", ".join(f'"{column}"' for column in row)
                    db.execute(f"insert into {relation} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
        return path

    return make


@pytest.fixture
def version(make_version: MakeVersion) -> Path:
    """The miniature as it is."""
    return make_version()
