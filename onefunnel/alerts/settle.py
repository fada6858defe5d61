"""Turns what a night left behind (run journal, gate results) into alerts and all-clears, and delivers them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onefunnel import state
from onefunnel.alerts.compose import compose
from onefunnel.alerts.deliver import deliver
from onefunnel.alerts.kinds import runbook_of
from onefunnel.alerts.outbox import raise_alert, resolve_alert
from onefunnel.alerts.signals import note_signals
from onefunnel.publish.status import status
from onefunnel.quality.gates import CANDIDATE, LANDING, run_folder, saved_gate
from onefunnel.quality.result import CheckResult, GateResult

if TYPE_CHECKING:
    from datetime import date

    from onefunnel.config import PipelineConfig
    from onefunnel.settings import Settings

OWNER = "data-team"


def settle(settings: Settings, config: PipelineConfig, as_of: date, run_id: str, *, now: datetime | None = None) -> dict[str, Any]:
    """Note everything that went wrong or well in this run, write one message per owner, try to deliver it. Never raises for a channel."""
    path = settings.paths.state
    _note_run(path, as_of, run_id, now)
    _note_sources(path, config, run_id, now)
    for name in (LANDING, CANDIDATE):
        gate = saved_gate(settings, run_id, name)
        if gate:
            note_gate(path, gate, run_id, now)
    if config.alerts.business_signal:
        note_signals(settings, run_id, now=now)
    messages = compose(path, run_id, shows=status(settings).sentence, report=_report(settings, run_id), now=now)
    delivered = deliver(settings, now=now)
    return {
        "messages": [message.title for message in messages],
        "sent": delivered.sent,
        "waiting": delivered.waiting,
        "channels": delivered.channels,
    }


def _note_run(path: Path, as_of: date, run_id: str, now: datetime | None) -> None:
    run = state.run_of(path, run_id)
    if run is None:
        return
    resolve_alert(path, "night_missing", "night", owner=OWNER, run_id=run_id, now=now)
    if run.status == "published":
        resolve_alert(path, "run_failed", "night", owner=OWNER, run_id=run_id, now=now)
    elif run.status == "failed":
        title = f"the night of {as_of} failed: {run.message or 'no step says why'}"
        raise_alert(path, "run_failed", "night", owner=OWNER, title=title, runbook=runbook_of("run_failed"), run_id=run_id, now=now)


def _note_sources(path: Path, config: PipelineConfig, run_id: str, now: datetime | None) -> None:
    """A source that could not be read tonight, or can be again."""
    owners = {source.name: source.owner for source in config.sources}
    for entry in state.steps_of(path, run_id):
        kind, _, source = str(entry["step"]).partition(" ")
        if kind != "extract" or source not in owners:
            continue
        if entry["status"] == "failed":
            title = f"{source} could not be read and stands on its last good load"
            raise_alert(
                path, "source_failed", source, owner=owners[source], title=title, detail=str(entry["message"]), run_id=run_id, now=now
            )
        elif entry["status"] == "done":
            resolve_alert(path, "source_failed", source, owner=owners[source], run_id=run_id, now=now)


def note_gate(path: Path, gate: GateResult, run_id: str, now: datetime | None = None) -> None:
    """Raise what failed or warned, clear what passed. Expectations of one check on one relation are one condition: the worst counts."""
    groups: dict[tuple[str, str, str, str], list[CheckResult]] = defaultdict(list)
    for check in gate.checks:
        groups[check.alert_kind, f"{gate.gate}:{check.relation}:{check.name}", check.owner, check.runbook].append(check)
    for (kind, subject, owner, runbook), checks in groups.items():
        wrong = [check for check in checks if check.outcome != "pass"]
        if not wrong:
            resolve_alert(path, kind, subject, owner=owner, run_id=run_id, now=now)
            continue
        worst = next((check for check in wrong if check.is_blocking), wrong[0])
        raise_alert(
            path,
            kind,
            subject,
            owner=owner,
            title=worst.sentence,
            severity="error" if worst.is_blocking else "warn",
            rows=max(check.rows for check in wrong),
            runbook=runbook,
            run_id=run_id,
            now=now,
        )


def _report(settings: Settings, run_id: str) -> str:
    folder = run_folder(settings, run_id)
    return str(folder / "pages") if folder.exists() else ""
