"""One month's leads as the rows that a CRM and an accounting system would export."""

from __future__ import annotations

import numpy as np
import pandas as pd

from onefunnel.demo import catalogue as agency
from onefunnel.demo.journeys import HANDOFF, LOST, NEVER, REJECTED, RETURNED, Events, Journeys
from onefunnel.demo.leads import Cohort, numbered
from onefunnel.demo.money import Ledger, Plan
from onefunnel.demo.tables import money, stamp, stamp_where, table

ENDINGS = (REJECTED, RETURNED, LOST, HANDOFF)
_OFFERED = np.array([name if index not in agency.NOT_OFFERED else "seo" for index, name in enumerate(agency.SERVICES)], dtype=object)


def _names(values: tuple[str, ...]) -> np.ndarray:
    return np.array(values, dtype=object)


def leads(cohort: Cohort, journeys: Journeys, end_second: int) -> pd.DataFrame:
    """The lead cards as they look at the end of the data. Hidden: _channel, the true channel."""
    status, status_at, reason = _status(cohort, journeys.events, end_second)
    contacts = cohort.contacts
    campaigns = [(*channel.campaigns, "") for channel in agency.CHANNELS]
    briefed = np.where(journeys.attempts[0].furthest >= 2, journeys.attempts[0].times[:, 2], NEVER)
    card = journeys.card_first_contact
    seen_by_sales = (journeys.attempts[0].furthest >= 3) & (journeys.attempts[0].times[:, 3] < end_second)
    closed = np.isin(status, (*ENDINGS, "paid"))
    columns = {
        "lead_id": cohort.lead_id,
        "created_at": stamp(cohort.created),
        "channel": _names(agency.CHANNEL_KEYS)[cohort.channel],
        "campaign": np.array([campaigns[channel][k] for channel, k in zip(cohort.channel, cohort.campaign, strict=True)], dtype=object),
        "country": _names(agency.COUNTRIES)[contacts.country],
        "requested_service": _names(agency.SERVICES)[cohort.service],
        "sdr": _names(agency.SDRS)[cohort.sdr],
        "sales_rep": np.where(seen_by_sales, _names(agency.SALES_REPS)[cohort.sales_rep], ""),
        "status": status,
        "status_at": stamp(status_at),
        "reason": reason,
        "closed_at": stamp_where(closed, status_at),
        "desired_meeting_at": stamp_where(briefed < end_second, np.where(briefed < end_second, journeys.desired_meeting, 0)),
        "first_contact_at": stamp_where(card < end_second, np.where(card < end_second, card, 0)),
        "updated_at": stamp(np.maximum(status_at, np.where(card < end_second, card, 0))),
        **_contact_columns(cohort),
    }
    for flag in ("is_duplicate", "is_test", "is_deleted"):
        columns[flag] = np.full(len(cohort), "false", dtype=object)
    return table("leads", columns, at=cohort.created, channel=columns["channel"])


def _contact_columns(cohort: Cohort) -> dict[str, np.ndarray]:
    contacts = cohort.contacts
    stems, trades = np.divmod(contacts.company, len(agency.COMPANY_TRADES))
    companies = _names(agency.COMPANY_STEMS)[stems] + " " + _names(agency.COMPANY_TRADES)[trades]
    first, last = _names(agency.FIRST_NAMES)[contacts.first_name], _names(agency.LAST_NAMES)[contacts.last_name]
    numbers = contacts.number.tolist()
    return {
        "contact_id": np.array([f"C{number}" for number in numbers], dtype=object),
        "contact_email": np.array(
            [f"{a}.{b}.{n % 10**9}@mail.example".lower() for a, b, n in zip(first, last, numbers, strict=True)], dtype=object
        ),
        "contact_phone": np.array([f"+49 {n % 10**9 // 10**6:03d} {n % 10**6:06d}" for n in numbers], dtype=object),
        "company": companies,
    }


def _status(cohort: Cohort, events: Events, end_second: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last thing that happened to each lead by the end: stage, moment and reason of an ending."""
    status, at, reason = np.full(len(cohort), "lead", dtype=object), cohort.created.copy(), np.full(len(cohort), "", dtype=object)
    known = events.at < end_second
    lead, stage, when, why = events.lead[known], events.stage[known], events.at[known], events.reason[known]
    last = np.flatnonzero(np.append(lead[1:] != lead[:-1], True)) if len(lead) else np.array([], dtype=int)
    status[lead[last]], at[lead[last]] = stage[last], when[last]
    ends = last[why[last] >= 0]
    reason[lead[ends]] = _names(agency.REASONS)[why[ends]]
    return status, at, reason


def stage_events(cohort: Cohort, events: Events) -> pd.DataFrame:
    """All events of the month's leads, also those after the end of the data. Hidden: _attempt."""
    order = np.lexsort((events.lead, events.at))
    lead, stage, reason = events.lead[order], events.stage[order], events.reason[order]
    by_sales = np.isin(stage, (*agency.STAGES[4:], RETURNED, LOST))
    columns = {
        "event_id": numbered(f"E{cohort.month:%y%m}", len(order)),
        "lead_id": cohort.lead_id[lead],
        "stage": stage,
        "entered_at": stamp(events.at[order]),
        "actor": np.where(by_sales, _names(agency.SALES_REPS)[cohort.sales_rep[lead]], _names(agency.SDRS)[cohort.sdr[lead]]),
        "reason": np.where(reason >= 0, _names(agency.REASONS)[reason], ""),
    }
    return table("stage_events", columns, at=events.at[order], attempt=events.attempt[order])


def payments(cohort: Cohort, ledger: Ledger) -> pd.DataFrame:
    """The ledger of the month's leads, also what is paid after the end of the data."""
    columns = {
        "payment_id": numbered(f"P{cohort.month:%y%m}", len(ledger.at)),
        "paid_at": stamp(ledger.at),
        "amount": money(ledger.cents),
        "currency": ledger.currency,
        "lead_id": cohort.lead_id[ledger.lead],
        "client_id": np.array([f"C{number}" for number in cohort.contacts.number[ledger.lead].tolist()], dtype=object),
        "kind": ledger.kind,
        "direct_cost": np.where(ledger.direct_cost >= 0, money(ledger.direct_cost), ""),
    }
    return table("payments", columns, at=ledger.at, cents=ledger.cents)


def payment_plan(cohort: Cohort, plan: Plan) -> pd.DataFrame:
    """Plan lines of the month's clients; a line is known once the first payment is in, and may fall due after the end of the data."""
    columns = {
        "plan_id": numbered(f"PL{cohort.month:%y%m}", len(plan.due)),
        "due_date": np.datetime_as_string(plan.due.astype("datetime64[D]")).astype(object),
        "amount": money(plan.cents),
        "currency": plan.currency,
        "lead_id": cohort.lead_id[plan.lead],
        "client_id": np.array([f"C{number}" for number in cohort.contacts.number[plan.lead].tolist()], dtype=object),
        "service": _OFFERED[cohort.service[plan.lead]],
    }
    return table("payment_plan", columns, at=plan.agreed_at, cents=plan.cents)
