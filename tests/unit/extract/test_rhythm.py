"""Costs of weeks and quarters under their first days are told; days, months and single campaigns are not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from conftest_landing import Landing

MONDAYS = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(6)]


def _told(csv: Landing, days: list[date]) -> list[str]:
    csv.system, csv.entity = "template", "ad_spend"
    rows = [f"{day},google,Campaign {number % 2},{10 + number}.50,EUR" for number, day in enumerate(days)]
    csv.write("a.csv", "\n".join(["date,channel,campaign,cost,currency", *rows, ""]))
    return [warning for warning in csv.land().warnings if "or several apart" in warning]


@pytest.mark.parametrize(
    ("days", "period"),
    [
        (MONDAYS, "week"),
        ([*MONDAYS[:3], *MONDAYS[4:]], "week"),
        ([date(2025, month, 1) for month in (1, 4, 7, 10)], "quarter"),
        ([date(year, 1, 1) for year in (2023, 2024, 2025)], "year"),
    ],
)
def test_costs_of_longer_times_are_told(csv: Landing, days: list[date], period: str) -> None:
    (warning,) = _told(csv, days)
    money = sum(10.5 + number for number in range(len(days)))
    assert f"all {len(days)} days are a {period} or several apart" in warning
    assert f"{money:,.2f} would count as spent on their first days" in warning


@pytest.mark.parametrize(
    ("months", "period"),
    [
        (("2025-01", "2025-04", "2025-07", "2025-10"), "quarter"),
        (("2024-01-01", "2025-01-01"), "year"),
        (("2025-01", "2025-02", "2025-04"), None),
        (("2025-01", "2025-04"), None),
    ],
)
def test_targets_of_longer_times_are_told(csv: Landing, months: tuple[str, ...], period: str | None) -> None:
    csv.system, csv.entity = "template", "targets"
    csv.write("a.csv", "\n".join(["month,kpi,value", *(f"{month},leads,{number}00" for number, month in enumerate(months, 1)), ""]))
    told = [warning for warning in csv.land().warnings if "or several apart" in warning]
    assert [f"all {len(months)} months are a {period} or several apart" in warning for warning in told] == ([True] if period else [])


@pytest.mark.parametrize(
    "days",
    [
        MONDAYS[:4],
        [*MONDAYS, date(2026, 3, 3)],
        [date(2026, 1, day) for day in range(1, 29)],
        [date(2025, month, 1) for month in range(1, 13)],
        [date(2025, month, 15) for month in (1, 4, 7, 10)],
        [date(2026, 1, 1)],
    ],
)
def test_days_and_months_are_not(csv: Landing, days: list[date]) -> None:
    assert not _told(csv, days)
