"""Leads, their stage entries and payments -> lead attempts with milestones and outcomes (contract section 1)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from .calendar import WorkingTime
from .entities import ORDER, STAGES, TERMINALS, Event, Lead, Payment, PlanLine, Settings, Source, month_of
from .owners import Ids, settle_owners

MADE = "\0"  # of clients that are known by an unknown lead only: no id begins so


@dataclass
class Attempt:
    """One lead attempt. `at`: dated milestones; `own`: stages with evidence of their own."""

    lead: Lead
    number: int
    created_at: datetime
    at: dict[str, datetime] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    endings: list[tuple[str, datetime | None, str | None]] = field(default_factory=list)
    entries: list[Event] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    reason: str | None = None
    outcome: str = "open"
    outcome_at: datetime | None = None
    is_partner_handoff: bool = False
    lag: dict[str, float] = field(default_factory=dict)
    business_lag: dict[str, float] = field(default_factory=dict)
    lt_days: float | None = None

    earns_from: datetime | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.lead.lead_id, self.number

    @property
    def furthest(self) -> int:
        return max([1, *(ORDER[stage] for stage in self.own)])

    def reached(self, stage: str) -> bool:
        return ORDER[stage] <= self.furthest

    def imputed(self, stage: str) -> bool:
        return self.reached(stage) and stage != "lead" and stage not in self.own


@dataclass
class Ledger:
    """A payment with the attempt and client it belongs to."""

    payment: Payment
    client: str
    attempt: Attempt | None
    number: int | None = None
    channel_of_lead: str = "unmapped"

    @property
    def channel(self) -> str:
        return self.attempt.lead.channel if self.attempt else self.channel_of_lead

    @property
    def net(self) -> Decimal:
        return self.payment.amount - self.payment.direct_cost


@dataclass(eq=False)
class Funnel:
    """attempts of valid leads, the attributed ledger, and the working calendar they were measured with."""

    source: Source
    attempts: list[Attempt]
    ledger: list[Ledger]
    working: WorkingTime

    def day(self, moment: datetime | None) -> date | None:
        return self.source.settings.local_date(moment)

    def month(self, moment: datetime | None) -> date | None:
        return month_of(self.day(moment))


def build_funnel(source: Source) -> Funnel:
    """Attempts first, then the money that belongs to them, then milestones, outcomes and lags."""
    working = WorkingTime(source.settings, source.holidays)
    settle_owners(source.leads)
    owners = _Owners(source.leads)
    events: dict[str, list[Event]] = defaultdict(list)
    for event in source.events:
        owner = owners.of_event(event) if event.stage else None  # a stage that no seed knows says nothing about the funnel
        if owner:
            events[owner].append(event)
    for lead in source.leads:
        if lead.first_contact_at:  # a lead row with its own first contact tells of an entry like any other
            events[lead.lead_id].append(Event("first_contact_at", lead.lead_id, "first_contact", lead.first_contact_at))
        if comes_back(lead, events[lead.lead_id]) and lead.status_at < source.settings.as_of_end:
            events[lead.lead_id].append(Event("status_at", lead.lead_id, lead.status, lead.status_at))
    by_lead = {lead.lead_id: split_attempts(lead, events[lead.lead_id]) for lead in source.leads if not lead.excluded}
    ledger = attribute(source, by_lead)
    attempts = [attempt for group in by_lead.values() for attempt in group]
    for attempt in attempts:
        date_milestones(attempt, source.settings, is_last=attempt is by_lead[attempt.lead.lead_id][-1])
        end(attempt)
        measure(attempt, working)
    return Funnel(source, attempts, ledger, working)


def comes_back(lead: Lead, events: list[Event]) -> bool:
    """Whether its dated status says that it moves on after an ending, which is then an entry like any other."""
    last = max(events, key=lambda event: (event.entered_at, event.stage in TERMINALS), default=None)
    has_ended = last is not None and last.stage in TERMINALS
    return has_ended and lead.status in ORDER and lead.status_at is not None and lead.status_at > last.entered_at


class _Owners:
    """Which lead or client the rows mean."""

    def __init__(self, leads: list[Lead]):
        self.leads = {lead.lead_id: lead for lead in leads}
        self._ids, self._clients = Ids(self.leads), Ids(lead.client for lead in leads)
        self._counted = [lead for lead in leads if not lead.excluded]
        self.test_clients = {lead.client for lead in leads} - {lead.client for lead in leads if not lead.left_out}

    def lead(self, lead_id: str | None) -> Lead | None:
        return self.leads.get(self._ids.meant(lead_id) or "")

    def client(self, lead: Lead | None, lead_id: str | None, client_id: str | None) -> str:
        if lead:
            return lead.owner_client
        return (self._clients.meant(client_id) or client_id) if client_id else MADE + str(lead_id)

    def of_event(self, event: Event) -> str | None:
        """What a lead that does not count reached was reached by who is left; that it was a lead and how it ended is its own."""
        lead = self.lead(event.lead_id)
        if lead is None or not lead.excluded:
            return lead.lead_id if lead else None
        if lead.left_out or event.stage == "lead" or event.stage in TERMINALS:
            return None
        if lead.owner or lead.owner_flag != "duplicate":
            return lead.owner
        same = [other for other in self._counted if other.client == lead.owner_client]
        same.sort(key=lambda other: (other.created_at > event.entered_at, abs(other.created_at - event.entered_at), other.lead_id))
        return same[0].lead_id if same else None


def as_known(funnel: Funnel, day: date) -> Source:
    """The source as it was known at the end of an earlier day: later moments are unknown, and so is what has no date.

    A status counts from the moment that it dates a stage, not where better evidence dates that stage; so does a `paid` entry,
    where the ledger dates the first payment.
    """
    source = funnel.source
    settings = replace(source.settings, as_of=day)
    end = settings.as_of_end
    last_attempts = {attempt.lead.lead_id: attempt for attempt in sorted(funnel.attempts, key=lambda a: a.number)}
    in_ledger = [attempt for attempt in funnel.attempts if any(payment.kind == "payment" for payment in attempt.payments)]
    overruled = {event.event_id for attempt in in_ledger for event in attempt.entries if event.stage == "paid"}
    leads = []
    for lead in source.leads:
        attempt = last_attempts.get(lead.lead_id)
        begun = attempt is not None and (attempt.number == 1 or attempt.created_at < end)
        moment = attempt and status_moment(attempt, settings)
        dated = begun and moment is not None and attempt.at.get(lead.status or "") == moment < end
        first_contact_at = lead.first_contact_at if lead.first_contact_at and lead.first_contact_at < end else None
        leads.append(replace(lead, proven=(lead.status,) if dated else (), first_contact_at=first_contact_at))
    return replace(
        source,
        settings=settings,
        leads=leads,
        events=[event for event in source.events if event.entered_at < end and event.event_id not in overruled],
        payments=[payment for payment in source.payments if payment.paid_at < end],
        spend=[spend for spend in source.spend if spend.day <= day],
    )


def plan_of(source: Source) -> dict[str, list[PlanLine]]:
    """The lines of each client, those of tests left out."""
    owners = _Owners(source.leads)
    lines: dict[str, list[PlanLine]] = defaultdict(list)
    for line in source.plan:
        lead = owners.lead(line.lead_id)
        client = owners.client(lead, line.lead_id, line.client_id)
        if not (lead.left_out if lead else client in owners.test_clients):
            lines[client].append(line)
    return lines


def split_attempts(lead: Lead, events: list[Event]) -> list[Attempt]:
    """A stage entered after an ending opens the next attempt; an ending at the same moment as a stage comes after it.

    Money is of the next attempt from the ending on.
    """
    attempts = [Attempt(lead, 1, lead.created_at, earns_from=lead.created_at)]
    for event in sorted(events, key=lambda e: (e.entered_at, e.stage in TERMINALS, ORDER.get(e.stage, 99), e.stage)):
        attempt = attempts[-1]
        if event.stage in TERMINALS:
            attempt.endings.append((event.stage, event.entered_at, event.reason))
        elif attempt.endings:
            attempt = Attempt(lead, attempt.number + 1, event.entered_at, earns_from=attempt.endings[0][1])
            attempts.append(attempt)
        attempt.entries.append(event)
    return attempts


def attribute(source: Source, by_lead: dict[str, list[Attempt]]) -> list[Ledger]:
    """A payment belongs to the latest attempt begun at or before it (else the first) of its lead, else of its client.

    Of a lead that does not count, to the lead that is left of it, else to its client; a test's payments are none.
    """
    by_client: dict[str, list[Attempt]] = defaultdict(list)
    for attempts in by_lead.values():
        by_client[attempts[0].lead.client].extend(attempts)
    owners = _Owners(source.leads)
    ledger = []
    for payment in source.payments:
        lead = owners.lead(payment.lead_id)
        client = owners.client(lead, payment.lead_id, payment.client_id)
        if lead.left_out if lead else client in owners.test_clients:
            continue
        choices = by_lead[lead.owner] if lead and lead.owner else by_client.get(client, [])
        choices = sorted(choices, key=lambda a: (a.earns_from, a.lead.lead_id, a.number))
        before = [attempt for attempt in choices if attempt.earns_from <= payment.paid_at]
        attempt = (before[-1] if before else choices[0]) if choices else None
        ledger.append(Ledger(payment, client, attempt, channel_of_lead=lead.owner_channel if lead else "unmapped"))
        if attempt:
            attempt.payments.append(payment)
    ledger.sort(key=lambda row: (row.payment.paid_at, row.payment.payment_id))
    seen: dict[str, int] = defaultdict(int)
    for row in ledger:
        if row.payment.kind == "payment":
            seen[row.client] += 1
            row.number = seen[row.client]
    return ledger


def closing(attempt: Attempt, settings: Settings, *moments: datetime | None) -> datetime | None:
    """The first of these moments that is not before the day on which the attempt began."""
    began = settings.local_date(attempt.created_at)
    return next((moment for moment in moments if moment and settings.local_date(moment) >= began), None)


def status_moment(attempt: Attempt, settings: Settings) -> datetime | None:
    """When the lead's status was reached: a win at the latest when the lead was closed."""
    lead = attempt.lead
    return lead.status_at or (closing(attempt, settings, lead.closed_at) if lead.status == "paid" else None)


