"""A column of time zones that nobody reads is told where moments beside it say none, and mean other ones than the source's."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from conftest_landing import Landing
from hypothesis import given
from hypothesis import strategies as st

from onefunnel.extract.doubts.unread_zones import zone_of


def _told(csv: Landing, column: str, zone: str, moment: str = "2026-01-05 10:00:00") -> list[str]:
    csv.system, csv.entity = "template", "leads"
    csv.write("a.csv", f"lead_id,created_at,channel,{column}\n1,{moment},seo,{zone}\n2,{moment},seo,\n")
    return [warning for warning in csv.land().warnings if "is read by nobody and says" in warning]


@pytest.mark.parametrize("column", ["TimeZone", "time_zone", "tz", "UTC offset", "Часовой пояс", "Created At Timezone"])
@pytest.mark.parametrize("zone", ["Europe/Moscow", "UTC+3", "+03:00", "GMT-5", "America/New_York"])
def test_another_zone_is_told(csv: Landing, column: str, zone: str) -> None:
    (warning,) = _told(csv, column, zone)
    assert f"says {zone} in 1 row(s), but created_at is read as of UTC" in warning
    csv.options["ignore_columns"] = [column]
    assert not _told(csv, column, zone)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("UTC", "2026-01-05 10:00"),
        ("Europe/Moscow", "2026-01-05T10:00:00+03:00"),
        ("Europe/Moscow", "2026-01-05"),
        ("office", "2026-01-05 10:00"),
        ("Z", "2026-01-05 10:00"),
    ],
)
def test_what_says_the_same_is_not(csv: Landing, zone: str, moment: str) -> None:
    assert not _told(csv, "tz", zone, moment)


def test_where_somebody_lives_is_no_zone_of_the_record(csv: Landing) -> None:
    assert not _told(csv, "Invitee Time Zone", "America/New_York")


def test_the_zone_of_the_source_is_no_other(csv: Landing) -> None:
    csv.source["time_zone"] = "Europe/Moscow"
    assert not _told(csv, "tz", "UTC+3")
    assert _told(csv, "tz", "UTC")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("utc", UTC),
        ("UTC-5", timezone(-timedelta(hours=5))),
        ("+0530", timezone(timedelta(hours=5, minutes=30))),
        ("Europe/Berlin", ZoneInfo("Europe/Berlin")),
        ("99", None),
        ("../etc/passwd", None),
    ],
)
def test_how_zones_are_written(text: str, zone: tzinfo | None) -> None:
    assert zone_of(text) == zone


@given(st.text(max_size=12))
def test_any_text_is_a_zone_or_none(text: str) -> None:
    zone_of(text)
