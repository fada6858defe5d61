"""The durable outbox: what is wrong now (conditions), what was said about it (messages), and to which channel it got (deliveries).

A condition is told once; again only when it worsens or after a day; an all-clear only when its check was evaluated again and passed.
Everything is in state.sqlite, so a kill between noticing and telling loses nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from onefunnel import state
from onefunnel.alerts.kinds import KINDS, SEVERITIES, TOLD_ONCE, runbook_of
from onefunnel.errors import OnefunnelError

if TYPE_CHECKING:
    from pathlib import Path

REMIND_AFTER = timedelta(hours=24)
# Twice the rows is news; one more row of a known trouble is not.
WORSE_FACTOR = 2


@dataclass(frozen=True)
class Condition:
    """Something that is wrong. rows: how many rows it concerns; due: why it is to be told now ("" when it is not)."""

    fingerprint: str
    kind: str
    subject: str
    owner: str
    severity: str
    rows: int
    title: str
    detail: str
    runbook: str
    state: str
    first_at: str
    last_at: str
    run_id: str
    sent_at: str | None
    sent_severity: str | None
    sent_rows: int | None
    due: str


def fingerprint_of(kind: str, subject: str, owner: str) -> str:
    """The same trouble in two nights has the same fingerprint; rows and wording do not count."""
    return hashlib.sha256(f"{kind}|{subject}|{owner}".encode()).hexdigest()[:16]


def raise_alert(
    path: Path,
    kind: str,
    subject: str,
    *,
    owner: str,
    title: str,
    severity: str = "error",
    rows: int = 0,
    detail: str = "",
    runbook: str = "",
    run_id: str = "",
    now: datetime | None = None,
) -> str:
    """Note that something is wrong; returns its fingerprint. `path` is the state file. Nothing is sent here: see compose and deliver."""
    if kind not in KINDS or severity not in SEVERITIES:
        raise ValueError(f"unknown kind or severity of alert: {kind}, {severity}")
    moment = now or state.utc_now()
    fingerprint = fingerprint_of(kind, subject, owner)
    with state.connect(path) as db:
        known = _condition(db, fingerprint)
        due = _why_now(known, severity, rows, moment)
        if known is None or known.state == "resolved":
            db.execute(
                "insert or replace into conditions values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, null, null, null, ?)",
                (
                    *(fingerprint, kind, subject, owner, severity, rows, title, detail, runbook or runbook_of(kind)),
                    *(moment.isoformat(), moment.isoformat(), run_id, due),
                ),
            )
        else:
            db.execute(
                "update conditions set severity = ?, rows = ?, title = ?, detail = ?, last_at = ?, run_id = ?, due = ?, "
                "state = case when ? = 'worse' then 'open' else state end where fingerprint = ?",
                (severity, rows, title, detail, moment.isoformat(), run_id, due, due, fingerprint),
            )
    return fingerprint


def _why_now(known: Condition | None, severity: str, rows: int, now: datetime) -> str:
    """Why a condition is told in this run: new, worse, reminder, or "" for not at all."""
    if known is None or known.state == "resolved" or known.sent_at is None:
        return "new"
    if known.kind in TOLD_ONCE:
        return ""
    if SEVERITIES.index(severity) > SEVERITIES.index(known.sent_severity or severity):
        return "worse"
    if known.sent_rows and rows >= WORSE_FACTOR * known.sent_rows:
        return "worse"
    if known.state == "open" and now - datetime.fromisoformat(known.sent_at) >= REMIND_AFTER:
        return "reminder"
    return ""


def resolve_alert(path: Path, kind: str, subject: str, *, owner: str, run_id: str = "", now: datetime | None = None) -> bool:
    """Note that a check was evaluated again and passed. Returns whether there was something to clear."""
    moment = (now or state.utc_now()).isoformat()
    with state.connect(path) as db:
        known = _condition(db, fingerprint_of(kind, subject, owner))
        if known is None or known.state == "resolved":
            return False
        db.execute(
            "update conditions set state = 'resolved', last_at = ?, run_id = ?, due = ? where fingerprint = ?",
            (moment, run_id, "all_clear" if known.sent_at and kind not in TOLD_ONCE else "", known.fingerprint),
        )
    return True


def acknowledge(path: Path, fingerprint: str) -> Condition:
    """Somebody is on it: no reminders until it worsens or clears. Raises OnefunnelError when there is no such open alert."""
    with state.connect(path) as db:
        rows = db.execute("select * from conditions where fingerprint like ? and state <> 'resolved'", (f"{fingerprint}%",)).fetchall()
        if len(rows) != 1:
            raise OnefunnelError(f"{len(rows)} open alerts begin with {fingerprint!r}", hint="see onefunnel alerts list")
        db.execute("update conditions set state = 'acknowledged' where fingerprint = ?", (rows[0]["fingerprint"],))
        return Condition(**dict(rows[0]))


def conditions(path: Path, *, only_open: bool = True) -> list[Condition]:
    """What is wrong, worst and newest first."""
    if not path.exists():
        return []
    wanted = "where state <> 'resolved'" if only_open else ""
    with state.connect(path) as db:
        rows = db.execute(f"select * from conditions {wanted} order by severity = 'error' desc, last_at desc, fingerprint").fetchall()
    return [Condition(**dict(row)) for row in rows]


def due_conditions(db: sqlite3.Connection) -> list[Condition]:
    """What is to be told now, worst first within an owner."""
    rows = db.execute(
        "select * from conditions where due <> '' order by owner, due = 'all_clear', severity = 'error' desc, rows desc, subject"
    )
    return [Condition(**dict(row)) for row in rows.fetchall()]


def _condition(db: sqlite3.Connection, fingerprint: str) -> Condition | None:
    row = db.execute("select * from conditions where fingerprint = ?", (fingerprint,)).fetchone()
    return Condition(**dict(row)) if row else None
