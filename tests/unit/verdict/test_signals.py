"""Control charts, on the project's own compiled SQL: quiet agencies hear little, a step that breaks is heard soon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.compiled_models import CompiledModel, run_models, scratch_warehouse
from benchmarks.signal_alarms import MODEL, STEPS, WEEKS, Chart, agencies, false_signals, signalled, signals

SEASON = (0.7, 0.9, 1.1, 1.2, 1.1, 0.9, 0.6, 0.7, 1.2, 1.3, 1.2, 0.7)


@pytest.fixture(scope="module")
def limits(compiled: dict[str, CompiledModel]) -> list[CompiledModel]:
    return [compiled[MODEL]]


@pytest.mark.slow
def test_quiet_agencies_hear_less_than_one_signal_per_metric_in_two_years(limits: list[CompiledModel]) -> None:
    heard = false_signals(limits, 12, 600, seed=1)
    assert (heard["any"] <= 1).all(), heard
    assert heard["together"].mean() < 0.5


@pytest.mark.slow
def test_a_step_that_falls_by_a_third_is_seen_within_four_weeks(limits: list[CompiledModel]) -> None:
    for step in ("first_contact", "demo_held", "contract_sent", "paid"):
        assert signalled(limits, 60, 600, STEPS.index(step), seed=2) >= 0.9


def _steady(kind: str, units: float, total: float, ripe_weeks: int = 0, seen: tuple[float, ...] = (0, 0, 0, 0)) -> dict[str, Chart]:
    units_, total_, *seen_ = (np.full((1, 23, WEEKS), float(each)) for each in (units, total, *seen))
    return {"step_sql": Chart(kind, ripe_weeks, units_, total_, total_.copy(), tuple(seen_))}


@pytest.mark.parametrize("ripe_weeks", [1, 2, 4])
def test_weeks_that_are_not_ripe_are_held_against_what_is_usual_at_their_age(limits: list[CompiledModel], ripe_weeks: int) -> None:
    """Of 100 that enter 60 go on, some of them in each of the weeks; how many of the last weeks will, nobody knows yet."""
    usual = (20, 30, 42, 54)
    charts = _steady("share", 100, 60, ripe_weeks, usual)
    for weeks in range(ripe_weeks):
        charts["step_sql"].total[:, :, WEEKS - 1 - weeks] = 0
    assert signals(limits, charts).empty
    for weeks in range(ripe_weeks):
        charts["step_sql"].seen[weeks][:, :, WEEKS - 1 - weeks] = usual[weeks] / 2
    last = signals(limits, charts).query("channel_key == 'all'").iloc[-1]
    is_young = np.arange(5) < ripe_weeks
    part = np.where(is_young, np.array([*usual, 60]) / 60, 1)
    rate = 0.6
    worth = part * (1 - rate) / (1 - part * rate)
    weights = 0.4 * 0.6 ** np.arange(5) * worth
    assert last["average"] == pytest.approx(rate * (weights * np.where(is_young, 0.5, 1)).sum() / weights.sum())
    # each week's own estimate of the rate has the variance of a share seen at its age
    variance = (weights**2 * rate * (1 - part * rate) / (part * 2300)).sum() / weights.sum() ** 2
    # nearly: the limits add what a score test does, and the chance of the history
    assert last["usual"] - last["lower_limit"] == pytest.approx(2.9 * (variance + rate * (1 - rate) / (26 * 2300)) ** 0.5, rel=0.02)


def test_since_is_the_week_of_the_change_and_the_level_becomes_usual(limits: list[CompiledModel]) -> None:
    charts = _steady("share", 100, 60)
    charts["step_sql"].total[:, :, 60:] = 30
    out = signals(limits, charts)
    of_all = out[out["channel_key"] == "all"].sort_values("week")
    weeks = sorted(of_all["week"])
    assert (of_all["since"] == weeks[0]).all()
    assert (of_all["side"] < 0).all()
    assert len(weeks) < 60, "half a year later the new level is the usual one"


def test_limits_are_standard_errors_of_average_and_history(limits: list[CompiledModel]) -> None:
    charts = _steady("mean", 100, 5000)
    charts["step_sql"].squares[:] = 100 * (50**2 + 10**2)
    charts["step_sql"].total[:, :, -1] = 6000
    last = signals(limits, charts).query("channel_key == 'all'").iloc[-1]
    weights = 0.4 * 0.6 ** np.arange(5)
    cases = 23 * 100
    variance = 10**2 * ((weights**2).sum() / weights.sum() ** 2 / cases + 1 / (26 * cases))
    assert last["average"] == pytest.approx((weights[0] * 60 + weights[1:].sum() * 50) / weights.sum())
    assert last["upper_limit"] - last["usual"] == pytest.approx(2.9 * variance**0.5)


def test_a_step_that_everybody_takes_still_has_limits(limits: list[CompiledModel]) -> None:
    charts = _steady("share", 20, 20)
    assert signals(limits, charts).empty
    charts["step_sql"].total[:, :, -3:] = 12
    assert "all" in set(signals(limits, charts)["channel_key"])


@pytest.mark.parametrize("has_season", [True, False])
def test_a_season_that_comes_every_year_is_no_signal(compiled: dict[str, CompiledModel], has_season: bool) -> None:
    """Four years of leads that rise and fall alike: known by then, the season is taken out of the chart; left in, it would signal."""
    connection = scratch_warehouse()
    connection.execute(f"""
        create schema facts; create schema landing; create schema intermediate;
        create table landing.pipeline_run as select date '2026-03-29' as as_of;
        create table facts.dim_date as
            select cast(range as date) as date_day, date_trunc('month', date_day) as month, isodow(date_day) as isodow
            from range(date '2022-01-01', date '2026-04-30', interval 1 day);
        create table facts.fct_lead_funnel as
            select date_day as created_date, month as lead_month
            from facts.dim_date, range(cast(20 * list_extract({list(SEASON)}, month(date_day)) as integer))
            where date_day <= date '2026-03-29'
    """)
    run_models(connection, [compiled["int_signal_weeks"]])
    if not has_season:
        connection.execute("update intermediate.int_signal_weeks set season_index = 1, season_variance = 0")
    connection.execute("""
        create table intermediate.int_signal_counts as
        select
            'leads' as metric, 'count' as kind, 0 as ripe_weeks, 'all' as channel_key,
            cast(date_trunc('week', created_date) as date) as week,
            0.0 as units, cast(count(*) as double) as total, 0.0 as squares, 0.0 as seen_0, 0.0 as seen_1, 0.0 as seen_2, 0.0 as seen_3
        from facts.fct_lead_funnel group by all
    """)
    run_models(connection, [compiled[MODEL]])
    out = connection.execute(f"select count(*) from intermediate.{MODEL} where is_out and week > date '2024-03-24'").fetchone()[0]
    assert (out == 0) == has_season


def test_made_up_agencies_are_those_of_the_demo() -> None:
    charts = agencies(np.random.default_rng(0), 2, 600)
    assert charts["leads"].total[:, :, :52].sum() / 2 == pytest.approx(7200, rel=0.05)
    assert set(charts) >= {f"step_{stage}" for stage in STEPS}


def test_document_holds_the_measured_tables() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "verdict.md").read_text(encoding="utf-8")
    table = text.split("<!-- signals:start -->")[1].split("<!-- signals:end -->")[0]
    assert "| leads |" in table
    assert "| `paid` |" in table
