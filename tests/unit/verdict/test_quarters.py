"""Three months together: which ones, how old, and what their season is."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from test_counting import MARCH, Count, count, lead, monthly
from verdict_bench import Bench

__all__ = ["count"]


def test_three_months_are_compared_with_the_three_before(bench: Bench, count: Count) -> None:
    """As of May: the calendar's quarter that ends in March, and the last three whole months; April alone ends neither."""
    leads = [lead(datetime(2025 + month // 12, month % 12 + 1, 5), first_contact=1) for month in range(8, 17) for _ in range(month)]
    cells = count(leads, date(2026, 5, 31))
    sides = bench.rows("select * from intermediate.int_verdict_sides where comparison = 'previous_quarter' and basis = 'cohort'")
    assert {(row["month"], row["side"], row["side_month"]) for row in sides} == {
        (last, side, month)
        for last, months in ((MARCH, (-2, -1, 0)), (date(2026, 5, 1), (0, 1, 2)))
        for side, back in (("current", 0), ("base", 3))
        for month in (date(2025 + (14 + place - back) // 12, (14 + place - back) % 12 + 1, 1) for place in months)
    }
    for basis in ("cohort", "period"):
        current, base = (cells[basis, MARCH, "previous_quarter", side, "seo"]["lead_count"] for side in ("current", "base"))
        assert (current, base) == (12 + 13 + 14, 9 + 10 + 11)
    assert ("cohort", date(2026, 4, 1), "previous_quarter", "current", "seo") not in cells


def test_a_quarter_is_as_old_as_its_last_month(bench: Bench, count: Count) -> None:
    leads = [lead(datetime(2025, month, 5), first_contact=1, sql=40) for month in (1, 2, 3, 4, 5, 6)]
    cells = count(leads, date(2025, 7, 30))
    sides = "select * from intermediate.int_verdict_sides where comparison = 'previous_quarter' and basis = 'cohort'"
    (window,) = {row["window_days"] for row in bench.rows(f"{sides} and month = date '2025-06-01'")}
    assert window == 30
    assert [cells["cohort", date(2025, 6, 1), "previous_quarter", side, "seo"]["sql_count"] for side in ("base", "current")] == [0, 0]


def test_the_season_of_a_quarter_is_the_mean_of_its_months(bench: Bench, count: Count) -> None:
    count(monthly([60, 60, 60, 60, 60, 60, 30, 60, 60, 60, 60, 60] * 3), date(2025, 12, 31))
    rows = bench.rows("select * from intermediate.int_verdict_season where has_season")
    season = {(row["comparison"], row["month"]): row for row in rows}
    dip, quarter = season["previous_month", date(2025, 7, 1)], season["previous_quarter", date(2025, 9, 1)]
    alone = dip["current_index"] / dip["base_index"]
    assert quarter["current_index"] / quarter["base_index"] == pytest.approx((alone + 2) / 3, abs=0.03)
    assert 0 < quarter["log_variance"] < dip["log_variance"]
    year = season["previous_year_quarter", date(2025, 9, 1)]
    assert (year["base_index"], year["current_index"], year["log_variance"]) == (1, 1, 0)
