"""Fault 3: disk full and memory limit. Fails clearly, the old version stays, nothing half-written remains."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_home import build_warehouse, publish_number, settings_of, shown_numbers

from onefunnel.errors import OnefunnelError
from onefunnel.publish.candidate import leftovers, make_candidate
from onefunnel.publish.status import status

TMPFS_MEGABYTES = 12
LIMITED = """
import resource, sys
from pathlib import Path
from small_home import publish_number, settings_of
from onefunnel.errors import OnefunnelError
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
from onefunnel.publish.candidate import make_candidate
from datetime import date
try:
    make_candidate(settings_of(Path(sys.argv[1])), None, date(2026, 3, 31), 'run')
except OnefunnelError as error:
    print(error.message)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; skipped where this process may not mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MEGABYTES}m", "tmpfs", str(disk)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("mounting a small tmpfs needs root; the limit on file size is tested instead")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_the_old_version_and_leaves_nothing(small_disk: Path) -> None:
    settings = settings_of(small_disk / "home")
    publish_number(settings, 1)
    build_warehouse(settings, 2)
    before = {path for path in settings.paths.published.rglob("*") if path.is_file()}
    filler = small_disk / "filler"
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
    filler.write_bytes(b"\0" * (free - 200_000))

    with pytest.raises(OnefunnelError, match="disk is full"):
        publish_number(settings, 2)

    assert shown_numbers(settings.paths.current) == {1.0}
    assert {path for path in settings.paths.published.rglob("*") if path.is_file()} == before
    filler.unlink()
    publish_number(settings, 2)
    assert shown_numbers(settings.paths.current) == {2.0}
    assert not status(settings).problems


def test_a_limit_on_file_size_fails_clearly(tmp_path: Path, run_code: Any) -> None:
    settings = settings_of(tmp_path / "home")
    publish_number(settings, 1)
    build_warehouse(settings, 2)
    done = run_code(LIMITED, settings.paths.home, 100_000)
    assert "disk is full" in done.stdout or "could not be written" in done.stdout
    assert shown_numbers(settings.paths.current) == {1.0}
    assert not leftovers(settings.paths.published)


def test_a_memory_limit_fails_clearly_and_names_the_setting(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    publish_number(settings, 1)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute(
            "create or replace table facts.fct_payment as "
            "select range as payment_key, repeat(md5(range::varchar), 40) as wide from range(20000)"
        )
    tight = settings_of(tmp_path / "home", memory_limit="2MB")
    with pytest.raises(OnefunnelError, match="memory limit reached") as raised:
        make_candidate(tight, None, date(2026, 3, 31), "run")
    assert "ONEFUNNEL_MEMORY_LIMIT" in raised.value.hint
    assert shown_numbers(settings.paths.current) == {1.0}
    assert not leftovers(settings.paths.published)
