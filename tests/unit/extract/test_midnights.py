"""Days that a program wrote as midnight of its own zone are told, where they would count for other days; moments are not."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

HEAD = "payment_id,paid_at,amount,currency,lead_id"


def warned(csv: Landing, zone: str, *clocks: str, days: int = 10) -> list[str]:
    """What is warned of payments of so many days, at these clocks in turn, where days are cut in a zone."""
    csv.system, csv.entity, csv.time_zone = "template", "payments", zone
    rows = [f"p{day},2026-01-{day:02}{clocks[day % len(clocks)]},10,EUR,L1" for day in range(1, days + 1)]
    csv.write("a.csv", "\n".join([HEAD, *rows, ""]))
    return [warning for warning in csv.land().warnings if "midnight" in warning]


@pytest.mark.parametrize(
    ("zone", "clock", "counts_for"),
    [
        ("America/New_York", "T00:00:00.000Z", "2025-12-31"),
        ("America/Sao_Paulo", " 00:00:00+00", "2025-12-31"),
        ("America/Denver", "T00:00Z", "2025-12-31"),
        ("Europe/Berlin", "T00:00:00+03:00", "2025-12-31"),
        ("Europe/London", "T00:00:00 +0530", "2025-12-31"),
    ],
)
def test_days_at_midnight_of_another_zone_are_told(csv: Landing, zone: str, clock: str, counts_for: str) -> None:
    (warning,) = warned(csv, zone, clock)
    assert (
        f"column paid_at: all 10 values are midnight of another zone, such as 2026-01-01{clock}, which counts for {counts_for}" in warning
    )
    line = f"%Y-%m-%d{clock}"
    assert f'`formats: ["{line}"]` of source' in warning
    csv.source["formats"] = [line]
    assert warned(csv, zone, clock) == []


@pytest.mark.parametrize(
    ("zone", "clocks"),
    [
        ("Europe/Berlin", ["T00:00:00Z"]),  # one o'clock of the same day
        ("UTC", ["T00:00:00Z"]),
        ("America/New_York", [""]),
        ("America/New_York", [" 00:00:00"]),
        ("America/New_York", ["T00:00:00Z", "T00:00:01Z"]),
        ("America/New_York", ["T05:00:00Z"]),
    ],
)
def test_what_counts_for_its_own_day_or_has_a_clock_is_not_told(csv: Landing, zone: str, clocks: list[str]) -> None:
    assert warned(csv, zone, *clocks) == []


def test_two_moments_may_be_so_by_chance(csv: Landing) -> None:
    assert warned(csv, "America/New_York", "T00:00:00Z", days=2) == []
    assert len(warned(csv, "America/New_York", "T00:00:00Z", days=3)) == 1


OF_DAYS = {
    "payment_plan.due_date": "plan_id,due_date,amount,currency\nP1,{0},100,EUR\n",
    "ad_spend.date": "date,channel,cost,currency\n{0},google,12.34,EUR\n",
    "channel_costs.from_date": "channel,from_date,to_date,cost,currency\nfair,{0},2026-01-31,100,EUR\n",
    "channel_costs.to_date": "channel,from_date,to_date,cost,currency\nfair,2025-12-01,{0},100,EUR\n",
    "fx_rates.date": "date,currency,rate_to_base\n{0},CHF,1.05\n",
    "market_index.date": "date,index\n{0},100\n",
    "holidays.date": "date,name\n{0},New Year\n",
}
OF_MONTHS = {"targets.month": "month,kpi,value\n{0},leads,120\n", "market_index.month": "month,index\n{0},100\n"}


def _land_in_berlin(csv: Landing, column: str, moment: str) -> list[str]:
    csv.system, csv.entity, csv.time_zone = "template", column.partition(".")[0], "Europe/Berlin"
    csv.write("a.csv", {**OF_DAYS, **OF_MONTHS}[column].format(moment))
    return [warning for warning in csv.land().warnings if "midnight" in warning]


@pytest.mark.parametrize("column", OF_DAYS)
def test_of_columns_of_days_one_is_told(csv: Landing, column: str) -> None:
    (warning,) = _land_in_berlin(csv, column, "2026-01-01T00:00:00+03:00")
    assert "such as 2026-01-01T00:00:00+03:00, which counts for 2025-12-31; if they are days, say `formats" in warning


@pytest.mark.parametrize("column", OF_MONTHS)
def test_months_that_move_are_refused(csv: Landing, column: str) -> None:
    with pytest.raises(
        ConfigError, match=r"which counts for 2025-12\n[\s\S]*if they are months, say `formats: \[\"%Y-%m-%dT00:00:00\+03:00"
    ):
        _land_in_berlin(csv, column, "2026-01-01T00:00:00+03:00")
    csv.source["formats"] = ["%Y-%m-%dT00:00:00+03:00"]
    assert not _land_in_berlin(csv, column, "2026-01-01T00:00:00+03:00")


@pytest.mark.parametrize("column", [*OF_DAYS, *OF_MONTHS])
@pytest.mark.parametrize("moment", ["2026-01-01", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00-05:00"])
def test_days_and_months_that_stay_are_not_told(csv: Landing, column: str, moment: str) -> None:
    assert not _land_in_berlin(csv, column, moment)


@pytest.mark.parametrize("column", OF_MONTHS)
def test_a_day_within_its_month_may_move(csv: Landing, column: str) -> None:
    assert not _land_in_berlin(csv, column, "2026-01-15T00:00:00+03:00")


def test_one_winter_is_enough(csv: Landing) -> None:
    """In summer London is where such midnights are."""
    csv.system, csv.entity, csv.time_zone = "template", "payments", "Europe/London"
    days = [f"2025-07-{day:02}" for day in range(1, 11)] + ["2026-01-02", "2026-07-01"]
    rows = [f"p{number},{day}T00:00:00+01:00,10,EUR,L1" for number, day in enumerate(days)]
    csv.write("a.csv", "\n".join([HEAD, *rows, ""]))
    (warning,) = (each for each in csv.land().warnings if "midnight" in each)
    assert "such as 2026-01-02T00:00:00+01:00, which counts for 2026-01-01" in warning


def test_what_is_no_day_at_all_does_no_harm(csv: Landing) -> None:
    days = ["0000-00-00", "0001-01-01", "9999-12-31", *(f"2026-13-{day}" for day in range(10, 20))]
    csv.system, csv.entity, csv.time_zone = "template", "payments", "America/New_York"
    offsets = ("Z", "+99:00", "-14:00")
    rows = [f"p{number},{day}T00:00:00{offsets[number % 3]},10,EUR,L1" for number, day in enumerate(days)]
    csv.write("a.csv", "\n".join([HEAD, *rows, ""]))
    assert csv.land().rows == len(days)
