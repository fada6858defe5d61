"""Sources of a night are read side by side in one process; one that fails stands on its last load, and stops nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_hubspot import FakeHubSpot
from fake_server import Answer
from fake_stripe import FakeStripe

from onefunnel.config import PipelineConfig, load_config
from onefunnel.extract.transport import Refused
from onefunnel.nightly import _extract_all
from onefunnel.settings import Settings

TOKEN = "canary-of-the-night"  # noqa: S105
KEY = "a-key-for-tests-only-0123456789"


@pytest.fixture
def apis(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    apis = {"crm": FakeHubSpot(220, token=TOKEN), "other_crm": FakeHubSpot(130, seed=2, token=TOKEN), "pay": FakeStripe(350, key=TOKEN)}
    for name, api in apis.items():
        serve(api, "stripe" if name == "pay" else "hubspot", {})
    monkeypatch.setenv("NIGHT_TOKEN", TOKEN)
    return apis


def night(tmp_path: Path, apis: dict[str, Any], day: str) -> tuple[dict[tuple[str, str], int], list[str]]:
    """(rows by source and entity, stale sources) of a night."""
    blocks = [
        {"name": name, "system": "stripe" if name == "pay" else "hubspot", "connector": "api", "base_url": api.url}
        | {"secrets": {"key" if name == "pay" else "token": "NIGHT_TOKEN"}, "attempts": 2}
        for name, api in apis.items()
    ]
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": blocks}))
    config: PipelineConfig = load_config(path)
    settings = Settings(home=tmp_path / "home", hash_key=KEY)
    loads, stale = _extract_all(settings, config, date.fromisoformat(day), day, list(apis), lambda *told: None)
    return {(load["source"], load["entity"]): load["rows"] for load in loads}, stale


def test_sources_are_read_side_by_side(tmp_path: Path, apis: dict[str, Any]) -> None:
    rows, stale = night(tmp_path, apis, "2026-04-01")
    assert stale == []
    assert (rows["crm", "deals"], rows["other_crm", "deals"], rows["pay", "balance_transactions"]) == (220, 130, 350)


STAGGERED = """
import sys, threading, time
from onefunnel.extract.api import Connection
from onefunnel.sources import ApiSource
source = ApiSource(name="a", system="stripe", connector="api", secrets={"key": "NIGHT_TOKEN"})
failed = []
def connect(wait):
    # dlt is being imported, and part of it is there
    while "dlt.common.configuration.specs" not in sys.modules and wait:
        time.sleep(0.0005)
    time.sleep(wait)
    try:
        Connection(source, "sources.yml", "test")
    except ImportError as error:
        failed.append(error)
threads = [threading.Thread(target=connect, args=(number / 100,)) for number in range(40)]
[each.start() for each in threads], [each.join() for each in threads]
sys.exit(str(failed) if failed else 0)
"""


@pytest.mark.slow
def test_a_source_that_starts_while_another_imports_its_client_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own: in this one everything is imported. Without the lock two of three runs fail."""
    monkeypatch.setenv("NIGHT_TOKEN", TOKEN)
    done = subprocess.run([sys.executable, "-c", STAGGERED], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_source_that_fails_goes_stale_and_the_others_land(tmp_path: Path, apis: dict[str, Any], status: int) -> None:
    night(tmp_path, apis, "2026-04-01")
    apis["pay"].before = lambda asked: Answer({"error": {"message": "no"}}, status)
    rows, stale = night(tmp_path, apis, "2026-04-02")
    assert stale == ["pay"]
    assert {source for source, _ in rows} == {"crm", "other_crm"}


def test_a_source_that_never_landed_stops_the_night(tmp_path: Path, apis: dict[str, Any]) -> None:
    apis["pay"].before = lambda asked: Answer({"error": {"message": "no"}}, 401)
    with pytest.raises(Refused, match="refuses the credentials"):
        night(tmp_path, apis, "2026-04-01")
