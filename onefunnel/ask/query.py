"""One bounded SELECT on the published file, in a child process that can write nothing, open nothing else, and is killed at its deadline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onefunnel.errors import ConfigError, OnefunnelError

if TYPE_CHECKING:
    from pathlib import Path

MAX_ROWS = 500
MAX_CHARACTERS = 100_000
DEADLINE_SECONDS = 10
# A child needs no more of this process's environment than where its code is: no secret, no setting.
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "SYSTEMROOT")


@dataclass(frozen=True)
class Answer:
    """Columns and rows, plain JSON values. is_cut: there was more than the bounds allow."""

    columns: list[str]
    rows: list[list[Any]]
    is_cut: bool = False


def ask(published: Path, sql: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> Answer:
    """Answer one SELECT over schemas marts and facts. Raises ConfigError for what is no such query, OnefunnelError beyond the bounds."""
    if not published.exists():
        raise OnefunnelError("nothing is published yet", hint="run a night first")
    request = {"path": str(published), "sql": sql, "rows": MAX_ROWS, "characters": MAX_CHARACTERS, "seconds": deadline_seconds}
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    command = [sys.executable, "-m", "onefunnel.ask.worker"]
    try:
        # beyond the time that the worker gives itself, for its start
        done = subprocess.run(
            command, input=json.dumps(request), env=environment, capture_output=True, text=True, timeout=deadline_seconds + 5, check=False
        )
        reply = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise OnefunnelError(
            f"the query took longer than {deadline_seconds:g} s", hint="ask for less: fewer rows, months or joins"
        ) from None
    except ValueError:
        raise OnefunnelError(
            "the query was stopped: it took too much time or memory", hint="ask for less: fewer rows, months or joins"
        ) from None
    if "refused" in reply:
        raise ConfigError(reply["refused"], hint="ask one SELECT over tables of the schemas marts and facts, each named with its schema")
    return Answer(**reply)
