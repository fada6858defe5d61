"""A gate process that dies or hangs means a gate that was not evaluated, which is a failed one (faults 1 and 21)."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_home import build_warehouse, settings_of

from onefunnel.config import Quality
from onefunnel.publish.candidate import make_candidate
from onefunnel.quality import check_candidate, process, saved_gate
from onefunnel.quality.process import GateProcess, GateProcessError

CONFIG: Any = SimpleNamespace(
    enabled_sources=(), secret_variables={"CRM_TOKEN"}, quality=Quality(), lookback_days=35, sources=(), named=frozenset(), own_words={}
)


@pytest.fixture(autouse=True)
def no_process_stays() -> Any:
    yield
    process.close_all()


def test_a_killed_gate_process_fails_the_gate(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    build_warehouse(settings, 1)
    candidate = make_candidate(settings, None, date(2026, 3, 31), "run")
    process.close_all()  # one that another test has asked would be killed before it is asked here
    gate = process.warm_process(set())
    # stopped, so that it is still at work when it is asked, and killed then
    os.kill(gate._child.pid, signal.SIGSTOP)

    def kill_once_asked() -> None:
        while not gate._was_asked:
            time.sleep(0.05)
        os.kill(gate._child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_once_asked)
    killer.start()
    result = check_candidate(candidate.path, CONFIG, settings, "run")
    killer.join()
    assert result.status == "fail"
    assert "exit code -9" in result.failures[0].detail
    assert saved_gate(settings, "run", "candidate") == result


def test_a_gate_process_that_hangs_is_ended(tmp_path: Path) -> None:
    gate = GateProcess(set())
    with pytest.raises(GateProcessError, match="deadline passed"):
        gate.ask({"gate": "candidate", "path": str(tmp_path), "suites": [], "parameters": {}}, deadline_seconds=0.1)
    gate.close()
    assert not gate.is_alive


def test_secrets_do_not_reach_the_gate_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONEFUNNEL_HASH_KEY", "ONEFUNNEL_ALERT_URLS", "CRM_TOKEN"):
        monkeypatch.setenv(name, "canary-secret")
    gate = GateProcess(CONFIG.secret_variables)
    try:
        assert b"canary-secret" not in Path(f"/proc/{gate._child.pid}/environ").read_bytes()
    finally:
        gate.close()


@pytest.mark.slow
def test_a_file_that_is_no_database_fails_the_gate_with_the_reason(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    broken = tmp_path / "candidate.duckdb"
    broken.write_bytes(b"this is not a database" * 1000)
    result = check_candidate(broken, CONFIG, settings, "run")
    assert result.status == "fail"
    assert "not a valid DuckDB database" in result.failures[0].detail or result.failures[0].outcome in ("error", "not_evaluated")
