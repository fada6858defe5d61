"""Packing rows into columns loses nothing that the page shows."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefunnel.report.columns import pack_column, pack_table, plain, unpack_table

cells = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=5))


@pytest.mark.slow
@given(st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=4)), st.one_of(st.none(), st.integers(-99, 99))), max_size=30))
def test_rows_survive_packing(rows: list[tuple[str | None, int | None]]) -> None:
    assert unpack_table(pack_table(("word", "number"), rows)) == [{"word": word, "number": number} for word, number in rows]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1234.5678"), 1234.57),
        (Decimal("66.6667"), 66.6667),
        (2 / 3, 0.66667),
        (12.0, 12),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (math.nan, None),
        (math.inf, None),
        (True, True),
        (None, None),
    ],
)
def test_values_keep_more_digits_than_the_page_shows(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_true_and_one_stay_apart() -> None:
    assert pack_column([True, True, True, 1, 1, 1]) == {"r": [True, 3, 1, 3]}


def test_repeated_text_is_stored_once() -> None:
    packed = pack_column(["seo"] * 500 + ["blog"] * 500)
    assert packed == {"d": ["blog", "seo"], "r": [1, 500, 0, 500]}
