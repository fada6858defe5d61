"""Planted incidents through the whole pipeline's models: the department that caused them is named. The full table: docs/verdict.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.verdict_incidents import PLANTED, Laboratory, Planted

SEEDS = (1, 2, 3)
LEADS_PER_MONTH = 600
# What unpaid channels alone tell of the market is inferred: right in most agencies (docs/verdict.md), and never wrong with high confidence.
INFERRED = [planted for planted in PLANTED if planted.incident in ("market_crisis", "budget_cut") and not planted.has_index]


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory, hash_key: str) -> Iterator[Laboratory]:
    """Compiles the models once for all agencies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEFUNNEL_HASH_KEY", hash_key)
        yield Laboratory(tmp_path_factory.mktemp("agencies"))


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_the_department_that_caused_it_is_named(laboratory: Laboratory, planted: Planted) -> None:
    found = [laboratory.run(planted, seed, LEADS_PER_MONTH) for seed in SEEDS]
    wrong = [outcome for outcome in found if not outcome.is_right]
    if planted in INFERRED:
        assert len(wrong) <= 1, [outcome.headline for outcome in wrong]
        assert not [outcome.headline for outcome in wrong if outcome.confidence == "high"]
        return
    assert not [outcome.headline for outcome in wrong]
    assert {outcome.factor for outcome in found} <= set(planted.factors or (None, "season")), [outcome.headline for outcome in found]
