"""What a source delivers once it is cleaned. Moments are naive UTC datetimes, money is Decimal in the base currency."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

STAGES = ("lead", "first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
ORDER = {stage: number for number, stage in enumerate(STAGES, start=1)}
TERMINALS = ("rejected", "returned", "lost", "partner_handoff")
SEEDS = Path(__file__).resolve().parents[3] / "seeds"
UTC = ZoneInfo("UTC")


def seed(name: str) -> list[dict[str, str]]:
    """Rows of one seed file."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@dataclass(frozen=True)
class Settings:
    """Parameters of the run the oracle repeats."""

    as_of: date
    source_name: str = "demo"
    source_system: str = "template"
    source_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    base_currency: str = "EUR"
    currency: str = "EUR"
    opens: time = time(9)
    closes: time = time(18)
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    max_rate_age_days: int = 7
    hash_key: str | None = None
    landed_at: datetime | None = None  # none: after every moment that a row tells of

    def told(self, moment: datetime | None) -> datetime | None:
        """A moment of a lead row, unless it is more than a day after the row was delivered: then it did not happen."""
        return None if moment and self.landed_at and moment > self.landed_at + timedelta(days=1) else moment

    def local_date(self, moment: datetime | None) -> date | None:
        """The reporting day of a UTC moment."""
        return None if moment is None else moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    @property
    def as_of_end(self) -> datetime:
        """The first UTC moment after the reporting day `as_of`."""
        midnight = datetime.combine(self.as_of + timedelta(days=1), time(), tzinfo=self.zone)
        return midnight.astimezone(UTC).replace(tzinfo=None)


@dataclass
class Lead:
    lead_id: str
    created_at: datetime
    channel: str
    client: str
    campaign: str | None = None
    service: str | None = None
    sdr: str | None = None
    sales_rep: str | None = None
    status: str | None = None
    proven: tuple[str, ...] = ()
    status_at: datetime | None = None
    reason: str | None = None
    closed_at: datetime | None = None
    first_contact_at: datetime | None = None
    flag: str | None = None
    duplicate_of: str | None = None
    # what owners.py makes of the two
    excluded: bool = False
    owner: str | None = None
    owner_client: str = ""
    owner_channel: str = ""
    owner_flag: str | None = None
    left_out: bool = False


@dataclass
class Event:
    event_id: str
    lead_id: str
    stage: str | None
    entered_at: datetime
    reason: str | None = None


@dataclass
class Payment:
    payment_id: str
    paid_at: datetime
    lead_id: str | None
    client_id: str | None
    kind: str
    amount: Decimal
    direct_cost: Decimal
    original: Decimal = Decimal(0)
    currency: str = "EUR"


@dataclass
class PlanLine:
    plan_id: str
    due_date: date
    planned: Decimal
    lead_id: str | None
    client_id: str | None
    service: str | None = None
    original: Decimal = Decimal(0)
    currency: str = "EUR"
    rate: Decimal = Decimal(1)


@dataclass
class Spend:
    day: date
    channel: str
    cost: Decimal


@dataclass
class Target:
    month: date
    kpi: str
    channel: str
    value: float


@dataclass
class Source:
    """One cleaned source. `quarantined`: (entity, rule) -> rows kept out of the facts for what they hold."""

    settings: Settings
    leads: list[Lead] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    plan: list[PlanLine] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    holidays: set[date] = field(default_factory=set)
    rate_at: Callable[[str, date], Decimal | None] = lambda _currency, _day: Decimal(1)
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    delivered: frozenset[str] = frozenset({"leads", "payments", "payment_plan", "spend"})

    def quarantine(self, entity: str, rule: str) -> None:
        self.quarantined[entity, rule] = self.quarantined.get((entity, rule), 0) + 1


def state_then(settings: Settings, status: str | None, status_at: datetime | None, closed_at: datetime | None, reason: str | None):
    """Status and reason as the day `as_of` knew them. status_at, closed_at: as delivered; a state of a later day is none yet."""
    if status_at is not None and status_at >= settings.as_of_end:
        return None, None
    if status_at is None and closed_at is not None and closed_at >= settings.as_of_end:
        return (None if status == "paid" or status not in STAGES else status), None
    return status, reason


def rounded(value: Decimal, places: int = 4) -> Decimal:
    """Round half away from zero, as money is."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def month_of(day: date | None) -> date | None:
    return None if day is None else day.replace(day=1)


def add_months(month: date, months: int) -> date:
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


class Mapping:
    """A source's own words to keys: the key itself, then the mapping seed (case and spaces aside), else `default`."""

    def __init__(self, keys_seed: str, key: str, mapping_seed: str, system: str, source_field: str | None = None):
        self.words = {row[key]: row[key] for row in seed(keys_seed)}
        self.words |= {
            row["source_value"]: row[key]
            for row in seed(mapping_seed)
            if row["source_system"] == system and row.get("source_field", source_field) == source_field
        }

    def get(self, value: str | None, empty: str | None, unknown: str | None) -> str | None:
        if value is None or not value.strip():
            return empty
        return self.words.get(value.strip().lower(), unknown)
