"""The flip itself: whoever looks, at whatever moment, finds a version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from onefunnel.durable import flip_symlink

FLIPS = 500
WATCH = """
import os, sys
link = sys.argv[1]
print("watching", flush=True)
seen = set()
while not os.path.exists(link + ".done"):
    seen.add(os.readlink(link))
print(len(seen))
"""


def test_there_is_no_moment_without_a_link(tmp_path: Path) -> None:
    """A process that does nothing but look: between two steps it would find no link, and BI no version."""
    link = tmp_path / "current.duckdb"
    flip_symlink(link, "0.duckdb")
    with subprocess.Popen([sys.executable, "-c", WATCH, str(link)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout
        assert watcher.stdout.readline() == "watching\n"
        for number in range(1, FLIPS + 1):
            flip_symlink(link, f"{number}.duckdb")
        Path(f"{link}.done").touch()
        said, error = watcher.communicate(timeout=60)
    assert watcher.returncode == 0, error
    assert int(said) > 1
