"""Working days, holidays and working time of the agency, in local time counted from 1970."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

OPENS, WORKING_MINUTES = 540, 540  # 09:00-18:00


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus 1991)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    day = (h + weekday - 7 * m + 33 * month + 19) % 32
    return date(year, month, day)


def holidays(year: int) -> list[tuple[date, str]]:
    """Public holidays of all Germany, where the agency sits."""
    sunday = easter(year)
    return sorted(
        [
            (date(year, 1, 1), "New Year's Day"),
            (sunday - timedelta(days=2), "Good Friday"),
            (sunday + timedelta(days=1), "Easter Monday"),
            (date(year, 5, 1), "Labour Day"),
            (sunday + timedelta(days=39), "Ascension Day"),
            (sunday + timedelta(days=50), "Whit Monday"),
            (date(year, 10, 3), "German Unity Day"),
            (date(year, 12, 25), "Christmas Day"),
            (date(year, 12, 26), "Second Day of Christmas"),
        ]
    )


class WorkingClock:
    """Turns moments (local seconds since 1970) into positions on an axis of working minutes only, and back."""

    def __init__(self, first_year: int, last_year: int) -> None:
        self.first_day = np.datetime64(f"{first_year}-01-01", "D")
        days = np.arange(self.first_day, np.datetime64(f"{last_year + 1}-01-01", "D"))
        free = np.array([day for year in range(first_year, last_year + 1) for day, _ in holidays(year)], dtype="datetime64[D]")
        self.is_open = np.is_busday(days, holidays=free)
        self.before_day = np.concatenate([[0], np.cumsum(np.where(self.is_open, WORKING_MINUTES, 0))])
        # the k-th working day, so that a position finds its day by division
        self.open_days = np.flatnonzero(self.is_open)

    def position(self, seconds: np.ndarray) -> np.ndarray:
        """Working minutes from the clock's first day to each moment."""
        day, second_of_day = np.divmod(seconds - self.first_day.astype(int) * 86400, 86400)
        inside = np.clip(second_of_day / 60 - OPENS, 0, WORKING_MINUTES)
        return self.before_day[day] + np.where(self.is_open[day], inside, 0)

    def moment(self, position: np.ndarray) -> np.ndarray:
        """The moment of each position, rounded up to a second so that no step precedes the one before."""
        order = np.minimum(position // WORKING_MINUTES, len(self.open_days) - 1).astype(int)
        minutes = OPENS + position - order * WORKING_MINUTES
        return (self.first_day.astype(int) + self.open_days[order]) * 86400 + np.ceil(minutes * 60).astype(np.int64)


def skip_spring_gap(seconds: np.ndarray) -> np.ndarray:
    """Move moments out of the hour that Berlin skips on the last Sunday of March: no clock there ever shows it."""
    days = seconds // 86400
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    last_of_march = (months + 1).astype("datetime64[D]") - 1
    weekday = (last_of_march.astype(int) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    last_sunday = last_of_march.astype(int) - (weekday + 1) % 7
    in_gap = (months.astype(int) % 12 == 2) & (days == last_sunday) & (seconds % 86400 // 3600 == 2)
    return seconds + np.where(in_gap, 3600, 0)