def date_milestones(attempt: Attempt, settings: Settings, is_last: bool) -> None:
    """The first entry dates a stage; the lead's own columns date it where no entry does; a status alone proves, undated."""
    lead = attempt.lead
    attempt.at["lead"] = attempt.created_at
    for event in attempt.entries:
        if event.stage not in TERMINALS and event.stage != "lead":
            attempt.own.add(event.stage)
            attempt.at[event.stage] = min(event.entered_at, attempt.at.get(event.stage, event.entered_at))
    stale = attempt.number > 1 and lead.status_at is not None and lead.status_at < attempt.created_at
    if is_last and not stale:
        for stage in lead.proven:
            if stage in TERMINALS:
                if not attempt.endings or stage == "partner_handoff":
                    attempt.endings.append((stage, closing(attempt, settings, lead.closed_at, lead.status_at), lead.reason))
            elif stage != "lead":
                attempt.own.add(stage)
                moment = status_moment(attempt, settings)
                if stage == lead.status and moment:
                    attempt.at.setdefault(stage, moment)
    positive = [payment.paid_at for payment in attempt.payments if payment.kind == "payment"]
    if positive:
        attempt.own.add("paid")
        attempt.at["paid"] = min(positive)
    if is_last:
        attempt.reason = lead.reason


def end(attempt: Attempt) -> None:
    """Won by a payment; else ended by the first ending, named after how far the attempt had come."""
    attempt.is_partner_handoff = any(stage == "partner_handoff" for stage, _, _ in attempt.endings)
    if attempt.reached("paid"):
        attempt.outcome, attempt.outcome_at, attempt.reason = "won", attempt.at.get("paid"), None
        return
    if not attempt.endings:
        attempt.reason = None
        return
    attempt.outcome = "rejected" if attempt.furthest < ORDER["sql"] else "returned" if attempt.furthest == ORDER["sql"] else "lost"
    attempt.outcome_at = attempt.endings[0][1]
    given = [reason for _, _, reason in attempt.endings if reason]
    attempt.reason = (given[0] if given else attempt.reason) or "unknown"


def measure(attempt: Attempt, working: WorkingTime) -> None:
    """Lags in calendar and working minutes; none where a date is missing, the order is reversed, or the stage opened the attempt."""
    for before, stage in pairwise(STAGES):
        start, moment = attempt.at.get(before), attempt.at.get(stage)
        if not start or not moment or (before == "lead" and attempt.number > 1 and moment == start):
            continue
        if moment >= start:
            attempt.lag[stage] = (moment - start).total_seconds() / 60
            attempt.business_lag[stage] = working.between(start, moment)
    paid_at, came_at = attempt.at.get("paid"), attempt.lead.created_at
    if paid_at and paid_at >= came_at:
        attempt.lt_days = (paid_at - came_at).total_seconds() / 86400
