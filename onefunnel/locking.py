"""One night at a time: the run lock of a home, which says who holds it.

The lock is the kernel's (flock through filelock), so a killed process never leaves it behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from onefunnel.errors import LockHeld

if TYPE_CHECKING:
    from onefunnel.settings import Settings

RUN_LOCK = "run.lock"
BUILD_LOCK = "build.lock"


def _holder_file(lock_path: Path) -> Path:
    return lock_path.with_suffix(".holder.json")


def read_holder(lock_path: Path) -> dict[str, str | int]:
    """Who wrote the holder note last: pid, host, purpose, since (UTC ISO). Empty when nobody ever did."""
    try:
        return json.loads(_holder_file(lock_path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_locked(lock_path: Path) -> bool:
    """Whether some process holds the lock at this moment. Takes and releases it if nobody does."""
    if not lock_path.exists():
        return False
    probe = FileLock(lock_path)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return False


@contextlib.contextmanager
def run_lock(settings: Settings, *, wait_seconds: float = 0, purpose: str = "run") -> Iterator[None]:
    """Hold the home for one run. Raises LockHeld with the holder's process id when it is taken for longer than `wait_seconds`."""
    home = settings.paths.home
    home.mkdir(parents=True, exist_ok=True)
    path = home / RUN_LOCK
    # one lock object per path and process: a night that holds the home calls steps that ask for it again
    lock = FileLock(path, is_singleton=True)
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=0.1)
    except Timeout:
        holder = read_holder(path)
        pid, host, purpose, since = (str(holder.get(name, "?")) for name in ("pid", "host", "purpose", "since"))
        who = f"process {pid} on {host} ({purpose}, since {since})"
        raise LockHeld(
            f"another run holds this home: {who}",
            where=str(path),
            hint="let it finish, or repeat with --wait; a killed process frees the lock by itself",
        ) from None
    try:
        if lock.lock_counter == 1:
            since = datetime.now(UTC).isoformat(timespec="seconds")
            note = {"pid": os.getpid(), "host": socket.gethostname(), "purpose": purpose, "since": since}
            _holder_file(path).write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        lock.release()


def build_lock(settings: Settings) -> FileLock:
    """The lock of whoever writes the warehouse; a run that only extracts or proves does not hold it. Copies are made under it."""
    settings.paths.home.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.paths.home / BUILD_LOCK)
