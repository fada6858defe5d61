"""The real SQL against random funnels: effects add up to the change and agree with an independent LMDI, whatever is zero, new or closed."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lmdi_reference import STAGES, decompose
from market_reference import market_of
from verdict_bench import Bench, cell

pytestmark = pytest.mark.slow

CHANNELS = ("seo", "blog", "referral", "ppc_search", "direct", "rankings", "unmapped")
# one comparison on each basis; the cohorts are the history that both take the channels' quality from
BASES = {date(2026, 1, 1): "cohort", date(2026, 2, 1): "period"}
METRICS = {"new_clients": "paid", "new_client_revenue": "new_revenue"}


@st.composite
def cohorts(draw: st.DrawFn) -> dict[str, float]:
    """Counts that only fall along the funnel, and money of those who paid."""
    counts = {"lead": float(draw(st.one_of(st.just(0), st.integers(1, 12), st.integers(50, 5000))))}
    for before, stage in itertools.pairwise(STAGES):
        rate = draw(st.one_of(st.just(0.0), st.just(1.0), st.floats(0.05, 0.95)))
        counts[stage] = float(round(counts[before] * rate))
    return counts | draw(money(counts["paid"]))


@st.composite
def flows(draw: st.DrawFn) -> dict[str, float]:
    """Counts of one calendar month: any stage can be larger than the one before, or empty."""
    counts = {stage: float(draw(st.one_of(st.just(0), st.integers(0, 400)))) for stage in STAGES}
    return counts | draw(money(counts["paid"]))


@st.composite
def money(draw: st.DrawFn, clients: float) -> dict[str, float]:
    # money is in cents: amounts a ledger can hold
    amounts = st.integers(1, 10**8).map(lambda cents: cents / 100)
    return {
        "new_revenue": draw(st.one_of(st.just(0.0), amounts)) if clients else 0.0,
        "existing_revenue": draw(st.one_of(st.just(0.0), amounts)),
        "refunds": -draw(st.one_of(st.just(0.0), amounts)),
    }


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[dict, tuple[float, float] | None, set[str], dict[str, tuple[float, float]]]:
    """Counts by month, side and channel (a channel can be missing on a side), season indices, stages that nobody records, and indices
    of demand.

    Where all channels change alike, the channels that nobody buys may speak for the market.
    """
    sides = {}
    for month, basis in BASES.items():
        counts = cohorts() if basis == "cohort" else flows()
        for side, fewest in (("base", 0), ("current", 1)):
            sides[month, side] = draw(st.dictionaries(st.sampled_from(CHANNELS), counts, min_size=fewest, max_size=7))
        if draw(st.booleans()):
            alike = draw(st.floats(0.3, 1.7))
            sides[month, "current"] = {
                channel: {key: float(round(value * alike)) if key in STAGES else value for key, value in of_channel.items()}
                for channel, of_channel in sides[month, "base"].items()
            } or sides[month, "current"]
    season = draw(st.one_of(st.none(), st.tuples(st.floats(0.5, 1.5), st.floats(0.5, 1.5))))
    unrecorded = draw(st.one_of(st.just(set()), st.sets(st.sampled_from(STAGES[1:-1]))))
    index = st.tuples(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
    indices = draw(st.one_of(st.just({}), st.dictionaries(st.sampled_from(("all", *CHANNELS)), index, max_size=4)))
    return sides, season, unrecorded, indices


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(comparisons())
def test_effects_add_up_and_agree_with_the_reference(bench: Bench, comparison: tuple) -> None:
    sides, season, unrecorded, indices = comparison
    bench.decide(
        [
            cell(side, counts, channel, month, BASES[month])
            for (month, side), channels in sides.items()
            for channel, counts in channels.items()
        ],
        [(month, "previous_month", True, *season, 0.001) for month in BASES] if season else [],
        unrecorded=itertools.product(BASES, unrecorded),
        indices=[(month, "previous_month", channel, *index) for month in BASES for channel, index in indices.items()],
    )
    history = {channel: counts for (month, side), channels in sides.items() if BASES[month] == "cohort" and side == "current"
               for channel, counts in channels.items()}  # fmt: skip
    found = defaultdict(dict)
    for row in bench.rows("select * from marts.mart_change_factors"):
        found[row["month"]][row["metric"], row["channel_key"], row["factor"]] = row
    for month in BASES:
        base, current = sides[month, "base"], sides[month, "current"]
        leads = {channel: tuple(side.get(channel, {"lead": 0.0})["lead"] for side in (base, current)) for channel in {*base, *current}}
        changes = {channel: after / before for channel, (before, after) in indices.items()}
        method, market = market_of(leads, (*season, 0.001) if season else None, changes)
        expected = decompose(base, current, history, season, unrecorded, market, is_indexed=method == "index")
        scale = _scale(base, current)
        assert set(found[month]) == set(expected)
        for key, effect in expected.items():
            assert abs(found[month][key]["effect"] - effect) <= 1e-9 * scale[key[0]], key
        _assert_adds_up(found[month], base, current, scale)


def _scale(base: dict, current: dict) -> dict[str, float]:
    """Size of each metric: the larger of both sides, all its signed parts counted in full."""
    parts = {"new_clients": ("paid",), "new_client_revenue": ("new_revenue",), "revenue": ("new_revenue", "existing_revenue", "refunds")}
    return {
        metric: max(1.0, *(sum(abs(counts[key]) for counts in side.values() for key in keys) for side in (base, current)))
        for metric, keys in parts.items()
    }


def _assert_adds_up(rows: dict, base: dict, current: dict, scale: dict[str, float]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for (metric, _, _), row in rows.items():
        sums[metric] += row["effect"]
        assert row["stderr"] >= 0
    for metric, keys in {
        **{name: (key,) for name, key in METRICS.items()},
        "revenue": ("new_revenue", "existing_revenue", "refunds"),
    }.items():
        delta = sum(c[key] for c in current.values() for key in keys) - sum(c[key] for c in base.values() for key in keys)
        assert abs(sums[metric] - delta) <= 1e-9 * scale[metric], metric


def test_a_wrong_effect_is_noticed(new_bench: Callable[[], Bench]) -> None:
    bench = new_bench()
    good = {
        "lead": 600,
        "first_contact": 500,
        "brief_filled": 300,
        "sql": 200,
        "sal": 150,
        "demo_held": 100,
        "proposal_sent": 80,
        "contract_sent": 60,
        "paid": 40,
    }
    bench.decide([cell("base", good), cell("current", good | {"paid": 30})])
    bench.connection.execute(
        "update marts.mart_change_factors set effect = effect + 0.001 where factor = 'step_paid' and metric = 'new_clients'"
    )
    total = bench.rows("select sum(effect) as total from marts.mart_change_factors where metric = 'new_clients'")[0]["total"]
    assert abs(total + 10) > 1e-9 * 40
