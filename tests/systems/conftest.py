"""A server that plays a system, and homes whose source reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeApi, serving
from source_home import Home

from onefunnel.extract import transport
from onefunnel.systems import description_of


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0.01)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Home]]:
    """serve(api, "hubspot", secrets): a home whose source reads that fake with these secrets; again for another home beside it."""
    running: dict[int, Any] = {}

    def start(api: FakeApi, system: str, secrets: dict[str, str], **options: Any) -> Home:
        if id(api) not in running:
            running[id(api)] = serving(api)
            api.url = running[id(api)].__enter__()
        for name, value in secrets.items():
            monkeypatch.setenv(f"TEST_{name.upper()}", value.replace("{url}", api.url))
        names = {name: f"TEST_{name.upper()}" for name in description_of(system).secrets}
        known = {"deadline_seconds": 20, "base_url": api.url, "secrets": names}
        home = Home(tmp_path / f"home{len(list(tmp_path.iterdir()))}", system, known | options)
        home.folder.mkdir()
        return home

    yield start
    for each in running.values():
        each.__exit__(None, None, None)
