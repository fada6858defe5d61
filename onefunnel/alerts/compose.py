"""Turns due conditions into messages: one per run and owner, however many checks failed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from onefunnel import state
from onefunnel.alerts.kinds import KINDS
from onefunnel.alerts.outbox import Condition, due_conditions

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 10


@dataclass(frozen=True)
class Message:
    """What one owner reads. level: failure, warning or success."""

    message_id: str
    owner: str
    title: str
    body: str
    level: str


def compose(path: Path, run_id: str, *, shows: str, report: str = "", now: datetime | None = None) -> list[Message]:
    """Write one message per owner for everything due, and mark it as told, in one transaction.

    shows: what BI shows ("BI shows version X, data through Y"); report: where the quality report lies.
    """
    moment = now or state.utc_now()
    messages: list[Message] = []
    with state.connect(path) as db:
        for owner, group in groupby(due_conditions(db), key=lambda condition: condition.owner):
            told = list(group)
            message = _message(owner, told, run_id, shows, report, moment)
            db.execute(
                "insert or ignore into messages values (?, ?, ?, ?, ?, ?, ?, 'pending')",
                (message.message_id, run_id, owner, message.title, message.body, message.level, moment.isoformat()),
            )
            db.executemany(
                "update conditions set due = '', sent_at = ?, sent_severity = severity, sent_rows = rows where fingerprint = ?",
                [(moment.isoformat(), condition.fingerprint) for condition in told],
            )
            messages.append(message)
    return messages


def _message(owner: str, told: list[Condition], run_id: str, shows: str, report: str, now: datetime) -> Message:
    wrong = [condition for condition in told if condition.due != "all_clear"]
    cleared = [condition for condition in told if condition.due == "all_clear"]
    lines: list[str] = []
    for kind, group in groupby(
        sorted(wrong, key=lambda condition: list(KINDS).index(condition.kind)), key=lambda condition: condition.kind
    ):
        lines += _section(kind, list(group))
    if cleared:
        lines.append(f"All clear, checked again and passed ({len(cleared)}):")
        lines += [f"- {condition.title}" for condition in cleared[:MOST_LINES]]
        lines += [f"- and {len(cleared) - MOST_LINES} more"] if len(cleared) > MOST_LINES else []
        lines.append("")
    lines += [f"{shows}.", f"Owner: {owner}. Run: {run_id or 'none'}."]
    if report:
        lines.append(f"Quality report: {report}")
    level = "success" if not wrong else "failure" if any(condition.severity == "error" for condition in wrong) else "warning"
    digest = hashlib.sha256("|".join([run_id, owner, now.isoformat(), *(f"{c.fingerprint}{c.due}" for c in told)]).encode()).hexdigest()[
        :12
    ]
    lines.append(f"Message {digest}")
    return Message(digest, owner, _title(owner, wrong, cleared), "\n".join(lines), level)


def _title(owner: str, wrong: list[Condition], cleared: list[Condition]) -> str:
    if not wrong:
        return f"onefunnel: all clear for {owner} ({len(cleared)})"
    first = KINDS[min(wrong, key=lambda condition: (condition.severity != "error", list(KINDS).index(condition.kind))).kind]
    more = f" (+{len(wrong) - 1})" if len(wrong) > 1 else ""
    return f"onefunnel: {first}{more}, for {owner}"


def _section(kind: str, group: list[Condition]) -> list[str]:
    """All conditions of a kind: how many, how many rows, the first few, and where to read what to do."""
    rows = sum(condition.rows for condition in group)
    head = f"{KINDS[kind][:1].upper()}{KINDS[kind][1:]}: {len(group)}" + (f", {rows:,} rows" if rows else "")
    lines = [head]
    for condition in group[:MOST_LINES]:
        mark = {"worse": "worse: ", "reminder": f"still, since {condition.first_at[:10]}: "}.get(condition.due, "")
        detail = f" ({condition.detail})" if condition.detail else ""
        lines.append(f"- {mark}{condition.title}{detail}; see {condition.runbook}")
    if len(group) > MOST_LINES:
        lines.append(f"- and {len(group) - MOST_LINES} more")
    return [*lines, ""]
