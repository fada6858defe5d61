"""The memory of a home between runs: the run journal and the alert outbox, in one SQLite file (state.sqlite).

SQLite with full synchronisation, because what is written here must survive a kill at any moment and be readable while a run goes on.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

SCHEMA = """
create table if not exists runs (
    run_id text primary key, as_of text not null, status text not null,
    started_at text not null, ended_at text, version text, message text not null default '', pid integer not null, host text not null
);
create table if not exists steps (
    run_id text not null, step text not null, status text not null,
    started_at text not null, ended_at text, message text not null default '', pid integer not null, host text not null,
    primary key (run_id, step)
);
create table if not exists conditions (
    fingerprint text primary key, kind text not null, subject text not null, owner text not null,
    severity text not null, rows integer not null, title text not null, detail text not null, runbook text not null,
    state text not null, first_at text not null, last_at text not null, run_id text not null,
    sent_at text, sent_severity text, sent_rows integer, due text not null default ''
);
create table if not exists messages (
    message_id text primary key, run_id text not null, owner text not null, title text not null, body text not null,
    level text not null, created_at text not null, state text not null
);
create table if not exists deliveries (
    message_id text not null, channel text not null, state text not null, attempts integer not null default 0,
    next_attempt_at text not null, sent_at text, error text not null default '',
    primary key (message_id, channel)
);
create table if not exists digests (
    version text not null, url_env text not null, language text not null, title text not null, body text not null,
    wants_pdf integer not null, not_before text not null, state text not null, sent_at text, error text not null default '',
    primary key (version, url_env, language)
);
"""


def utc_now() -> datetime:
    """Now, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Run:
    """One run of the journal. Times are UTC ISO text; status is running, published, failed, blocked or killed."""

    run_id: str
    as_of: str
    status: str
    started_at: str
    ended_at: str | None
    version: str | None
    message: str
    pid: int
    host: str


@contextlib.contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the state file (made if absent) for one transaction: committed at the end, rolled back on an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("pragma synchronous = full")
        connection.executescript(SCHEMA)
        with connection:
            yield connection
    finally:
        connection.close()


def start_run(path: Path, run_id: str, as_of: date) -> None:
    """Open a run in the journal. Other runs and steps still marked running, whose process is gone, were killed: they are closed as such."""
    now = utc_now().isoformat()
    with connect(path) as db:
        for table, key in (("steps", "run_id, step"), ("runs", "run_id")):
            running = db.execute(f"select {key}, pid, host from {table} where status = 'running' and run_id <> ?", (run_id,)).fetchall()
            for row in running:
                if not is_alive(row["pid"], row["host"]):
                    where = " and ".join(f"{column} = ?" for column in key.split(", "))
                    db.execute(
                        f"update {table} set status = 'killed', ended_at = ?, message = 'ended without a word' where {where}",
                        (now, *tuple(row)[:-2]),
                    )
        db.execute(
            "insert into runs (run_id, as_of, status, started_at, pid, host) values (?, ?, 'running', ?, ?, ?) "
            "on conflict (run_id) do update set status = 'running', started_at = excluded.started_at, ended_at = null, message = '', "
            "pid = excluded.pid, host = excluded.host",
            (run_id, as_of.isoformat(), now, os.getpid(), socket.gethostname()),
        )


def is_alive(pid: int, host: str) -> bool:
    """Whether a process of this machine still runs; one of another machine is taken to."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def join_run(path: Path, run_id: str, as_of: date) -> None:
    """Open a run unless it is open: its steps may be separate processes, and any of them can come first."""
    if (run := run_of(path, run_id)) is None or run.status != "running":
        start_run(path, run_id, as_of)


def finish_run(path: Path, run_id: str, status: str, *, version: str | None = None, message: str = "") -> None:
    """Close a run: status published, failed or blocked; message for a person, without personal values."""
    with connect(path) as db:
        db.execute(
            "update runs set status = ?, ended_at = ?, version = ?, message = ? where run_id = ?",
            (status, utc_now().isoformat(), version, message, run_id),
        )


@contextlib.contextmanager
def step(path: Path, run_id: str, name: str) -> Iterator[None]:
    """Record one step of a run: running, then done, or failed with the error's first line."""
    with connect(path) as db:
        db.execute(
            "insert or replace into steps (run_id, step, status, started_at, pid, host) values (?, ?, 'running', ?, ?, ?)",
            (run_id, name, utc_now().isoformat(), os.getpid(), socket.gethostname()),
        )
    status, message = "done", ""
    try:
        yield
    except BaseException as error:
        status, message = "failed", (str(error).splitlines() or [type(error).__name__])[0]
        raise
    finally:
        with connect(path) as db:
            db.execute(
                "update steps set status = ?, ended_at = ?, message = ? where run_id = ? and step = ?",
                (status, utc_now().isoformat(), message, run_id, name),
            )


def run_of(path: Path, run_id: str) -> Run | None:
    """The journal's entry of a run, or None."""
    with connect(path) as db:
        row = db.execute("select * from runs where run_id = ?", (run_id,)).fetchone()
    return Run(**dict(row)) if row else None


def last_run(path: Path) -> Run | None:
    """The run that started last, or None when this home never ran."""
    if not path.exists():
        return None
    with connect(path) as db:
        row = db.execute("select * from runs order by started_at desc, rowid desc limit 1").fetchone()
    return Run(**dict(row)) if row else None


def steps_of(path: Path, run_id: str) -> list[dict[str, str | None]]:
    """Steps of a run in the order they started: step, status, started_at, ended_at, message."""
    if not path.exists():
        return []
    with connect(path) as db:
        rows = db.execute("select step, status, started_at, ended_at, message from steps where run_id = ? order by rowid", (run_id,))
        return [dict(row) for row in rows.fetchall()]
