"""Planted incidents through the whole pipeline's models: the department that caused them is named. The full table: docs/verdict.md."""

from __future__ import annotations

import os

import pytest

from benchmarks.verdict_incidents import PLANTED, Laboratory, Planted

# Where every agency must be told rightly one says as much as three: others are in the full table. ONEFUNNEL_TEST_SEEDS=1,2,3 runs longer.
SEEDS = os.environ.get("ONEFUNNEL_TEST_SEEDS")
LEADS_PER_MONTH = 600


def seeds_of(planted: Planted) -> list[int]:
    if SEEDS:
        return [int(seed) for seed in SEEDS.split(",")]
    return [1] if planted.of_twenty == 20 and planted.department else [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_department_that_caused_it_is_named(laboratory: Laboratory, planted: Planted) -> None:
    outcomes = [laboratory.run(planted, seed, LEADS_PER_MONTH) for seed in seeds_of(planted)]
    right = [outcome for outcome in outcomes if outcome.is_right]
    headlines = [outcome.headline for outcome in outcomes]
    assert len(right) >= len(outcomes) * planted.of_twenty // 20, headlines
    assert all(outcome.factor in (planted.factors or (None, "season")) for outcome in right), headlines
    # where the market is to blame, or may be, nobody else is for sure
    assert not [outcome for outcome in outcomes if not outcome.is_right and outcome.confidence == "high"], headlines
