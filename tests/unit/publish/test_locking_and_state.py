"""One run at a time, and a journal that tells a killed run from a running one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from onefunnel import state
from onefunnel.errors import LockHeld
from onefunnel.locking import RUN_LOCK, is_locked, run_lock
from onefunnel.publish.status import status
from onefunnel.settings import Settings

HOLD = (
    "import sys, time; from pathlib import Path; from onefunnel.locking import run_lock; from onefunnel.settings import Settings\n"
    "with run_lock(Settings(home=Path(sys.argv[1])), purpose='the night'):\n    print('held', flush=True); time.sleep(60)"
)


def test_a_second_run_says_who_holds_the_home_and_a_kill_frees_it(settings: Settings) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(settings.paths.home)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockHeld, match=rf"process {holder.pid} .*the night"), run_lock(settings):
            pass
        assert is_locked(settings.paths.home / RUN_LOCK)
        assert status(settings).running["pid"] == holder.pid
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with run_lock(settings):
            assert True
    finally:
        holder.kill()
        holder.stdout.close()
    assert not is_locked(settings.paths.home / RUN_LOCK)


def test_a_night_that_holds_the_home_may_ask_again(settings: Settings) -> None:
    with run_lock(settings, purpose="the night"):
        with run_lock(settings, purpose="one step"):
            pass
        assert is_locked(settings.paths.home / RUN_LOCK) or status(settings).running is None


def test_steps_keep_their_order_and_the_first_line_of_an_error(settings: Settings) -> None:
    path = settings.paths.state
    state.start_run(path, "run", date(2026, 3, 31))
    with state.step(path, "run", "extract"):
        pass
    with pytest.raises(ValueError, match="first"), state.step(path, "run", "build"):
        raise ValueError("first line\nsecond line")
    state.finish_run(path, "run", "failed", message="build: first line")
    assert [(step["step"], step["status"], step["message"]) for step in state.steps_of(path, "run")] == [
        ("extract", "done", ""),
        ("build", "failed", "first line"),
    ]
    assert state.last_run(path).status == "failed"


def test_a_killed_run_is_told_from_one_that_runs(settings: Settings) -> None:
    path = settings.paths.state
    code = (
        "import sys, os, signal; from datetime import date; from pathlib import Path; from onefunnel import state\n"
        "state.start_run(Path(sys.argv[1]), 'killed', date(2026, 3, 31))\n"
        "with state.step(Path(sys.argv[1]), 'killed', 'build'):\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -signal.SIGKILL
    assert any("was killed" in problem for problem in status(settings).problems)
    state.start_run(path, "alive", date(2026, 3, 31))
    assert state.run_of(path, "killed").status == "killed"
    assert state.steps_of(path, "killed")[0]["status"] == "killed"
    state.start_run(path, "beside", date(2026, 3, 31))
    assert state.run_of(path, "alive").status == "running", "this process still runs"
    assert state.run_of(path, "alive").pid == os.getpid()
