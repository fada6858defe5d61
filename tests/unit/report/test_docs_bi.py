"""The queries in docs/bi.md run on a published version."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import duckdb
import pytest

from onefunnel.project import project_root

TEXT = (project_root() / "docs" / "bi.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.S)


def test_there_are_queries_to_run() -> None:
    assert len(QUERIES) >= 3


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs(version: Path, query: str) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        assert db.execute(query).description


def test_every_python_example_parses() -> None:
    for example in re.findall(r"```python\n(.*?)```", TEXT, re.S):
        ast.parse(example)


def test_every_mart_it_names_is_published(version: Path) -> None:
    with duckdb.connect(str(version), read_only=True) as db:
        known = {name for (name,) in db.execute("select table_name from duckdb_tables()").fetchall()}
    assert set(re.findall(r"\b(?:mart|dim)_[a-z_]+[a-z]", TEXT)) <= known
