"""Reading of moments and numbers as sources write them, and working time counted day by day."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from .entities import UTC, Settings

_MOMENT = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$")
_NUMBER = re.compile(r"^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$")


def read_moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """An ISO moment as naive UTC: an offset is obeyed, a naive one is local to `zone`, a bare day is its midnight. None: unreadable."""
    found = _MOMENT.match(text.strip()) if text else None
    if not found:
        return None
    day, clock, offset = found.groups()
    try:
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock.zfill(5) if clock else "00:00"))
    except ValueError:
        return None
    if offset:
        sign = offset.replace("Z", "+00:00").replace(":", "")
        shift = timedelta(hours=int(sign[1:3]), minutes=int(sign[3:5]))
        return moment - shift if sign[0] == "+" else moment + shift
    return to_utc(moment, zone)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def read_day(text: str | None) -> date | None:
    """An ISO day; a moment's own day when a clock follows. None: unreadable."""
    found = _MOMENT.match(text.strip()) if text else None
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None


def read_number(text: str | None) -> Decimal | None:
    """A number with a decimal point; currency signs and blanks aside, commas only as thousands. None: unreadable."""
    plain = re.sub(r"[\s€$£₴₽\u00a0]", "", text or "")
    return Decimal(plain.replace(",", "")) if _NUMBER.match(plain) else None


def is_true(text: str | None) -> bool:
    return text is not None and text.strip().lower() in ("1", "true", "t", "yes", "y")


class WorkingTime:
    """Working minutes between two UTC moments: the local wall clock's working hours, weekends and holidays aside."""

    def __init__(self, settings: Settings, holidays: set[date]):
        self._settings = settings
        self._holidays = holidays
        self._opens = settings.opens.hour * 60 + settings.opens.minute
        self._length = settings.closes.hour * 60 + settings.closes.minute - self._opens
        self._start = date(2000, 1, 1)
        self._before: list[int] = [0]

    def _minutes_of(self, day: date) -> int:
        works = day.isoweekday() in self._settings.working_days and day not in self._holidays
        return self._length if works else 0

    def _minutes_until(self, moment: datetime) -> float:
        local = moment.replace(tzinfo=UTC).astimezone(self._settings.zone)
        day = local.date()
        number = (day - self._start).days
        while len(self._before) <= number:
            known = self._start + timedelta(days=len(self._before) - 1)
            self._before.append(self._before[-1] + self._minutes_of(known))
        into = (local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6) / 60 - self._opens
        return self._before[number] + min(max(into, 0.0), float(self._minutes_of(day)))

    def between(self, start: datetime, end: datetime) -> float:
        return self._minutes_until(end) - self._minutes_until(start)
