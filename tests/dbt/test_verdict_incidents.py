"""Planted incidents through the whole pipeline's models: the department that caused them is named. The full table: docs/verdict.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.verdict_incidents import PLANTED, Laboratory, Planted

SEEDS = (1, 2, 3)
LEADS_PER_MONTH = 600


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory, hash_key: str) -> Iterator[Laboratory]:
    """Compiles the models once for all agencies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEFUNNEL_HASH_KEY", hash_key)
        yield Laboratory(tmp_path_factory.mktemp("agencies"))


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_department_that_caused_it_is_named(laboratory: Laboratory, planted: Planted) -> None:
    outcomes = [laboratory.run(planted, seed, LEADS_PER_MONTH) for seed in SEEDS]
    right = [outcome for outcome in outcomes if outcome.is_right]
    headlines = [outcome.headline for outcome in outcomes]
    assert len(right) >= len(SEEDS) * planted.of_twenty // 20, headlines
    assert all(outcome.factor in (planted.factors or (None, "season")) for outcome in right), headlines
    # where the market is to blame, or may be, nobody else is for sure
    assert not [outcome for outcome in outcomes if not outcome.is_right and outcome.confidence == "high"], headlines
