"""Business alerts: off unless asked for; once per signal, not again each night; nothing of a night that published nothing."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from receiver import Receiver
from small_home import build_warehouse, passing_gate

from onefunnel import state
from onefunnel.alerts import conditions, settle
from onefunnel.config import Alerts
from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.publication import publish
from onefunnel.settings import Settings

AS_OF = date(2026, 3, 31)
SENTENCE = "brief -> SQL: 52 % instead of 71 % since 2026-03-02 (marketing)"


def night(settings: Settings, number: int, *, is_open: bool, status: str = "published", business_signal: bool = True) -> Any:
    """Publish a version with one chart, out or not, and settle the run; each night is a day later than the one before."""
    build_warehouse(settings, number)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute(
            "create or replace table marts.mart_signal as select 'step_sql' as metric, 'all' as channel_key, 3 as display_order, "
            f"{is_open} as is_open, true as is_worse, 'marketing' as owner_department, '{SENTENCE}' as sentence_en"
        )
    candidate = make_candidate(settings, None, AS_OF, f"run-{number}")
    publish(candidate, passing_gate(candidate), settings)
    state.start_run(settings.paths.state, f"run-{number}", AS_OF)
    state.finish_run(settings.paths.state, f"run-{number}", status)
    config: Any = SimpleNamespace(sources=[], alerts=Alerts(business_signal=business_signal))
    return settle(settings, config, AS_OF, f"run-{number}", now=state.utc_now() + number * timedelta(days=2))


@pytest.mark.slow
def test_a_signal_is_told_once_and_its_end_is_no_news(settings: Settings, channel: Receiver) -> None:
    for number, is_open in ((1, True), (2, True), (3, True), (4, False)):
        night(settings, number, is_open=is_open)
    (message,) = channel.messages
    assert SENTENCE in message["message"]
    assert message["title"] == "onefunnel: out of the ordinary, for marketing"
    assert conditions(settings.paths.state) == []
    night(settings, 5, is_open=True)
    assert len(channel.messages) == 2, "the next one is news again"


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"business_signal": False}, {"status": "blocked"}])
def test_nothing_is_told_unasked_or_of_a_night_that_was_held_back(settings: Settings, channel: Receiver, change: dict[str, Any]) -> None:
    night(settings, 1, is_open=True, **change)
    assert channel.messages == []
