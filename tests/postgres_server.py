"""A real Postgres for a few tests, started by a user that is not root, since it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SHARED = (Path("/tmp"), Path("/dev/shm"), Path("/dev"), Path("/"))  # noqa: S108 - folders that are not ours to open


@contextmanager
def running_postgres(folder: Path, owner: str) -> Iterator[str]:
    """`host:port` of a server whose data lie in this folder; `owner` is its superuser and needs no password. Skips where there is none."""
    if not (PROGRAMS / "initdb").exists():
        pytest.skip(f"no Postgres programs in {PROGRAMS}")
    user = "postgres" if os.geteuid() == 0 else None
    if user and user not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("running as root, and there is no user postgres to start it as")
    data = folder / "data"
    data.mkdir()
    if user:
        for path in (folder, *list(folder.parents)[:4]):
            if path.owner() == "root" and path not in SHARED:
                path.chmod(0o755)
        for path in (folder, data):
            shutil.chown(path, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=60)

    call("initdb", "-U", owner, "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        with suppress(subprocess.CalledProcessError):  # what has ended already need not be stopped; a test that needed it has failed
            call("pg_ctl", "-m", "immediate", "stop")
