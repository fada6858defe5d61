"""A home of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_home import settings_of

from onefunnel.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home", keep_versions=3)
