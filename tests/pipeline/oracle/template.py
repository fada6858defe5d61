"""Read the contract's template files (CSV) and clean them: what cannot be read or valued is counted as quarantined."""

from __future__ import annotations

import csv
import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from .calendar import is_true, read_day, read_moment, read_number
from .entities import Event, Lead, Mapping, Payment, PlanLine, Settings, Source, Spend, Target, rounded, seed, state_then

T = TypeVar("T")
Row = dict[str, str | None]
# the graver flag first
_FLAGS = ("test", "deleted", "duplicate")
_PAID_BACK = ("refund", "chargeback")
_CAME_BACK = ("chargeback_won", "refund_failed")


def read_template(folder: Path, settings: Settings) -> Source:
    """`folder`: leads*.csv, stage_events*.csv, … as the contract names them (one or several files per entity)."""
    source = Source(settings)
    reader = _Reader(folder, source)
    source.holidays = {date.fromisoformat(row["holiday_date"]) for row in seed("holidays")}
    source.holidays |= {day for row in reader.rows("holidays") if (day := read_day(row["date"]))}
    rates = Rates(reader.rows("fx_rates"), settings)
    source.rate_at = rates.at
    reader.leads()
    reader.stage_events()
    reader.spend(rates)
    reader.payments(rates)
    reader.payment_plan(rates)
    reader.targets()
    return source


class Rates:
    """The latest rate at or before a day, at most `max_rate_age_days` old; the base currency is 1 by definition."""

    def __init__(self, rows: list[Row], settings: Settings):
        self._settings = settings
        found: dict[str, dict[date, Decimal]] = {}
        for row in rows:
            day, rate = read_day(row["date"]), read_number(row["rate_to_base"])
            if day and rate is not None and rate > 0:
                found.setdefault((row["currency"] or "").strip().upper(), {})[day] = rate
        self._days = {currency: sorted(days) for currency, days in found.items()}
        self._rates = found
        self.known = {row["currency"] for row in seed("currencies")}

    def at(self, currency: str, day: date) -> Decimal | None:
        if currency == self._settings.base_currency:
            return Decimal(1)
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        if not place or (day - days[place - 1]).days > self._settings.max_rate_age_days:
            return None
        return self._rates[currency][days[place - 1]]


