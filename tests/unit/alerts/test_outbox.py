"""A condition is told once, again when it worsens or after a day, and cleared only by a check that passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onefunnel.alerts.compose import compose
from onefunnel.alerts.outbox import acknowledge, conditions, raise_alert, resolve_alert
from onefunnel.errors import OnefunnelError

NIGHT = datetime(2026, 4, 1, 4, tzinfo=UTC)
SHOWS = "BI shows version V, data through 2026-03-31"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


def tell(path: Path, hours: float = 0, rows: int = 10, severity: str = "error", subject: str = "s", owner: str = "data-team") -> list[str]:
    """Raise one condition at this hour and return the bodies of what is then told."""
    now = NIGHT + timedelta(hours=hours)
    raise_alert(path, "gate_failed", subject, owner=owner, title=f"{subject} broke", rows=rows, severity=severity, now=now)
    return [message.body for message in compose(path, f"run-{hours}", shows=SHOWS, now=now)]


def test_a_message_says_what_rows_owner_and_what_bi_shows(path: Path) -> None:
    (body,) = tell(path)
    for part in ("A quality gate is closed", "10 rows", "s broke", "docs/runbook.md#gate_failed", SHOWS, "Owner: data-team", "Run: run-0"):
        assert part in body


def test_the_same_trouble_is_told_once(path: Path) -> None:
    assert tell(path)
    assert not tell(path, hours=1)
    assert not tell(path, hours=23, rows=11)


def test_it_is_repeated_after_a_day(path: Path) -> None:
    tell(path)
    (body,) = tell(path, hours=24)
    assert "still, since 2026-04-01" in body
    assert not tell(path, hours=25)


@pytest.mark.parametrize("worse", [{"rows": 20}, {"severity": "error"}])
def test_it_is_told_again_when_it_worsens(path: Path, worse: dict[str, object]) -> None:
    tell(path, severity="error" if "rows" in worse else "warn")
    (body,) = tell(path, hours=1, **worse)
    assert "worse: s broke" in body


def test_an_all_clear_follows_only_a_check_that_passed(path: Path) -> None:
    tell(path)
    assert not compose(path, "run-2", shows=SHOWS, now=NIGHT)
    assert resolve_alert(path, "gate_failed", "s", owner="data-team", now=NIGHT)
    (message,) = compose(path, "run-3", shows=SHOWS, now=NIGHT)
    assert message.level == "success"
    assert "All clear, checked again and passed (1):\n- s broke" in message.body
    assert not resolve_alert(path, "gate_failed", "s", owner="data-team", now=NIGHT)


def test_what_was_never_told_needs_no_all_clear(path: Path) -> None:
    raise_alert(path, "gate_failed", "s", owner="data-team", title="s broke", now=NIGHT)
    resolve_alert(path, "gate_failed", "s", owner="data-team", now=NIGHT)
    assert not compose(path, "run", shows=SHOWS, now=NIGHT)


def test_a_condition_that_comes_back_is_new(path: Path) -> None:
    tell(path)
    resolve_alert(path, "gate_failed", "s", owner="data-team", now=NIGHT)
    compose(path, "run", shows=SHOWS, now=NIGHT)
    assert tell(path, hours=2)


def test_acknowledged_means_no_reminder_until_it_worsens(path: Path) -> None:
    tell(path)
    (known,) = conditions(path)
    acknowledge(path, known.fingerprint[:6])
    assert not tell(path, hours=30)
    assert tell(path, hours=31, rows=100)
    with pytest.raises(OnefunnelError, match="0 open alerts"):
        acknowledge(path, "ffffffffffff")


@pytest.mark.slow
def test_three_hundred_failing_checks_are_one_message_per_owner(path: Path) -> None:
    for number in range(300):
        owner = "data-team" if number % 3 else "analytics"
        raise_alert(path, "gate_failed", f"check {number}", owner=owner, title=f"check {number} failed", rows=2, now=NIGHT)
    messages = compose(path, "run", shows=SHOWS, now=NIGHT)
    assert [message.owner for message in messages] == ["analytics", "data-team"]
    assert "A quality gate is closed: 200, 400 rows" in messages[1].body
    assert "- and 190 more" in messages[1].body
    assert len(messages[1].body.splitlines()) < 20
    assert not compose(path, "run", shows=SHOWS, now=NIGHT)
