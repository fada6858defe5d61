"""Fixtures of the extraction tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest_landing import Landing
from rest_source import TOKEN, Api, Source

from onefunnel.extract import rest


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.*"})


@pytest.fixture
def csv(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.csv"})


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "crm.sqlite"
    monkeypatch.setenv("CRM_DATABASE_URL", f"sqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("create table leads (lead_id integer, name text, amount numeric, updated_at text)")
    yield connection
    connection.close()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(rest, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


@pytest.fixture
def source(tmp_path: Path, api: Api) -> Source:
    return Source(tmp_path, api)
