"""Fixtures of the extraction tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest_landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.*"})


@pytest.fixture
def csv(tmp_path: Path) -> Landing:
    return Landing(tmp_path, {"path": "*.csv"})
