"""Who applies, when, through which channel and for what: the leads of one month as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from onefunnel.demo import catalogue as agency
from onefunnel.demo.spec import ANCHOR_MONTH, DemoSpec, month_days, month_number
from onefunnel.demo.working_time import skip_spring_gap

DIP = 0.5  # share of the usual leads that arrive in the month of the seasonal dip
CRISIS = 0.6  # share of the usual leads that the market leaves to every channel
BUDGET = 0.1  # share of its budget that PPC search keeps
RETURNING = 0.03  # share of leads whose contact applied before


@dataclass(frozen=True)
class Contacts:
    """The people who applied in one month, in order of their leads; `number` makes them unique over all months."""

    number: np.ndarray
    first_name: np.ndarray
    last_name: np.ndarray
    company: np.ndarray
    country: np.ndarray


@dataclass(frozen=True)
class Cohort:
    """Leads created in one month, ordered by `created` (local seconds since 1970). Categories are indexes into the catalogue."""

    month: date
    lead_id: np.ndarray
    created: np.ndarray
    channel: np.ndarray
    campaign: np.ndarray
    service: np.ndarray
    sdr: np.ndarray
    sales_rep: np.ndarray
    contacts: Contacts

    def __len__(self) -> int:
        return len(self.created)


def expected_leads(spec: DemoSpec, month: date) -> np.ndarray:
    """Mean number of leads of a whole month per channel: level x growth x season (x dip, crisis or cut budget)."""
    growth = (1 + spec.growth_pct / 100) ** (month_number(month) - month_number(ANCHOR_MONTH))
    season = agency.SEASON[month.month - 1] / agency.SEASON.mean()
    dip = DIP if spec.incident == "seasonal_dip" and month.month == spec.incident_start.month else 1.0
    shares = np.array([channel.share for channel in agency.CHANNELS])
    usual = spec.leads_per_month * growth * season * dip * shares / shares.sum()
    if month < spec.incident_start or spec.incident not in ("market_crisis", "budget_cut"):
        return usual
    is_cut = np.array([channel.key == "ppc_search" for channel in agency.CHANNELS])
    return usual * (CRISIS if spec.incident == "market_crisis" else np.where(is_cut, BUDGET, 1.0))


def day_weights(month: date) -> np.ndarray:
    """Part of a month's leads and ad spend that falls on each of its days: weekdays differ."""
    first = (np.datetime64(month, "D").astype(int) + 3) % 7
    weights = agency.WEEKDAYS[(first + np.arange(month_days(month))) % 7]
    return weights / weights.sum()


def choose(chances: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Index of the category each uniform number falls into; one distribution for all, or one row of chances each."""
    bounds = np.cumsum(chances, axis=-1)
    bounds = bounds / bounds[..., -1:]
    if bounds.ndim == 1:
        return np.searchsorted(bounds, uniform, side="right").clip(max=len(bounds) - 1)
    return (uniform[:, None] >= bounds).sum(axis=1).clip(max=bounds.shape[1] - 1)


def arrive(spec: DemoSpec, month: date, earlier: dict[date, Contacts]) -> Cohort:
    """The leads of a month; a few are contacts of `earlier` months who come again."""
    random = spec.stream("leads", month)
    counts = random.poisson(expected_leads(spec, month))
    channel = np.repeat(np.arange(len(counts)), counts)
    size = len(channel)
    day = choose(day_weights(month), random.random(size))
    hour = choose(agency.HOURS, random.random(size))
    seconds = random.integers(0, 3600, size)
    created = skip_spring_gap((np.datetime64(month, "D").astype(np.int64) + day) * 86400 + hour * 3600 + seconds)
    order = np.lexsort((channel, created))
    created, channel = created[order], channel[order]
    campaigns = np.array([len(known.campaigns) for known in agency.CHANNELS])[channel]
    return Cohort(
        month=month,
        lead_id=numbered(f"L{month:%y%m}", size),
        created=created,
        channel=channel,
        # the first campaign of a platform is its largest; -1: the channel has none
        campaign=np.where(campaigns > 0, (random.random(size) ** 1.6 * campaigns).astype(int), -1),
        service=choose(agency.SERVICE_SHARES, random.random(size)),
        sdr=random.integers(0, len(agency.SDRS), size),
        sales_rep=random.integers(0, len(agency.SALES_REPS), size),
        contacts=_contacts(spec, month, size, earlier),
    )


def numbered(prefix: str, size: int) -> np.ndarray:
    """Text ids prefix00001 … that stay the same when months are added before or after."""
    return np.array([f"{prefix}{number:05d}" for number in range(1, size + 1)], dtype=object)


def _contacts(spec: DemoSpec, month: date, size: int, earlier: dict[date, Contacts]) -> Contacts:
    random = spec.stream("contacts", month)
    fields = {
        "number": month_number(month) * 10_000_000 + np.arange(size),
        "first_name": random.integers(0, len(agency.FIRST_NAMES), size),
        "last_name": random.integers(0, len(agency.LAST_NAMES), size),
        "company": random.integers(0, len(agency.COMPANY_STEMS) * len(agency.COMPANY_TRADES), size),
        "country": choose(agency.COUNTRY_SHARES, random.random(size)),
    }
    returning = np.flatnonzero(random.random(size) < RETURNING)
    months_back, place = random.integers(2, 9, size), random.random(size)
    for lead in returning:
        known = earlier.get(_months_before(month, int(months_back[lead])))
        if known is not None and len(known.number):
            source = int(place[lead] * len(known.number))
            for name, values in fields.items():
                values[lead] = getattr(known, name)[source]
    return Contacts(**fields)


def _months_before(month: date, months: int) -> date:
    number = month_number(month) - months
    return date(number // 12, number % 12 + 1, 1)
