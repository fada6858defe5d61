"""A home and a channel of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from receiver import Receiver
from small_home import settings_of

from onefunnel.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, channel: Receiver) -> Settings:
    return settings_of(tmp_path / "home", alert_urls=SecretStr(channel.url))
