"""A Python that has imported dbt and Great Expectations once, and forks for every `-m module` of the nights that tests run.

Each process of a night stays a process of its own, with its own environment, files and end; only its imports (5 s of a night's 25 s of CPU)
are not made again. Where the process itself is what is tested (kills, Airflow, the first start) tests call the plain `sys.executable`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import duckdb

PRELOADED = ("dbt.adapters.duckdb", "dbt.cli.main", "onefunnel.quality.engine", "onefunnel.quality.pages", "onefunnel.nightly", "pandas")
# what stands in for python: it hands its arguments, environment and files over, waits, and ends as the fork ends
CLIENT = """#!{python} -IS
import json, os, socket, sys
if sys.argv[1:2] != ["-m"]:
    os.execv("{python}", ["{python}", *sys.argv[1:]])
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect("{address}")
    request = json.dumps({{"arguments": sys.argv[2:], "environment": dict(os.environ), "folder": os.getcwd()}})
    socket.send_fds(server, [request.encode()], [0, 1, 2])
    for own in (0, 1, 2):
        os.close(own)
    status = int(server.recv(100))
if os.WIFSIGNALED(status):
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.waitstatus_to_exitcode(status))
"""


@contextlib.contextmanager
def warm_python(folder: Path, parsed: Path) -> Iterator[str]:
    """Path of an executable that runs `-m module …` in a fork; plain Python where the system cannot do that.

    parsed: a home for which dbt has parsed the project; it is read once ahead, for dbt makes the code that reads its classes as it goes.
    """
    if not hasattr(os, "pidfd_open"):
        yield sys.executable
        return
    from onefunnel.dbt import child_environment  # here: the server imports it under the name that it has then
    from onefunnel.settings import Settings

    program, address = folder / "python", folder / "warm"
    program.write_text(CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
    program.chmod(0o700)
    command = [sys.executable, __file__, str(address), str(program)]
    environment = {**child_environment(Settings(home=parsed)), "PYTHONWARNINGS": "ignore", "GX_ANALYTICS_ENABLED": "false"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as server:
        while not address.exists():
            assert server.poll() is None, "the process that imports ahead ended"
            time.sleep(0.05)
        yield str(program)


def serve(address: str, program: str) -> None:
    """Fork for each request until standard input closes."""
    sys.executable = program  # what a night starts is started warm as well
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        for module in PRELOADED:
            __import__(module)
        read_project_once()
        duckdb.execute("set threads = 1")  # threads of its own do not survive a fork
        gc.collect()
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for supervisors
        server.bind(address)
        server.listen(64)
        while True:
            ready, _, _ = select.select([server, 0], [], [])
            if 0 in ready:
                return
            connection, _ = server.accept()
            with connection:
                request, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    server.close()
                    supervise(connection, json.loads(request), files)
                for file in files:
                    os.close(file)


def read_project_once() -> None:
    """What dbt learns of its own classes while it reads a project stays in the process; nothing of the project does."""
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    read = dbtRunner().invoke(["--log-level", "none", "--log-level-file", "none", "--no-write-json", "parse"])
    assert read.success, read.exception
    reset_adapters()


def supervise(connection: socket.socket, request: dict[str, object], files: list[int]) -> None:
    """Run the module in a fork; tell its status, or kill it when the one who asked is gone."""
    child = os.fork()
    if child == 0:
        os.setsid()
        connection.close()
        run(request, files)
    for file in (0, 1, 2, *files):
        os.close(file)
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([connection, ended], [], [])
    if ended not in ready:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.send(str(status).encode())
    os._exit(0)


def run(request: dict[str, object], files: list[int]) -> None:
    """Become the process that was asked for; it ends as any Python ends, by its exit handlers too, but takes no imports apart."""
    for own, file in enumerate(files):
        os.dup2(file, own)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.path[0] = request["folder"]
    sys.argv = list(request["arguments"])
    status = 1
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if not isinstance(ended.code, int | None):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve(*sys.argv[1:])
