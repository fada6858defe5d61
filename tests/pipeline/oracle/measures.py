"""What happened on which day in which channel: the sums and the samples that every KPI is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from .entities import STAGES, PlanLine, rounded
from .funnel import Attempt, Funnel, Ledger, plan_of

LTV_AGES = (30, 90, 180, 365)
ZERO = Decimal(0)


@dataclass
class Client:
    """A client who paid at least once, with the whole ledger of the cooperation up to as_of."""

    key: str
    first: Ledger
    ledger: list[Ledger]
    day: Callable[[datetime], date]

    @property
    def first_paid_at(self) -> datetime:
        return self.first.payment.paid_at

    def net(self, days: int | None = None) -> Decimal:
        """Net income, whole or up to `days` days after the day of the first payment."""
        last = self.first_day + timedelta(days=days) if days else date.max
        return sum((row.net for row in self.ledger if self.day(row.payment.paid_at) <= last), ZERO)

    def is_aged(self, days: int, as_of: date) -> bool:
        return self.first_day + timedelta(days=days) <= as_of

    @property
    def first_day(self) -> date:
        return self.day(self.first_paid_at)


@dataclass
class PlanResult:
    line: PlanLine
    channel: str
    client: str
    paid: Decimal
    on_time: Decimal
    paid_original: Decimal
    on_time_original: Decimal


def clients_of(funnel: Funnel) -> list[Client]:
    ledgers: dict[str, list[Ledger]] = defaultdict(list)
    for row in funnel.ledger:
        ledgers[row.client].append(row)
    clients = []
    for key, rows in ledgers.items():
        first = next((row for row in rows if row.number == 1), None)
        if first:
            clients.append(Client(key, first, rows, funnel.day))
    return clients


def plan_results(funnel: Funnel, channels: dict[str, str]) -> list[PlanResult]:
    """What a plan received in a currency fills its lines in the order they fall due; on time counts the ledger up to the due day."""
    as_of = funnel.source.settings.as_of
    results = []
    for client, group in plan_of(funnel.source).items():
        ledger = [row for row in funnel.ledger if row.client == client]
        before: dict[str, Decimal] = defaultdict(Decimal)
        for line in sorted(group, key=lambda one: (one.due_date, one.plan_id)):
            at_end, by_due = (plan_received(funnel, group, ledger, day)[line.currency] for day in (as_of, min(line.due_date, as_of)))
            paid, on_time = (_filled(line, received - before[line.currency]) for received in (at_end, min(by_due, at_end)))
            in_base = [rounded(part * line.rate) for part in (paid, on_time)]
            results.append(PlanResult(line, channels.get(client, "unmapped"), client, *in_base, paid, on_time))
            before[line.currency] += line.original
    return results


def _filled(line: PlanLine, received: Decimal) -> Decimal:
    """Half a cent is rounding."""
    return line.original if received + Decimal("0.005") > line.original else max(received, ZERO)


def plan_received(funnel: Funnel, lines: list[PlanLine], ledger: list[Ledger], until: date) -> dict[str, Decimal]:
    """By currency of the plan: what its lines had by the end of a day. Their own currency first, then what other lines do not take,
    converted on the day on which it became spare: to the currency whose lines fall due first."""
    rate_at = funnel.source.rate_at
    first_due = {line.currency: line.due_date for line in sorted(lines, key=lambda one: one.due_date, reverse=True)}
    order = sorted(first_due, key=lambda currency: (first_due[currency], currency))
    planned = {currency: sum((line.original for line in lines if line.currency == currency), ZERO) for currency in order}
    plan_rate = {
        currency: sum((line.planned for line in lines if line.currency == currency), ZERO) / planned[currency] for currency in order
    }
    own: dict[str, Decimal] = defaultdict(Decimal)
    pot: dict[str, Decimal] = defaultdict(Decimal)
    for day in sorted({funnel.day(row.payment.paid_at) for row in ledger}):
        if day > until:
            break
        today = [row.payment for row in ledger if funnel.day(row.payment.paid_at) == day]
        for currency in sorted({payment.currency for payment in today}):
            original = sum((payment.original for payment in today if payment.currency == currency), ZERO)
            in_base = sum((payment.amount for payment in today if payment.currency == currency), ZERO)
            spare_before = own[currency] - min(max(own[currency], ZERO), planned.get(currency, ZERO))
            own[currency] += original
            spare = own[currency] - min(max(own[currency], ZERO), planned.get(currency, ZERO)) - spare_before
            spare_base = in_base if spare == original else spare * rate_at(currency, day)
            for target in order:
                rate = rate_at(target, day) or plan_rate[target]
                pot[target] += spare if target == currency else rounded(spare_base / rate)
    received, left = {}, Decimal(1)
    for place, currency in enumerate(order):
        filled = min(max(own[currency], ZERO), planned[currency])
        need = planned[currency] - filled
        if pot[currency] > 0:
            share = min(need / pot[currency], left)
            taken = need if share < left or need == pot[currency] * left else pot[currency] * left
            left -= share
        else:
            taken = pot[currency] if place == 0 else ZERO
        received[currency] = rounded(max(filled + taken, ZERO))
    return received


def client_channels(funnel: Funnel) -> dict[str, str]:
    """A client is credited to the channel of the attempt that first paid; one who never paid, to the first attempt."""
    channels = {}
    for attempt in sorted(funnel.attempts, key=lambda a: (a.created_at, a.lead.lead_id, a.number)):
        channels.setdefault(attempt.lead.client, attempt.lead.channel)
    return channels | {client.key: client.first.channel for client in clients_of(funnel)}


@dataclass
class Measures:
    """sums: one row per day, channel, measure; samples: one row per measured duration."""

    sums: pd.DataFrame
    samples: pd.DataFrame


@dataclass
class _Collector:
    funnel: Funnel
    sums: list[tuple] = field(default_factory=list)
    samples: list[tuple] = field(default_factory=list)

    def add(self, day: date | None, channel: str, measure: str, value: Decimal | int = 1) -> None:
        if day is not None:
            self.sums.append((day, channel, measure, Decimal(value)))

    def sample(self, moment: datetime | None, channel: str, name: str, value: float | None) -> None:
        if moment is not None and value is not None:
            self.samples.append((self.funnel.day(moment), channel, name, value))


def measures_of(funnel: Funnel, channels: dict[str, str] | None = None) -> Measures:
    """`channels`: of the clients, where they are to be other than this funnel says."""
    collector = _Collector(funnel)
    net: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in funnel.ledger:
        if row.attempt:
            net[row.attempt.key] += row.net
    new_clients = first_won(funnel)
    for attempt in funnel.attempts:
        _attempt(collector, attempt, net[attempt.key], attempt.key in new_clients)
    for spend in funnel.source.spend:
        collector.add(spend.day, spend.channel, "cost", spend.cost)
    for row in funnel.ledger:
        _payment(collector, row)
    for client in clients_of(funnel):
        _client(collector, client)
    for result in plan_results(funnel, channels or client_channels(funnel)):
        if result.line.due_date > funnel.source.settings.as_of:
            continue
        collector.add(result.line.due_date, result.channel, "planned", result.line.planned)
        collector.add(result.line.due_date, result.channel, "plan_paid", result.paid)
    return Measures(
        pd.DataFrame(collector.sums, columns=["day", "channel_key", "measure", "value"]),
        pd.DataFrame(collector.samples, columns=["day", "channel_key", "measure", "value"]),
    )


def first_won(funnel: Funnel) -> set[tuple[str, int]]:
    """The attempts that brought a new client: each client's first won one. An undated payment comes after the dated ones."""
    first: dict[str, Attempt] = {}
    for attempt in funnel.attempts:
        if not attempt.reached("paid"):
            continue
        known = first.get(attempt.lead.client)
        if known is None or won_order(attempt) < won_order(known):
            first[attempt.lead.client] = attempt
    return {attempt.key for attempt in first.values()}


