"""Control charts, on the project's own compiled SQL: quiet agencies hear little, a step that breaks is heard soon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.compiled_models import CompiledModel, compile_models
from benchmarks.signal_alarms import MODEL, STEPS, WEEKS, Chart, agencies, false_signals, seen, signals


@pytest.fixture(scope="module")
def limits(tmp_path_factory: pytest.TempPathFactory) -> list[CompiledModel]:
    folder = tmp_path_factory.mktemp("signals")
    return compile_models([MODEL], folder / "home", folder / "target")


def test_quiet_agencies_hear_less_than_one_signal_per_metric_in_two_years(limits: list[CompiledModel]) -> None:
    heard = false_signals(limits, 12, 600, seed=1)
    assert (heard["any"] <= 1).all(), heard
    assert heard["together"].mean() < 0.5


def test_a_step_that_falls_by_a_third_is_seen_within_four_weeks(limits: list[CompiledModel]) -> None:
    for step in (0, len(STEPS) - 1):
        assert seen(limits, 20, 600, step, seed=2)["counted"] >= 0.9


def _steady(kind: str, units: float, total: float) -> dict[str, Chart]:
    shape = (1, 23, WEEKS)
    return {"step_sql": Chart(kind, 0, np.full(shape, units), np.full(shape, total), np.full(shape, total))}


def test_since_is_the_week_of_the_change_and_the_level_becomes_usual(limits: list[CompiledModel]) -> None:
    charts = _steady("share", 100, 60)
    charts["step_sql"].total[:, :, 60:] = 30
    out = signals(limits, charts)
    of_all = out[out["channel_key"] == "all"].sort_values("week")
    weeks = sorted(of_all["week"])
    assert (of_all["since"] == weeks[0]).all()
    assert (of_all["side"] < 0).all()
    assert len(weeks) < 60, "half a year later the new level is the usual one"


def test_limits_are_three_standard_errors_of_average_and_history(limits: list[CompiledModel]) -> None:
    charts = _steady("mean", 100, 5000)
    charts["step_sql"].squares[:] = 100 * (50**2 + 10**2)
    charts["step_sql"].total[:, :, -1] = 6000
    last = signals(limits, charts).query("channel_key == 'all'").iloc[-1]
    weights = 0.3 * 0.7 ** np.arange(8)
    cases = 23 * 100
    variance = 10**2 * ((weights**2).sum() / weights.sum() ** 2 / cases + 1 / (26 * cases))
    assert last["average"] == pytest.approx((weights[0] * 60 + weights[1:].sum() * 50) / weights.sum())
    assert last["upper_limit"] - last["usual"] == pytest.approx(3 * variance**0.5)


def test_a_step_that_everybody_takes_still_has_limits(limits: list[CompiledModel]) -> None:
    charts = _steady("share", 20, 20)
    assert signals(limits, charts).empty
    charts["step_sql"].total[:, :, -3:] = 12
    assert "all" in set(signals(limits, charts)["channel_key"])


def test_made_up_agencies_are_those_of_the_demo() -> None:
    charts = agencies(np.random.default_rng(0), 2, 600)
    assert charts["leads"].total[:, :, :52].sum() / 2 == pytest.approx(7200, rel=0.05)
    assert set(charts) >= {f"step_{stage}" for stage in STEPS}


def test_document_holds_the_measured_tables() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "verdict.md").read_text(encoding="utf-8")
    table = text.split("<!-- signals:start -->")[1].split("<!-- signals:end -->")[0]
    assert "| leads |" in table
    assert "| `paid` |" in table
