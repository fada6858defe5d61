"""The watchdog: notices from outside that a night never ran, or was killed before it could say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from onefunnel import state
from onefunnel.alerts.compose import compose
from onefunnel.alerts.deliver import Delivered, deliver
from onefunnel.alerts.outbox import raise_alert, resolve_alert
from onefunnel.alerts.settle import OWNER
from onefunnel.locking import RUN_LOCK, is_locked
from onefunnel.publish.status import status

if TYPE_CHECKING:
    from onefunnel.settings import Settings

MAX_AGE = timedelta(hours=26)
# A run that is still marked running, with nobody at work and no new step for so long, was killed.
SILENCE = timedelta(hours=2)


@dataclass(frozen=True)
class Watched:
    """What the watchdog saw. problem is "" when a night ran in time."""

    problem: str
    last_started_at: str
    delivered: Delivered


def watch(settings: Settings, *, max_age: timedelta = MAX_AGE, now: datetime | None = None) -> Watched:
    """Raise night_missing or run_failed when the last night is too old or died silently; also deliver what a dead channel held back."""
    moment = now or state.utc_now()
    path = settings.paths.state
    run = state.last_run(path)
    problem = ""
    if run is None or moment - datetime.fromisoformat(run.started_at) > max_age:
        since = f"since {run.started_at}" if run else "since this home was made"
        problem = f"no night has started {since} (allowed: {max_age.total_seconds() / 3600:.0f} h)"
        raise_alert(path, "night_missing", "night", owner=OWNER, title=problem, now=moment)
    else:
        resolve_alert(path, "night_missing", "night", owner=OWNER, run_id=run.run_id, now=moment)
        if _was_killed(settings, run, moment):
            problem = f"run {run.run_id} of {run.as_of} died without a word"
            raise_alert(path, "run_failed", "night", owner=OWNER, title=problem, run_id=run.run_id, now=moment)
    compose(path, run.run_id if run else "", shows=status(settings).sentence, now=moment)
    from onefunnel.digest import send_digests

    send_digests(settings, now=moment)
    return Watched(problem, run.started_at if run else "", deliver(settings, now=moment))


def _was_killed(settings: Settings, run: state.Run, now: datetime) -> bool:
    if run.status == "killed":
        return True
    if run.status != "running" or state.is_alive(run.pid, run.host) or is_locked(settings.paths.home / RUN_LOCK):
        return False
    moments = [run.started_at, *(str(step["ended_at"] or step["started_at"]) for step in state.steps_of(settings.paths.state, run.run_id))]
    return now - datetime.fromisoformat(max(moments)) > SILENCE
