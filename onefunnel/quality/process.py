"""The gate process: a Python of its own that imports Great Expectations once and answers one request per line.

It can be started before it is needed, so that the import (about 6 s) runs while sources are extracted. It opens every file read-only and
never belongs to the process that wrote it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import time
from typing import Any

from onefunnel.settings import secret_variables

DEADLINE_SECONDS = 900


class GateProcessError(Exception):
    """The gate process died, hung or answered nonsense: the gate was not evaluated."""


class GateProcess:
    """One child process. `ask` may be called repeatedly; `close` lets it finish its pages."""

    def __init__(self, secrets: set[str]) -> None:
        self._was_asked = False
        hidden = secret_variables(secrets)
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "onefunnel.quality.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "GX_ANALYTICS_ENABLED": "false", "PYTHONWARNINGS": "ignore"},
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._child.poll() is None

    def ask(self, request: dict[str, Any], *, deadline_seconds: float = DEADLINE_SECONDS) -> dict[str, Any]:
        """Send one request, wait for its answer. Raises GateProcessError when none comes in time."""
        self._was_asked = True
        try:
            self._child.stdin.write((json.dumps(request, default=str) + "\n").encode())
            self._child.stdin.flush()
            line = self._read_line(time.monotonic() + deadline_seconds)
            return json.loads(line)
        except (OSError, ValueError) as error:
            raise GateProcessError(f"the gate process gave no answer ({error}); exit code {self._child.poll()}") from None

    def _read_line(self, deadline: float) -> bytes:
        stream, line = self._child.stdout.fileno(), b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                self._child.kill()
                raise OSError("deadline passed")
            chunk = os.read(stream, 1 << 16)
            if not chunk:
                self._child.wait(10)
                raise OSError("it ended")
            line += chunk
        return line

    def close(self) -> None:
        """No more requests: wait for the pages it may still write, then make sure it is gone."""
        if not self._was_asked:
            self._child.kill()
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()


_warm: list[GateProcess] = []


def warm_process(secrets: set[str]) -> GateProcess:
    """The gate process of this Python process, started if there is none."""
    for process in list(_warm):
        if process.is_alive:
            return process
        _warm.remove(process)
    process = GateProcess(secrets)
    _warm.append(process)
    return process


@atexit.register
def close_all() -> None:
    """End every gate process of this Python process."""
    while _warm:
        _warm.pop().close()
