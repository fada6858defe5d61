"""Faults 1 and 5 on a whole night: kill -9 while extracting and in dbt; two runs at once. Then a night as if nothing had happened.

Kills while copying and publishing are in test_kill_during_publication, kills of a gate in tests/unit/quality/test_process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onefunnel.faultpoints import VARIABLE
from onefunnel.publish.manifest import current_manifest
from onefunnel.publish.status import status
from onefunnel.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
AS_OF = "2026-03-31"


@contextlib.contextmanager
def night_in_background(home: Path, source: Path, hash_key: str) -> Iterator[subprocess.Popen[bytes]]:
    """A night in a process group of its own, so that a kill takes dbt and the gate process with it, as a power cut would."""
    process = subprocess.Popen(
        [sys.executable, "-m", "onefunnel.cli.main", "run", "--sources", source / "sources.yml", "--home", home, "--as-of", AS_OF],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "ONEFUNNEL_HASH_KEY": hash_key},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


def is_building(home: Path) -> bool:
    """Whether dbt knows its graph and begins to write the warehouse."""
    if not (home / "state.sqlite").exists():
        return False
    with contextlib.closing(sqlite3.connect(home / "state.sqlite", timeout=30)) as db, contextlib.suppress(sqlite3.OperationalError):
        started = db.execute("select 1 from steps where step = 'build' and status = 'running'").fetchone()
        return bool(started) and (home / "target" / "graph_summary.json").exists()
    return False


def test_a_night_killed_twice_ends_like_an_undisturbed_one(
    tmp_path: Path, demo_source: Path, demo_home: Path, run_cli: Any, hash_key: str
) -> None:
    home = tmp_path / "home"
    settings = Settings(home=home)
    night = ("run", "--sources", demo_source / "sources.yml", "--home", home, "--as-of", AS_OF)

    run_cli(*night, code=-signal.SIGKILL, env={VARIABLE: "extract.before_rename"})
    assert not list(home.glob("landing/*/*/source=*/load=*")), "a load is whole or absent"

    with night_in_background(home, demo_source, hash_key) as first:
        wait_for(lambda: is_building(home))
        second = run_cli(*night, code=1)
        assert f"process {first.pid}" in second.stderr, "the second run says who holds the home"
        os.killpg(first.pid, signal.SIGKILL)
    assert any("was killed" in problem for problem in status(settings).problems)
    assert status(settings).sentence == "BI shows nothing yet"

    run_cli(*night, timeout=600)
    assert not status(settings).problems
    disturbed, calm = current_manifest(settings), current_manifest(Settings(home=demo_home))
    assert {name for name, table in calm.tables.items() if disturbed.tables[name] != table} == set()
    assert disturbed.tables.keys() == calm.tables.keys()
