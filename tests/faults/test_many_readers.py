"""Fault 19: twenty readers during two hundred publications. No error, one version per connection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_home import publish_number, settings_of

TESTS = Path(__file__).resolve().parent.parent
READERS, PUBLICATIONS = 20, 200
READ = """
import pathlib, sys, time
from small_home import shown_numbers
current, stop = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
reads, seen = 0, set()
deadline = time.monotonic() + 500
while not stop.exists() and time.monotonic() < deadline:
    numbers = shown_numbers(current)
    assert len(numbers) == 1, numbers
    seen |= numbers
    reads += 1
    time.sleep(1.5)
print(reads, len(seen))
"""


@pytest.mark.slow
def test_twenty_readers_see_no_error_during_two_hundred_publications(tmp_path: Path) -> None:
    settings, stop = settings_of(tmp_path / "home", keep_versions=2), tmp_path / "stop"
    publish_number(settings, 0)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ, settings.paths.current, stop],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(TESTS), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )
        for _ in range(READERS)
    ]
    try:
        for number in range(1, PUBLICATIONS + 1):
            publish_number(settings, number)
    finally:
        stop.touch()
        outcomes = [reader.communicate(timeout=60) for reader in readers]
    assert [(reader.returncode, errors) for reader, (_, errors) in zip(readers, outcomes, strict=True)] == [(0, "")] * READERS
    counts = [tuple(map(int, printed.split())) for printed, _ in outcomes]
    assert all(reads > 0 for reads, _ in counts)
    assert sum(versions for _, versions in counts) > READERS, "the readers met several versions"
