"""A day is a day where it is cut, also when the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onefunnel.interval import Interval


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2024, 3, 31), "Europe/Berlin", 23),
        (date(2024, 10, 27), "Europe/Berlin", 25),
        (date(2024, 6, 22), "Europe/Berlin", 24),
        (date(2024, 11, 3), "America/New_York", 25),
        (date(2024, 3, 31), "UTC", 24),
    ],
)
def test_daylight_saving_days(day: date, zone: str, hours: int) -> None:
    interval = Interval.for_as_of(day, zone)
    assert interval.end - interval.start == timedelta(hours=hours)


@given(
    day=st.dates(date(2000, 1, 2), date(2100, 1, 1)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"]),
)
def test_as_of_is_the_day_it_was_made_for(day: date, zone: str) -> None:
    if zone == "Pacific/Apia" and day in (date(2011, 12, 29), date(2011, 12, 30)):
        return  # Samoa had no 30 December 2011
    assert Interval.for_as_of(day, zone).as_of == day


def test_the_last_whole_day_before_an_end_in_the_night() -> None:
    start, end = datetime(2024, 6, 22, 2, tzinfo=UTC), datetime(2024, 6, 23, 2, tzinfo=UTC)
    assert Interval(start, end, "Europe/Berlin").as_of == date(2024, 6, 22)
    assert Interval(start, end, "America/New_York").as_of == date(2024, 6, 21)


def test_load_ids_follow_from_source_entity_and_interval_and_sort_by_time() -> None:
    first, second = (Interval.for_as_of(date(2024, 6, day)) for day in (1, 2))
    assert first.load_id("crm", "leads") == Interval.for_as_of(date(2024, 6, 1)).load_id("crm", "leads")
    assert first.load_id("crm", "leads") < second.load_id("crm", "leads")
    assert len({first.load_id(source, entity) for source in ("crm", "ads") for entity in ("leads", "spend")}) == 4
    assert first.load_id("crm", "leads").startswith("20240602T000000-")


def test_nonsense_is_refused() -> None:
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="ends after"):
        Interval(moment, moment)
    with pytest.raises(ValueError, match="time zone"):
        Interval(datetime(2024, 6, 1), datetime(2024, 6, 2))