class _Reader:
    def __init__(self, folder: Path, source: Source):
        self.folder, self.source, self.settings = folder, source, source.settings
        self.channels = Mapping("channels", "channel_key", "channel_mapping", "template")
        self.stages = Mapping("funnel_stages", "stage_key", "stage_mapping", "template", "status")
        self.reasons = Mapping("reasons", "reason_key", "reason_mapping", "template")

    def rows(self, entity: str) -> list[Row]:
        """Delivered rows in file order; blank cells are None; columns nobody delivered are None too."""
        result: list[Row] = []
        paths = sorted([*self.folder.glob(f"{entity}*.csv"), *self.folder.glob(f"{entity}/*.csv")])
        for path in paths:
            with path.open(encoding="utf-8-sig", newline="") as handle:
                for row in csv.DictReader(handle):
                    result.append(_Blank({key: (value or "").strip() or None for key, value in row.items() if key}))
        return result

    def newest(self, entity: str, key: str, clean: Callable[[Row], T | None], version: str | None = None) -> list[T]:
        """The cleaned rows, one per key: the highest version, the later row where they tie. `clean` counts what it refuses."""
        kept: dict[str, tuple[tuple, T]] = {}
        for number, row in enumerate(self.rows(entity)):
            if row[key] is None:
                self.source.quarantine(entity, "missing_id")
                continue
            moment = self.moment(row[version]) if version else None
            rank = (moment is not None, moment or 0, number)
            cleaned = clean(row)
            if cleaned is not None and (row[key] not in kept or rank > kept[row[key]][0]):
                kept[row[key]] = (rank, cleaned)
        return [cleaned for _, cleaned in kept.values()]

    def moment(self, text: str | None):
        return read_moment(text, self.settings.source_zone)

    def optional_moment(self, text: str | None):
        """A moment that may be missing; one after as_of has not happened yet."""
        moment = self.settings.told(self.moment(text))
        return moment if moment and moment < self.settings.as_of_end else None

    def known_moment(self, entity: str, text: str | None):
        """The row's own moment, or None with the row counted: unreadable, missing, or after as_of (which is no fault)."""
        moment = self.moment(text)
        rule = None
        if moment is None:
            rule = "missing_date" if text is None else "unparsable_date"
        elif moment.year < 2000:
            rule = "implausible_date"
        elif moment >= self.settings.as_of_end:
            rule = "after_as_of"
        if rule:
            self.source.quarantine(entity, rule)
        return None if rule else moment

    def leads(self) -> None:
        self.source.leads = self.newest("leads", "lead_id", self.lead, "updated_at")

    def lead(self, row: Row) -> Lead | None:
        created_at = self.known_moment("leads", row["created_at"])
        if created_at is None:
            return None
        status, reason = state_then(
            self.settings,
            self.stages.get(row["status"], None, None),
            self.settings.told(self.moment(row["status_at"])),
            self.settings.told(self.moment(row["closed_at"])),
            self.reasons.get(row["reason"], None, "unmapped"),
        )
        return Lead(
            lead_id=row["lead_id"],
            created_at=created_at,
            channel=self.channel(row),
            client=row["contact_id"] or self.hashed(_address(row)) or self.hashed(_digits(row)) or row["lead_id"],
            campaign=row["campaign"],
            service=(row["requested_service"] or "").lower() or None,
            sdr=row["sdr"],
            sales_rep=row["sales_rep"],
            status=status,
            proven=(status,) if status else (),
            status_at=self.optional_moment(row["status_at"]),
            reason=reason,
            closed_at=self.optional_moment(row["closed_at"]),
            first_contact_at=self.optional_moment(row["first_contact_at"]),
            flag=next((flag for flag in _FLAGS if is_true(row[f"is_{flag}"])), None),
            duplicate_of=row["duplicate_of"],
        )

    def hashed(self, text: str | None) -> str | None:
        """Personal data as landing keeps it; as it is where the run had no key."""
        key = self.settings.hash_key
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() if text and key else text

    def stage_events(self) -> None:
        self.source.events = self.newest("stage_events", "event_id", self.stage_event)

    def stage_event(self, row: Row) -> Event | None:
        entered_at = self.known_moment("stage_events", row["entered_at"])
        if entered_at is None:
            return None
        stage = self.stages.get(row["stage"], None, None)
        return Event(row["event_id"], row["lead_id"], stage, entered_at, self.reasons.get(row["reason"], None, "unmapped"))

    def spend(self, rates: Rates) -> None:
        for row in self.rows("ad_spend"):
            day = self.known_day("ad_spend", row["date"])
            if day is None:
                continue
            free = read_number(row["cost"]) == 0  # nothing is nothing in every currency, also without a rate
            cost = Decimal(0) if free else self.money("ad_spend", row, day, rates, row["cost"])
            if cost is not None:
                self.source.spend.append(Spend(day, self.channel(row), rounded(cost)))
        for row in self.rows("channel_costs"):
            first, last = read_day(row["from_date"]), read_day(row["to_date"])
            cost = read_number(row["cost"])
            if first is None or last is None or last < first or cost is None or cost < 0:
                self.source.quarantine("channel_costs", "unparsable")
                continue
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            share = rounded(cost / len(days))
            for day in days:
                rate = rates.at(self.currency(row), day)
                part = share if day < last else cost - share * (len(days) - 1)
                if rate is not None and day <= self.settings.as_of:
                    self.source.spend.append(Spend(day, self.channel(row), rounded(part * rate)))

    def known_day(self, entity: str, text: str | None) -> date | None:
        day = read_day(text)
        if day is None:
            self.source.quarantine(entity, "missing_date" if text is None else "unparsable_date")
        elif day > self.settings.as_of:
            self.source.quarantine(entity, "after_as_of")
            return None
        return day

    def channel(self, row: Row) -> str:
        return self.channels.get(row["channel"], "unmapped", "unmapped")

    def currency(self, row: Row) -> str:
        return (row["currency"] or self.settings.currency).upper()

    def money(self, entity: str, row: Row, day: date, rates: Rates, text: str | None) -> Decimal | None:
        """The amount in the base currency, or None with the row counted: unreadable, negative, unknown currency, no rate."""
        amount, currency = read_number(text), self.currency(row)
        rule = None
        if amount is None:
            rule = "unparsable_number"
        elif amount < 0:
            rule = "negative_amount"
        elif currency not in rates.known:
            rule = "unknown_currency"
        elif rates.at(currency, day) is None:
            rule = "missing_rate"
        if rule:
            self.source.quarantine(entity, rule)
            return None
        return amount * rates.at(currency, day)

    def payments(self, rates: Rates) -> None:
        self.source.payments = self.newest("payments", "payment_id", lambda row: self.payment(row, rates))

    def payment(self, row: Row, rates: Rates) -> Payment | None:
        kind = (row["kind"] or "payment").lower()
        amount, direct = read_number(row["amount"]), read_number(row["direct_cost"])
        rule = None
        if row["lead_id"] is None and row["client_id"] is None:
            rule = "missing_id"
        elif kind not in ("payment", *_PAID_BACK, *_CAME_BACK):
            rule = "unknown_kind"
        elif amount == 0:
            rule = "zero_amount"
        elif direct is None and row["direct_cost"] is not None:
            rule = "unparsable_number"
        elif direct is not None and direct < 0:
            rule = "negative_amount"
        if rule:
            self.source.quarantine("payments", rule)
            return None
        paid_at = self.known_moment("payments", row["paid_at"])
        if paid_at is None:
            return None
        day = self.settings.local_date(paid_at)
        sign = -1 if kind in _PAID_BACK else 1
        text = row["amount"] if sign == 1 else (row["amount"] or "").replace("-", "")
        value = self.money("payments", row, day, rates, text)
        if value is None:
            return None
        return Payment(
            payment_id=row["payment_id"],
            paid_at=paid_at,
            lead_id=row["lead_id"],
            client_id=row["client_id"],
            kind=kind,
            amount=sign * rounded(value),
            original=sign * rounded(read_number(text)),
            currency=self.currency(row),
            direct_cost=rounded((direct or Decimal(0)) * rates.at(self.currency(row), day)),
        )

    def payment_plan(self, rates: Rates) -> None:
        self.source.plan = self.newest("payment_plan", "plan_id", lambda row: self.plan_line(row, rates))

    def plan_line(self, row: Row, rates: Rates) -> PlanLine | None:
        due = read_day(row["due_date"])
        if due is None:
            self.source.quarantine("payment_plan", "missing_date" if row["due_date"] is None else "unparsable_date")
            return None
        planned = self.money("payment_plan", row, min(due, self.settings.as_of), rates, row["amount"])
        if planned == 0:
            self.source.quarantine("payment_plan", "zero_amount")
        if not planned:
            return None
        who = row["lead_id"], row["client_id"], row["service"]
        rate = rates.at(self.currency(row), min(due, self.settings.as_of))
        return PlanLine(row["plan_id"], due, rounded(planned), *who, read_number(row["amount"]), self.currency(row), rate)

    def targets(self) -> None:
        newest: dict[tuple, Target] = {}
        for row in self.rows("targets"):
            month = read_day(row["month"] if len(row["month"] or "") > 7 else f"{row['month']}-01")
            value = read_number(row["value"])
            if month and value is not None:
                channel = self.channels.get(row["channel"], "all", "unmapped") if row["channel"] != "all" else "all"
                newest[month.replace(day=1), row["kpi"], channel] = Target(month.replace(day=1), row["kpi"], channel, float(value))
        self.source.targets = list(newest.values())


class _Blank(dict):
    def __missing__(self, key: str) -> None:
        return None


def _address(row: Row) -> str | None:
    """An address without @ is nobody's."""
    text = (row["contact_email"] or "").strip().lower()
    return text if "@" in text else None


def _digits(row: Row) -> str | None:
    """A number of fewer than five digits, or of one digit repeated, is nobody's."""
    digits = "".join(character for character in row["contact_phone"] or "" if character.isdigit())
    return digits if len(digits) >= 5 and len(set(digits)) > 1 else None
