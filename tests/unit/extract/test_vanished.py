"""What is listed no more is found by counting in halves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onefunnel.extract.vanished import differing

PAGE = 5
Ids = st.sets(st.integers(1, 300), max_size=120)


def found(known: set[int], listed: set[int]) -> tuple[set[int], set[int], int]:
    """(gone, back, how often was counted)."""
    asked = []

    def count(after: int, last: int) -> tuple[int, list[int]]:
        asked.append(after)
        inside = sorted(each for each in listed if after < each <= last)
        return len(inside), inside[:PAGE]

    return *differing(sorted(known), count), len(asked)


@given(Ids, Ids)
def test_all_that_is_gone_is_found(known: set[int], gone: set[int]) -> None:
    assert found(known, known - gone)[:2] == (known & gone, set())


@given(Ids, st.integers(1, 300))
def test_what_came_back_is_found(known: set[int], back: int) -> None:
    newer = back > max(known, default=0)
    assert found(known, known | {back})[:2] == (set(), set() if newer or back in known else {back})


def test_nothing_gone_is_counted_once_and_one_of_many_in_a_few_steps() -> None:
    known = set(range(1, 100_001))
    assert found(known, known) == (set(), set(), 1)
    gone, back, asked = found(known, known - {77_777})
    assert (gone, back) == ({77_777}, set())
    assert asked < 2 * 17
