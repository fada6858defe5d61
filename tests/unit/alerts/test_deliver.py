"""Fault 22: a channel that is down, slow or answers 500 harms nobody; the message arrives later, once. Fault 23 is in test_outbox."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from receiver import Receiver
from small_home import settings_of

from onefunnel.alerts.compose import compose
from onefunnel.alerts.deliver import channel_id, deliver
from onefunnel.alerts.outbox import raise_alert
from onefunnel.settings import Settings

NIGHT = datetime(2026, 4, 1, 4, tzinfo=UTC)


def waiting_message(settings: Settings, subject: str = "s") -> None:
    raise_alert(settings.paths.state, "gate_failed", subject, owner="data-team", title=f"{subject} broke", now=NIGHT)
    compose(settings.paths.state, "run", shows="BI shows version V", now=NIGHT)


def test_each_message_is_delivered_once(settings: Settings, channel: Receiver) -> None:
    waiting_message(settings)
    assert deliver(settings, now=NIGHT).sent == 1
    assert deliver(settings, now=NIGHT + timedelta(days=1)).sent == 0
    (message,) = channel.messages
    assert message["title"] == "onefunnel: a quality gate is closed, for data-team"
    assert "s broke" in message["message"]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["down", "500", "slow"])
def test_a_dead_channel_is_tried_later_and_gets_the_message_once(settings: Settings, channel: Receiver, fault: str) -> None:
    waiting_message(settings)
    channel.status = 500 if fault == "500" else 200
    channel.delay = 3.0 if fault == "slow" else 0.0
    if fault == "down":
        channel.stop()
    started = time.monotonic()
    failed = deliver(settings, now=NIGHT, deadline_seconds=1.5)
    assert time.monotonic() - started < 6
    assert (failed.sent, failed.waiting) == (0, 1)
    assert len(failed.errors) == 1
    assert deliver(settings, now=NIGHT + timedelta(seconds=30)).sent == 0, "it backs off"

    if fault == "down":
        channel.start()
    time.sleep(channel.delay)
    channel.status, channel.delay = 200, 0.0
    already = len(channel.messages)
    assert deliver(settings, now=NIGHT + timedelta(hours=1)).sent == 1
    assert deliver(settings, now=NIGHT + timedelta(hours=2)).sent == 0
    assert len(channel.messages) == already + 1


def test_a_dead_channel_does_not_hold_up_another(tmp_path: Path, channel: Receiver) -> None:
    settings = settings_of(tmp_path / "home", alert_urls=SecretStr(f"json://127.0.0.1:9/,{channel.url}"))
    for subject in ("a", "b"):
        waiting_message(settings, subject)
    result = deliver(settings, now=NIGHT)
    assert (result.sent, result.waiting, result.channels) == (2, 2, 2)
    assert len(channel.messages) == 2


def test_without_channels_messages_wait_for_one(tmp_path: Path, channel: Receiver) -> None:
    home = tmp_path / "home"
    waiting_message(settings_of(home))
    assert deliver(settings_of(home), now=NIGHT).waiting == 1
    assert deliver(settings_of(home, alert_urls=SecretStr(channel.url)), now=NIGHT).sent == 1


def test_what_nobody_took_in_a_week_is_given_up(settings: Settings, channel: Receiver) -> None:
    channel.status = 500
    waiting_message(settings)
    deliver(settings, now=NIGHT)
    assert deliver(settings, now=NIGHT + timedelta(days=8)).waiting == 0


def test_the_url_is_written_nowhere(tmp_path: Path) -> None:
    canary = "canary7c1f"
    settings = settings_of(tmp_path / "home", alert_urls=SecretStr(f"json://user:{canary}@127.0.0.1:9/{canary}"))
    waiting_message(settings)
    result = deliver(settings, now=NIGHT)
    assert result.errors
    assert canary not in repr(result) + repr(settings)
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]
    assert len(channel_id(settings.alert_urls.get_secret_value())) == 12
