"""Business alerts: control charts of the published version that left their limits to the bad side. Each is told once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from onefunnel import state
from onefunnel.alerts.outbox import conditions, raise_alert, resolve_alert
from onefunnel.report.payload import columns_of

if TYPE_CHECKING:
    from pathlib import Path

    from onefunnel.settings import Settings

KIND = "business_signal"


def note_signals(settings: Settings, run_id: str, *, now: datetime | None = None) -> int:
    """Raise what is out of its limits in the version that this run published, close what is back in them; returns how many are out.

    Does nothing for a run that published nothing: its figures are those of an earlier night, and have been told.
    """
    path = settings.paths.state
    run = state.run_of(path, run_id)
    if run is None or run.status != "published":
        return 0
    open_signals = _open_signals(settings.paths.current)
    for subject, owner, sentence in open_signals:
        raise_alert(path, KIND, subject, owner=owner, title=sentence, severity="warn", run_id=run_id, now=now)
    still = {(subject, owner) for subject, owner, _ in open_signals}
    for known in conditions(path):
        if known.kind == KIND and (known.subject, known.owner) not in still:
            resolve_alert(path, KIND, known.subject, owner=known.owner, run_id=run_id, now=now)
    return len(open_signals)


def _open_signals(version: Path) -> list[tuple[str, str, str]]:
    """Subject, department and sentence of each chart that is out to the bad side. A version from before the charts has none."""
    with duckdb.connect(str(version), read_only=True) as db:
        if not columns_of(db, "marts.mart_signal"):
            return []
        return db.execute(
            "select metric || ':' || channel_key, owner_department, sentence_en from marts.mart_signal where is_open and is_worse "
            "order by display_order, channel_key"
        ).fetchall()
