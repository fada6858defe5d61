"""What clients agreed to pay and what they paid: instalments, late and missing ones, refunds, chargebacks, direct costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onefunnel.demo import catalogue as agency
from onefunnel.demo.journeys import PAID, Journeys
from onefunnel.demo.leads import Cohort
from onefunnel.demo.rates import MICRO, Rates
from onefunnel.demo.spec import DemoSpec

DAY = 86400
USUAL_FEE, FEE_SPREAD = 1150.0, 0.38  # base currency a month: median and spread of the logarithm
LONGEST = 12  # instalments
RENEWAL = 0.76  # chance of one more instalment, so four in the mean
# After the contract went out: the first instalment starts the work, the others fall due monthly once it runs. So the second comes about
# 75 days after the lead, half way between the ages of 60 and 90 days at which cohorts are compared: a holiday moves few over the edge.
FIRST_DUE_DAYS, WORK_STARTS_DAYS = 14, 25
MISSING, MISSING_LAST, LATE = 0.03, 0.12, 0.15
REFUNDED, CHARGED_BACK = 0.012, 0.002
SMALLER = 0.5


@dataclass(frozen=True)
class Ledger:
    """Money of one month's leads, an element per row. at: local seconds; amounts in signed cents of `currency`; direct_cost -1: none."""

    lead: np.ndarray
    at: np.ndarray
    cents: np.ndarray
    currency: np.ndarray
    kind: np.ndarray
    direct_cost: np.ndarray


@dataclass(frozen=True)
class Plan:
    """Agreed instalments. agreed_at: when the line entered the books; due: days since 1970."""

    lead: np.ndarray
    agreed_at: np.ndarray
    due: np.ndarray
    cents: np.ndarray
    currency: np.ndarray


def settle(spec: DemoSpec, cohort: Cohort, journeys: Journeys, rates: Rates) -> tuple[Ledger, Plan]:
    """Payments and plan of every lead of the month that became a client."""
    random = spec.stream("money", cohort.month)
    size = len(cohort)
    fee_luck, term_luck = random.standard_normal(size), random.random(size)
    table_luck = random.random((size, LONGEST, 4))
    late_pace = random.standard_normal((size, LONGEST))
    after_luck = random.random((size, LONGEST, 3))

    won = [np.flatnonzero(attempt.furthest == PAID) for attempt in journeys.attempts]
    client = np.concatenate(won)
    times = np.concatenate([attempt.times[rows] for attempt, rows in zip(journeys.attempts, won, strict=True)])
    first_paid, contract, begun = times[:, PAID], times[:, PAID - 1], times[:, 0]

    fee = USUAL_FEE * np.exp(FEE_SPREAD * fee_luck[client])
    fee *= np.array([channel.check for channel in agency.CHANNELS])[cohort.channel[client]] * agency.SERVICE_FEES[cohort.service[client]]
    if spec.incident == "smaller_checks":
        fee = np.where(begun >= np.datetime64(spec.incident_start, "s").astype(np.int64), fee * SMALLER, fee)
    currency = np.array(agency.COUNTRY_CURRENCIES, dtype=object)[cohort.contacts.country[client]]
    units = fee / (rates.micro(currency, first_paid // DAY) / MICRO)
    cents = (np.round(units / 10) * 10).clip(min=10).astype(np.int64) * 100
    terms = np.minimum(1 + np.floor(np.log1p(-term_luck[client]) / np.log(RENEWAL)), LONGEST).astype(int)

    # one row per instalment
    row = np.repeat(np.arange(len(client)), terms)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(terms) - terms, terms)
    lead = client[row]
    contract_day = contract[row] // DAY
    due = np.where(nth == 0, contract_day + FIRST_DUE_DAYS, _months_later(contract_day + WORK_STARTS_DAYS, nth))
    luck = table_luck[lead, nth]
    missing = (nth > 0) & (luck[:, 0] < np.where(nth == terms[row] - 1, MISSING_LAST, MISSING))
    days_late = np.where(luck[:, 1] < LATE, np.ceil(9 * np.exp(0.7 * late_pace[lead, nth])), -np.floor(luck[:, 2] * 4)).astype(np.int64)
    office = (8 * 3600 + luck[:, 3] * 12 * 3600).astype(np.int64)
    at = np.where(nth == 0, first_paid[row], np.maximum((due + days_late) * DAY + office, first_paid[row] + DAY))
    plan = Plan(lead, first_paid[row], due, cents[row], currency[row])
    return _ledger(lead, at, cents[row], currency[row], missing, after_luck[lead, nth], luck[:, 2]), plan


def _ledger(
    lead: np.ndarray, at: np.ndarray, cents: np.ndarray, currency: np.ndarray, missing: np.ndarray, luck: np.ndarray, share_luck: np.ndarray
) -> Ledger:
    """The paid instalments and what was taken back, by time."""
    paid = ~missing
    direct_cost = np.where(luck[:, 1] < 0.6, (cents * (0.10 + 0.25 * luck[:, 1])).astype(np.int64), -1)
    refund = paid & (luck[:, 0] < REFUNDED)
    chargeback = paid & (luck[:, 0] > 1 - CHARGED_BACK)
    back = refund | chargeback
    taken = np.where(refund & (share_luck < 0.6), cents // 2, cents)
    back_at = at + (5 + 20 * luck[:, 2] + 15 * chargeback).astype(np.int64) * DAY
    kind = np.where(chargeback, "chargeback", "refund").astype(object)
    parts = {
        "lead": (lead[paid], lead[back]),
        "at": (at[paid], back_at[back]),
        "cents": (cents[paid], -taken[back]),
        "currency": (currency[paid], currency[back]),
        "kind": (np.full(paid.sum(), "payment", dtype=object), kind[back]),
        "direct_cost": (direct_cost[paid], np.full(back.sum(), -1)),
    }
    joined = {name: np.concatenate(pair) for name, pair in parts.items()}
    order = np.lexsort((joined["lead"], joined["at"]))
    return Ledger(**{name: values[order] for name, values in joined.items()})


def _months_later(day: np.ndarray, months: np.ndarray) -> np.ndarray:
    """The same day of a later month, the 28th at the latest."""
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    day_of_month = np.minimum((dates - month.astype("datetime64[D]")).astype(int), 27)
    return ((month + months).astype("datetime64[D]").astype(int) + day_of_month).astype(np.int64)