def won_order(attempt: Attempt) -> tuple:
    return attempt.at.get("paid", datetime.max), attempt.created_at, attempt.lead.lead_id, attempt.number


def _attempt(collector: _Collector, attempt: Attempt, net: Decimal, is_new_client: bool) -> None:
    day, channel = collector.funnel.day, attempt.lead.channel
    created = day(attempt.created_at)
    collector.add(created, channel, "attempts")
    if attempt.number == 1:
        collector.add(created, channel, "leads")
    for stage in STAGES[1:]:
        if attempt.reached(stage):
            collector.add(created, channel, f"cohort_{stage}")
        collector.add(day(attempt.at.get(stage)), channel, f"stage_{stage}")
    if attempt.outcome in ("rejected", "lost"):
        collector.add(day(attempt.outcome_at), channel, attempt.outcome)
    if is_new_client:
        collector.add(created, channel, "cohort_clients")
    collector.add(created, channel, "cohort_net_income", net)
    lag, at = attempt.lag, attempt.at
    collector.sample(at.get("first_contact"), channel, "first_contact_minutes", lag.get("first_contact"))
    collector.sample(at.get("first_contact"), channel, "first_contact_business_minutes", attempt.business_lag.get("first_contact"))
    for stage, name, unit in (
        ("brief_filled", "brief_fill_hours", 60),
        ("proposal_sent", "proposal_prep_days", 1440),
        ("contract_sent", "contract_prep_days", 1440),
    ):
        collector.sample(at.get(stage), channel, name, lag[stage] / unit if stage in lag else None)
    if is_new_client:
        collector.sample(at.get("paid"), channel, "lt_days", attempt.lt_days)


def _payment(collector: _Collector, row: Ledger) -> None:
    day = collector.funnel.day(row.payment.paid_at)
    collector.add(day, row.channel, "revenue", row.payment.amount)
    if row.payment.kind == "payment":
        collector.add(day, row.channel, "payments")
        collector.add(day, row.channel, "payment_amount", row.payment.amount)


def _client(collector: _Collector, client: Client) -> None:
    day, channel = collector.funnel.day(client.first_paid_at), client.first.channel
    collector.add(day, channel, "new_clients")
    collector.add(day, channel, "client_net_income", client.net())
    for age in LTV_AGES:
        if client.is_aged(age, collector.funnel.source.settings.as_of):
            collector.add(day, channel, f"clients_{age}d")
            collector.add(day, channel, f"client_net_income_{age}d", client.net(age))
