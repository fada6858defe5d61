"""Delivers messages through apprise (Slack, Teams, Telegram, e-mail, webhook …), each once per channel, with retries that back off.

A dead or slow channel costs at most its deadline, delays nobody else's message and never fails the pipeline. Channel URLs are secrets:
only a hash of them is stored, and nothing they answer is kept but a status code.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from onefunnel import state

if TYPE_CHECKING:
    from pathlib import Path

    from onefunnel.settings import Settings

DEADLINE_SECONDS = 25.0
FIRST_RETRY = timedelta(seconds=60)
LONGEST_RETRY = timedelta(hours=1)
# After a week a message is history: it stays in the outbox but is no longer tried.
GIVE_UP_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Delivered:
    """What one call of deliver did. waiting: messages that a channel has not taken yet."""

    sent: int
    waiting: int
    channels: int
    errors: tuple[str, ...] = ()


def channel_urls(settings: Settings) -> list[str]:
    """The configured apprise URLs."""
    secret = settings.alert_urls.get_secret_value() if settings.alert_urls else ""
    return [url.strip() for url in secret.split(",") if url.strip()]


def channel_id(url: str) -> str:
    """A name for a channel that does not reveal its URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def deliver(settings: Settings, *, now: datetime | None = None, deadline_seconds: float = DEADLINE_SECONDS) -> Delivered:
    """Try every waiting message whose turn has come. Never raises for a channel's sake; a second deliverer at a time does nothing."""
    path = settings.paths.state
    if not path.exists():
        return Delivered(0, 0, 0)
    urls = channel_urls(settings)
    try:
        with FileLock(settings.paths.home / "outbox.lock", timeout=0):
            return _deliver(path, urls, now, deadline_seconds)
    except Timeout:
        return Delivered(0, _waiting(path), len(urls), ("another process is delivering",))


def _deliver(path: Any, urls: list[str], now: datetime | None, deadline_seconds: float) -> Delivered:
    moment = now or state.utc_now()
    _enqueue(path, urls, moment)
    sent, errors = 0, []
    for url in urls:
        for message in _due(path, channel_id(url), moment):
            failure = send(url, message["title"], message["body"], message["level"], deadline_seconds)
            _record(path, message["message_id"], channel_id(url), failure, moment)
            if failure:
                # the next message would wait for the same dead channel: leave it for the next call
                errors.append(f"channel {channel_id(url)}: {failure}")
                break
            sent += 1
    _close(path)
    return Delivered(sent, _waiting(path), len(urls), tuple(errors))


def _enqueue(path: Any, urls: list[str], moment: datetime) -> None:
    """Give every waiting message one delivery per channel; give up what is too old."""
    with state.connect(path) as db:
        db.execute(
            "update messages set state = 'expired' where state = 'pending' and created_at < ?", ((moment - GIVE_UP_AFTER).isoformat(),)
        )
        db.executemany(
            "insert or ignore into deliveries (message_id, channel, state, next_attempt_at) "
            "select message_id, ?, 'waiting', created_at from messages where state = 'pending'",
            [(channel_id(url),) for url in urls],
        )


def _due(path: Any, channel: str, moment: datetime) -> list[dict[str, Any]]:
    with state.connect(path) as db:
        rows = db.execute(
            "select messages.* from messages join deliveries using (message_id) where messages.state = 'pending' "
            "and deliveries.channel = ? and deliveries.state = 'waiting' and deliveries.next_attempt_at <= ? order by messages.rowid",
            (channel, moment.isoformat()),
        )
        return [dict(row) for row in rows.fetchall()]


def _record(path: Any, message_id: str, channel: str, failure: str, moment: datetime) -> None:
    key = (message_id, channel)
    with state.connect(path) as db:
        if not failure:
            db.execute(
                "update deliveries set state = 'sent', sent_at = ?, attempts = attempts + 1, error = '' "
                "where message_id = ? and channel = ?",
                (moment.isoformat(), *key),
            )
            return
        (attempts,) = db.execute("select attempts from deliveries where message_id = ? and channel = ?", key).fetchone()
        later = moment + min(FIRST_RETRY * 2 ** min(attempts, 10), LONGEST_RETRY)
        db.execute(
            "update deliveries set attempts = attempts + 1, next_attempt_at = ?, error = ? where message_id = ? and channel = ?",
            (later.isoformat(), failure, *key),
        )


def _close(path: Any) -> None:
    """A message is done when every channel that it was meant for has it."""
    with state.connect(path) as db:
        db.execute(
            "update messages set state = 'sent' where state = 'pending' and exists "
            "(select 1 from deliveries where deliveries.message_id = messages.message_id) and not exists "
            "(select 1 from deliveries where deliveries.message_id = messages.message_id and deliveries.state = 'waiting')"
        )


def _waiting(path: Any) -> int:
    with state.connect(path) as db:
        return int(db.execute("select count(*) from messages where state = 'pending'").fetchone()[0])


def send(url: str, title: str, body: str, level: str, deadline_seconds: float = DEADLINE_SECONDS, *, attachment: Path | None = None) -> str:
    """Send one message through one channel. Returns "" when it was taken, else why not, without any part of the URL."""
    outcome: list[str] = []

    def attempt() -> None:
        outcome.append(_notify(url, title, body, level, attachment))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(deadline_seconds)
    return outcome[0] if outcome else f"no answer within {deadline_seconds:.0f} s"


def _notify(url: str, title: str, body: str, level: str, attachment: Path | None) -> str:
    import apprise

    heard = io.StringIO()
    listener = logging.StreamHandler(heard)
    apprise.logger.propagate = False
    apprise.logger.addHandler(listener)
    try:
        channel = apprise.Apprise()
        # connection and read time limits of apprise's own, unless the URL sets them
        limited = url if "rto=" in url else f"{url}{'&' if '?' in url else '?'}cto=5&rto=20"
        if not channel.add(limited):
            return "the URL is not understood by apprise"
        taken = channel.notify(
            body=body, title=title, notify_type=level, body_format=apprise.NotifyFormat.TEXT, attach=str(attachment) if attachment else None
        )
    except Exception as error:
        return type(error).__name__
    finally:
        apprise.logger.removeHandler(listener)
    code = re.search(r"error=(\d{3})", heard.getvalue())
    return "" if taken else f"refused ({code[1]})" if code else "not reachable or refused"
