"""From what a night left behind to messages; and fault 24: the night that never starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from receiver import Receiver
from small_home import publish_number

from onefunnel import state
from onefunnel.alerts import conditions, settle, watch
from onefunnel.config import Alerts
from onefunnel.quality import CheckResult, GateResult, run_folder
from onefunnel.settings import Settings

AS_OF = date(2026, 3, 31)
CONFIG: Any = SimpleNamespace(sources=[SimpleNamespace(name="crm", owner="sales-ops")], alerts=Alerts())
CHECK = CheckResult(
    "money_reconcile", "candidate", "marts.mart_kpi_monthly", "block", "fail", "analytics", "docs/runbook.md#money_reconcile", rows=3
)


def night(
    settings: Settings, run_id: str, status: str = "published", *, gate: GateResult | None = None, source: str = "done"
) -> dict[str, Any]:
    """One night in the journal, with its gate's result, settled."""
    path = settings.paths.state
    state.start_run(path, run_id, AS_OF)
    try:
        with state.step(path, run_id, "extract crm"):
            if source != "done":
                raise OSError("connection refused")
    except OSError:
        pass
    if gate:
        gate.save(run_folder(settings, run_id) / "candidate.json")
    state.finish_run(path, run_id, status, message="build: it broke" if status == "failed" else "")
    return settle(settings, CONFIG, AS_OF, run_id)


def gate_of(run_id: str, *outcomes: str) -> GateResult:
    return GateResult("candidate", run_id, tuple(replace(CHECK, outcome=outcome) for outcome in outcomes))


def test_a_quiet_night_says_nothing(settings: Settings, channel: Receiver) -> None:
    assert night(settings, "run", gate=gate_of("run", "pass"))["messages"] == []
    assert channel.messages == []


@pytest.mark.slow
def test_a_closed_gate_goes_to_its_owner_with_what_bi_still_shows(settings: Settings, channel: Receiver) -> None:
    version = publish_number(settings, 1).version
    night(settings, "run", "blocked", gate=gate_of("run", "fail"))
    (message,) = channel.messages
    assert message["title"] == "onefunnel: a quality gate is closed, for analytics"
    for part in (
        "marts.mart_kpi_monthly: money_reconcile fail; 3 rows",
        f"BI shows version {version}, data through 2026-03-31",
        "docs/runbook.md#money_reconcile",
    ):
        assert part in message["message"]


def test_the_all_clear_comes_when_the_check_passes_again_not_when_it_was_not_asked(settings: Settings, channel: Receiver) -> None:
    night(settings, "one", "blocked", gate=gate_of("one", "fail"))
    night(settings, "two", "failed")
    night(settings, "three", "blocked", gate=gate_of("three", "not_evaluated"))
    assert not [message for message in channel.messages if "All clear" in message["message"]]
    night(settings, "four", gate=gate_of("four", "pass"))
    assert [condition.kind for condition in conditions(settings.paths.state)] == []
    cleared = [message["title"] for message in channel.messages if "All clear" in message["message"]]
    assert cleared == ["onefunnel: all clear for analytics (1)", "onefunnel: all clear for data-team (1)"]


def test_one_passing_expectation_does_not_clear_another_of_the_same_check(settings: Settings) -> None:
    night(settings, "run", "blocked", gate=gate_of("run", "fail", "pass"))
    assert [condition.kind for condition in conditions(settings.paths.state)] == ["gate_failed"]


def test_a_source_that_is_down_is_its_owners(settings: Settings, channel: Receiver) -> None:
    night(settings, "one", source="down")
    assert channel.messages[0]["title"] == "onefunnel: a source could not be read, for sales-ops"
    night(settings, "two")
    assert channel.messages[1]["title"] == "onefunnel: all clear for sales-ops (1)"


def test_a_failed_night_is_told(settings: Settings, channel: Receiver) -> None:
    night(settings, "run", "failed")
    assert "the night of 2026-03-31 failed: build: it broke" in channel.messages[0]["message"]
    assert "BI shows nothing yet" in channel.messages[0]["message"]


def test_the_watchdog_notices_a_night_that_never_ran(settings: Settings, channel: Receiver) -> None:
    night(settings, "run")
    assert watch(settings).problem == ""
    late = datetime.now(UTC) + timedelta(hours=27)
    assert "no night has started since" in watch(settings, now=late).problem
    assert "The night never ran" in channel.messages[0]["message"]
    watch(settings, now=late + timedelta(hours=1))
    assert len(channel.messages) == 1, "told once"
    night(settings, "next")
    assert watch(settings).problem == ""
    assert channel.messages[-1]["title"].startswith("onefunnel: all clear")


def test_the_watchdog_speaks_for_a_home_that_never_ran(settings: Settings) -> None:
    assert "since this home was made" in watch(settings).problem


@pytest.mark.parametrize("hours", [1, 3])
def test_the_watchdog_speaks_for_a_killed_night_that_could_not(settings: Settings, hours: int) -> None:
    state.start_run(settings.paths.state, "run", AS_OF)
    with state.connect(settings.paths.state) as db:
        db.execute("update runs set pid = 999999999")
    problem = watch(settings, now=datetime.now(UTC) + timedelta(hours=hours)).problem
    assert ("died without a word" in problem) is (hours > 2)
