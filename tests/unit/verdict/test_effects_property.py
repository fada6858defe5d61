"""The real SQL against random funnels: effects add up to the change and agree with an independent LMDI, whatever is zero, new or closed."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
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
# A run of the SQL costs the same for one comparison as for eight, four on each basis. All cohorts are the history that they take
# the channels' quality from; season, index and what is not recorded are each month's own.
BASES = {date(2026, month, 1): "cohort" if month % 2 else "period" for month in range(1, 9)}
PARTS = {
    **{"new_clients": ("paid",), "sql": ("sql",), "leads": ("lead",)},
    **{"new_client_revenue": ("new_revenue",), "revenue": ("new_revenue", "existing_revenue", "refunds")},
}


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


def scaled(counts: dict[str, float], by: float) -> dict[str, float]:
    """As many times the leads of each stage; without clients there is no money of new ones."""
    found = {key: float(round(value * by)) if key in STAGES else value for key, value in counts.items()}
    return found if found["paid"] else found | {"new_revenue": 0.0}


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[dict, dict, dict, dict]:
    """Counts by month, side and channel (a channel can be missing on a side); by month: season indices, stages that nobody records, and
    indices of demand.

    Where all channels change alike, the channels that nobody buys may speak for the market.
    """
    sides, seasons, unrecorded, indices = {}, {}, {}, {}
    index = st.tuples(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
    for month, basis in BASES.items():
        counts = cohorts() if basis == "cohort" else flows()
        for side, fewest in (("base", 0), ("current", 1)):
            sides[month, side] = draw(st.dictionaries(st.sampled_from(CHANNELS), counts, min_size=fewest, max_size=7))
        if draw(st.booleans()):
            alike = draw(st.floats(0.3, 1.7))
            sides[month, "current"] = {channel: scaled(of_channel, alike) for channel, of_channel in sides[month, "base"].items()} or sides[
                month, "current"
            ]
        seasons[month] = draw(st.one_of(st.none(), st.tuples(st.floats(0.5, 1.5), st.floats(0.5, 1.5))))
        unrecorded[month] = draw(st.one_of(st.just(set()), st.sets(st.sampled_from(STAGES[1:-1]))))
        indices[month] = draw(st.one_of(st.just({}), st.dictionaries(st.sampled_from(("all", *CHANNELS)), index, max_size=4)))
    return sides, seasons, unrecorded, indices


@pytest.mark.slow
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(comparisons())
def test_effects_add_up_and_agree_with_the_reference(bench: Bench, comparison: tuple) -> None:
    sides, seasons, unrecorded, indices = comparison
    bench.decide(
        [
            cell(side, counts, channel, month, BASES[month])
            for (month, side), channels in sides.items()
            for channel, counts in channels.items()
        ],
        [(month, "previous_month", True, *season, 0.001) for month, season in seasons.items() if season],
        unrecorded=[(month, stage) for month, stages in unrecorded.items() for stage in stages],
        indices=[(month, "previous_month", channel, *index) for month, of_month in indices.items() for channel, index in of_month.items()],
    )
    history: dict[str, Counter[str]] = defaultdict(Counter)
    for (month, side), channels in sides.items():
        for channel, counts in channels.items() if BASES[month] == "cohort" and side == "current" else ():
            history[channel] += Counter({stage: counts[stage] for stage in STAGES})
    found = defaultdict(dict)
    for row in bench.rows("select * from marts.mart_change_factors"):
        found[row["month"]][row["metric"], row["channel_key"], row["factor"]] = row
    for month in BASES:
        base, current = sides[month, "base"], sides[month, "current"]
        leads = {channel: tuple(side.get(channel, {"lead": 0.0})["lead"] for side in (base, current)) for channel in {*base, *current}}
        changes = {channel: after / before for channel, (before, after) in indices[month].items()}
        season = seasons[month]
        method, market = market_of(leads, (*season, 0.001) if season else None, changes)
        expected = decompose(base, current, history, season, unrecorded[month], market, is_indexed=method == "index")
        scale = _scale(base, current)
        if "sql" in unrecorded[month]:  # nothing is said of a stage that nobody records
            expected = {key: effect for key, effect in expected.items() if key[0] != "sql"}
        assert set(found[month]) == set(expected)
        for key, effect in expected.items():
            assert abs(found[month][key]["effect"] - effect) <= 1e-9 * scale[key[0]], key
        _assert_adds_up(found[month], base, current, scale)


def _scale(base: dict, current: dict) -> dict[str, float]:
    """Size of each metric: the larger of both sides, all its signed parts counted in full."""
    return {
        metric: max(1.0, *(sum(abs(counts[key]) for counts in side.values() for key in keys) for side in (base, current)))
        for metric, keys in PARTS.items()
    }


def _assert_adds_up(rows: dict, base: dict, current: dict, scale: dict[str, float]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for (metric, _, _), row in rows.items():
        sums[metric] += row["effect"]
        assert row["stderr"] >= 0
    assert set(sums) >= PARTS.keys() - {"sql"}
    for metric, keys in PARTS.items():
        if metric not in sums:
            continue
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
