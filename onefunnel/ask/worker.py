"""The child process of one query: reads a request as JSON from its input, writes the answer as JSON, and dies of what is too much."""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import Any

import duckdb

from onefunnel.ask.allowed import refusal

MEMORY = "512MB"
ADDRESS_SPACE = 4 << 30
# Set before anything is asked, and locked.
CLOSED: dict[str, Any] = {
    "enable_external_access": False,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    # no name of this program's own variables is a table
    "python_enable_replacements": False,
    "temp_directory": "",
    "max_temp_directory_size": "0KB",
    "memory_limit": MEMORY,
    "threads": 1,
    "lock_configuration": True,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request: columns and rows, or why it is refused."""
    with duckdb.connect(request["path"], read_only=True, config=CLOSED) as db:
        if reason := refusal(db, request["sql"]):
            return {"refused": reason}
        try:
            # what JSON has no word for is told as text; the bound is inside, so that no more is computed than is told
            found = db.execute(f"select * from ({request['sql'].strip().rstrip(';')}\n) limit {int(request['rows']) + 1}")
            columns = [column[0] for column in found.description]
            rows = found.fetchall()
        except duckdb.Error as error:
            return {"refused": str(error).splitlines()[0]}
    told, size = [], 0
    for row in rows[: request["rows"]]:
        values = [value if isinstance(value, bool | int | float | str | None) else str(value) for value in row]
        size += len(json.dumps(values))
        if size > request["characters"]:
            break
        told.append(values)
    return {"columns": columns, "rows": told, "is_cut": len(told) < len(rows)}


def bound(seconds: float) -> None:
    """No file is written, no more memory taken, and at the deadline the process ends, whatever it is at."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM, which nobody handles, ends it


if __name__ == "__main__":
    told = json.load(sys.stdin)
    bound(told["seconds"])
    print(json.dumps(answer(told)))
