"""Everything here provokes a fault for real: killed processes, full disks, dead channels."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
RunCode = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(TESTS / "faults"):
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def run_code() -> RunCode:
    """Run Python code in a process of its own; `killed` says that it must die by SIGKILL."""

    def run(code: str, *arguments: object, killed: bool = False, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(TESTS), **(env or {})},
        )
        expected = -signal.SIGKILL if killed else 0
        assert done.returncode == expected, f"exit {done.returncode}, expected {expected}\n{done.stderr[-2000:]}"
        return done

    return run
