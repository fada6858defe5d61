"""Sends the morning message once per version and reader, also when the task is repeated; what a channel does not take is tried again.

A message is marked before it is sent: one killed in between is lost rather than told twice. URLs are secrets and stay in the environment.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from onefunnel import state
from onefunnel.alerts.deliver import send
from onefunnel.digest.pdf import print_page
from onefunnel.digest.text import write_digest

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.settings import Settings

# Yesterday's morning message is no news.
GIVE_UP_AFTER = timedelta(hours=12)
# A printed page makes a large message.
DEADLINE_SECONDS = 60.0


def queue_digest(settings: Settings, config: PipelineConfig, run_id: str, *, now: datetime | None = None) -> int:
    """Write a message for each reader of the version that this run published; returns how many are new.

    A run that published nothing, or whose version is no longer the one that BI reads, has none. What waits of an earlier one is dropped.
    """
    from onefunnel.publish.manifest import current_version

    run = state.run_of(settings.paths.state, run_id)
    if config.digest is None or run is None or run.status != "published" or not run.version or run.version != current_version(settings):
        return 0
    moment = now or state.utc_now()
    not_before = _not_before(config, moment).isoformat()
    link = config.digest.link or str(settings.paths.report_dir / "index.html")
    texts = {language: write_digest(settings.paths.current, language, link) for language in {each.language for each in config.digest.to}}
    with state.connect(settings.paths.state) as db:
        db.execute("update digests set state = 'dropped' where state = 'waiting' and version <> ?", (run.version,))
        return sum(
            db.execute(
                "insert or ignore into digests (version, url_env, language, title, body, wants_pdf, not_before, state) "
                "values (?, ?, ?, ?, ?, ?, ?, 'waiting')",
                (run.version, each.url_env, each.language, *texts[each.language], config.digest.pdf, not_before),
            ).rowcount
            for each in config.digest.to
        )


def _not_before(config: PipelineConfig, now: datetime) -> datetime:
    """Now, or the hour that readers want it at, if that is still to come today."""
    assert config.digest is not None
    if config.digest.at is None:
        return now
    local = now.astimezone(ZoneInfo(config.reporting.time_zone))
    wanted = local.replace(hour=config.digest.at.hour, minute=config.digest.at.minute, second=0)
    return max(now, wanted.astimezone(now.tzinfo))


def send_digests(settings: Settings, *, now: datetime | None = None) -> int:
    """Send what is due; returns how many were taken. Never raises for a channel's sake."""
    moment = now or state.utc_now()
    path = settings.paths.state
    if not path.exists():
        return 0
    with state.connect(path) as db:
        db.execute(
            "update digests set state = 'expired' where state = 'waiting' and not_before < ?", ((moment - GIVE_UP_AFTER).isoformat(),)
        )
        due = db.execute("select rowid, * from digests where state = 'waiting' and not_before <= ?", (moment.isoformat(),)).fetchall()
    return sum(_send_one(settings, dict(row), moment) for row in due)


def _send_one(settings: Settings, digest: dict[str, Any], now: datetime) -> bool:
    path = settings.paths.state
    with state.connect(path) as db:
        claimed = db.execute("update digests set state = 'sending' where rowid = ? and state = 'waiting'", (digest["rowid"],)).rowcount
    if not claimed:
        return False
    url = os.environ.get(digest["url_env"], "")
    failure = f"the variable {digest['url_env']} is not set"
    if url:
        with tempfile.TemporaryDirectory() as folder:
            page = settings.paths.report_dir / "index.html"
            attachment = print_page(page, digest["language"], Path(folder)) if digest["wants_pdf"] else None
            failure = send(url, digest["title"], digest["body"], "info", DEADLINE_SECONDS, attachment=attachment)
    with state.connect(path) as db:
        if failure:
            db.execute("update digests set state = 'waiting', error = ? where rowid = ?", (failure, digest["rowid"]))
        else:
            db.execute("update digests set state = 'sent', sent_at = ?, error = '' where rowid = ?", (now.isoformat(), digest["rowid"]))
    return not failure
