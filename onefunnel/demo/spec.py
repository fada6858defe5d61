"""What the generated agency is asked to be, and the random streams that follow from it."""

from __future__ import annotations

import zlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from onefunnel.errors import ConfigError

INCIDENTS = {
    "none": "nothing happens: seasons, slow growth and chance",
    "lead_quality": "PPC search brings leads that never become SQL (marketing)",
    "slow_first_contact": "the SDRs answer ten times later and fewer briefs are filled (marketing)",
    "lost_at_contract": "fewer contracts sent end in a payment (sales)",
    "smaller_checks": "new clients buy for half the price (sales)",
    "seasonal_dip": "far fewer leads, as every year in that calendar month (market)",
    "market_crisis": "all channels bring 40 % fewer leads, unpaid ones too (market)",
    "budget_cut": "PPC search is left a tenth of its budget, and brings as few leads (marketing)",
}
# Whose stages the agency has: the shipped ones, or those of an example.
AGENCY = "agency"
FUNNELS = (AGENCY, "simple", "saas")
# Lead volume is what the caller asked for in this month; before and after it follows the growth, whatever months are generated.
ANCHOR_MONTH = date(2026, 1, 1)


@dataclass(frozen=True)
class DemoSpec:
    """An agency: `months` calendar months up to the one of `end`; nothing is dated after `end`.

    leads_per_month: the usual month around January 2026, before season and growth.
    incident_month: first day of the month in which the incident starts; None: the latest month whose leads have all lived 30 days by `end`,
    which is the month that `onefunnel verdict` explains unless asked for another.
    growth_pct: growth of lead volume per month, percent.
    Raises ConfigError for values that make no agency.
    """

    seed: int = 7
    months: int = 26
    leads_per_month: int = 300
    end: date = date(2026, 3, 31)
    incident: str = "none"
    incident_month: date | None = None
    dirty: bool = True
    growth_pct: float = 0.3
    funnel: str = AGENCY

    def __post_init__(self) -> None:
        _check(self.seed >= 0, f"seed is {self.seed}", "give --seed a number from 0")
        _check(1 <= self.months <= 240, f"{self.months} months", "give --months 1 to 240")
        _check(1 <= self.leads_per_month <= 1_000_000, f"{self.leads_per_month} leads a month", "give --leads-per-month 1 to 1000000")
        _check(2000 + self.months // 12 < self.end.year < 2090, f"the data would end on {self.end}", "give --end a date of our days")
        _check(self.incident in INCIDENTS, f"no incident {self.incident!r}", f"give --incident one of: {', '.join(INCIDENTS)}")
        _check(self.funnel in FUNNELS, f"no funnel {self.funnel!r}", f"give --funnel one of: {', '.join(FUNNELS)}")
        if self.incident_month is not None:
            _check(self.incident_month.day == 1, f"incident month {self.incident_month} is not a month", "write it as YYYY-MM")
            inside = self.first_month <= self.incident_month <= self.end
            hint = f"choose {self.first_month:%Y-%m} to {self.end:%Y-%m}"
            _check(inside, f"the incident of {self.incident_month:%Y-%m} lies outside the data", hint)

    @property
    def last_month(self) -> date:
        """First day of the month of `end`, which may be cut short."""
        return self.end.replace(day=1)

    @property
    def first_month(self) -> date:
        return month_date(month_number(self.last_month) - self.months + 1)

    @property
    def all_months(self) -> list[date]:
        return [month_date(number) for number in range(month_number(self.first_month), month_number(self.last_month) + 1)]

    @property
    def incident_start(self) -> date:
        """First day of the month in which the incident starts."""
        if self.incident_month is not None:
            return self.incident_month
        aged = (self.end - timedelta(days=30)) + timedelta(days=1)
        return max(month_date(month_number(aged.replace(day=1)) - 1), self.first_month)

    @property
    def end_second(self) -> int:
        """First local second after the data, counted from 1970."""
        return (np.datetime64(self.end, "D").astype(int) + 1) * 86400

    def stream(self, topic: str, month: date | None = None) -> np.random.Generator:
        """Random numbers of one topic in one month: another end, length or incident leaves the other streams as they are."""
        number = 0 if month is None else month_number(month)
        return np.random.default_rng([self.seed, zlib.crc32(topic.encode()), number])


def month_number(month: date) -> int:
    return month.year * 12 + month.month - 1


def month_date(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def month_days(month: date) -> int:
    return monthrange(month.year, month.month)[1]


def _check(is_fine: bool, message: str, hint: str) -> None:
    if not is_fine:
        raise ConfigError(message, where="demo-data", hint=hint)
