"""How far each lead gets, when, and how it ends: one month's leads turned into dated stage events.

Everything is decided by random numbers drawn beforehand per lead, so an incident changes only the leads it touches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onefunnel.demo import catalogue as agency
from onefunnel.demo.leads import Cohort, choose
from onefunnel.demo.spec import DemoSpec
from onefunnel.demo.working_time import WorkingClock

STEPS = len(agency.STEP_RATES)
PAID = STEPS
NEVER = np.iinfo(np.int64).max
REJECTED, RETURNED, LOST, HANDOFF = "rejected", "returned", "lost", "partner_handoff"
LEAD_QUALITY_CHANNEL = agency.CHANNEL_KEYS.index("ppc_search")

CLOSED = 0.93  # share of failed attempts that somebody closes; the others stay open
HANDED_OVER = 0.6  # share of leads asking for a service not on offer that go to a partner
REOPENED = 0.05  # share of closed attempts worth another try that come back
SKIPPED, CARD_ONLY, REGRESSED, REPEATED = 0.02, 0.03, 0.015, 0.01


@dataclass(frozen=True)
class Attempt:
    """One attempt per lead (row = lead). times: moment of each of the nine stages, NEVER if not reached; ended and handed over likewise."""

    times: np.ndarray
    furthest: np.ndarray
    ended: np.ndarray
    handed_over: np.ndarray
    reason: np.ndarray

    @property
    def exists(self) -> np.ndarray:
        return self.times[:, 0] != NEVER


@dataclass(frozen=True)
class Events:
    """Stage events in order of lead and time. attempt: 0 or 1; stage: name; reason: index or -1."""

    lead: np.ndarray
    attempt: np.ndarray
    stage: np.ndarray
    at: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class Journeys:
    """The two attempts (the second exists for re-opened leads only), their events, and first contacts known from the lead's card alone."""

    attempts: tuple[Attempt, Attempt]
    events: Events
    card_first_contact: np.ndarray
    desired_meeting: np.ndarray


def travel(spec: DemoSpec, clock: WorkingClock, cohort: Cohort) -> Journeys:
    """Send a month's leads through the funnel."""
    first = _attempt(spec, clock, cohort, cohort.created, "first")
    second = _attempt(spec, clock, cohort, _reopenings(spec, clock, cohort, first), "second")
    random = spec.stream("records", cohort.month)
    card_only = (random.random(len(cohort)) < CARD_ONLY) & (first.furthest >= 1)
    events = _events(random, cohort, (first, second), card_only)
    briefed = np.where(first.furthest >= 2, first.times[:, 2], cohort.created)
    wish = clock.moment(clock.position(briefed) + random.uniform(540, 2700, len(cohort)))
    return Journeys(
        attempts=(first, second),
        events=events,
        card_first_contact=np.where(card_only, first.times[:, 1], NEVER),
        desired_meeting=np.where(first.furthest >= 2, np.where(first.furthest >= 5, first.times[:, 5], wish) // 1800 * 1800, NEVER),
    )


def step_rates(spec: DemoSpec, channel: np.ndarray, service: np.ndarray, is_hit: np.ndarray) -> np.ndarray:
    """Chance of each step (leads x 8). is_hit: the attempt began after the incident."""
    odds = np.tile(np.log(agency.STEP_RATES / (1 - agency.STEP_RATES)), (len(channel), 1))
    odds[:, agency.MARKETING_STEPS] += np.array([known.lead_quality for known in agency.CHANNELS])[channel][:, None]
    odds[:, agency.DEAL_STEPS] += np.array([known.deal_quality for known in agency.CHANNELS])[channel][:, None]
    rates = 1 / (1 + np.exp(-odds))
    rates[np.isin(service, agency.NOT_OFFERED), 2] = 0.02
    rates[channel == agency.NEVER_BUYS, PAID - 1] = 0.0
    if spec.incident == "lead_quality":
        poor = is_hit & (channel == LEAD_QUALITY_CHANNEL)
        rates[poor, 1] *= 0.70
        rates[poor, 2] *= 0.03
    elif spec.incident == "slow_first_contact":
        rates[is_hit, 0] *= 0.95
        rates[is_hit, 1] *= 0.50
    elif spec.incident == "lost_at_contract":
        rates[is_hit, 7] *= 0.35
    return rates


def _attempt(spec: DemoSpec, clock: WorkingClock, cohort: Cohort, started: np.ndarray, name: str) -> Attempt:
    """One attempt of every lead whose `started` is not NEVER."""
    random = spec.stream(f"{name} attempt", cohort.month)
    size = len(cohort)
    luck, pace = random.random((size, STEPS)), random.standard_normal((size, STEPS + 1))
    exists = started != NEVER
    begun = np.where(exists, started, cohort.created)
    is_hit = begun >= np.datetime64(spec.incident_start, "s").astype(np.int64)
    passed = luck < step_rates(spec, cohort.channel, cohort.service, is_hit)
    furthest = np.where(exists, np.cumprod(passed, axis=1).sum(axis=1), -1)

    minutes = agency.STEP_MINUTES * np.exp(agency.STEP_SPREAD * pace[:, :STEPS])
    if spec.incident == "slow_first_contact":
        minutes[is_hit, 0] *= 10
    positions = clock.position(begun)[:, None] + np.cumsum(minutes, axis=1)
    times = np.column_stack([begun, clock.moment(positions)])
    times[np.arange(PAID + 1) > furthest[:, None]] = NEVER

    reason = _reasons(spec, cohort, furthest.clip(0, PAID - 1), is_hit, random)
    is_closed = exists & (furthest < PAID) & (random.random(size) < CLOSED)
    last = positions[np.arange(size), (furthest - 1).clip(0)]
    left = np.where(furthest >= 1, last, clock.position(begun)) + np.where(furthest > 3, 3500, 1300) * np.exp(0.6 * pace[:, STEPS])
    wants_partner = np.where(reason == agency.REASONS.index("service_not_offered"), HANDED_OVER, 0.02)
    goes_over = is_closed & (random.random(size) < wants_partner)
    over = left + random.uniform(30, 900, size)
    return Attempt(
        times=times,
        furthest=furthest,
        ended=np.where(is_closed, clock.moment(left), NEVER),
        handed_over=np.where(goes_over, clock.moment(over), NEVER),
        reason=reason,
    )


def _reasons(spec: DemoSpec, cohort: Cohort, furthest: np.ndarray, is_hit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    shares = agency.REASON_SHARES[furthest].copy()
    reason_of = agency.REASONS.index
    unmet = np.isin(cohort.service, agency.NOT_OFFERED) & np.isin(furthest, (1, 2))
    shares[unmet, reason_of("service_not_offered")] += 6
    if spec.incident == "lead_quality":
        poor = is_hit & (cohort.channel == LEAD_QUALITY_CHANNEL)
        shares[poor, reason_of("false_expectations")] += 0.8
        shares[poor, reason_of("not_target")] += 0.8
    elif spec.incident == "lost_at_contract":
        shares[is_hit & (furthest == 7), reason_of("chose_competitor")] += 0.5
    return choose(shares, random.random(len(cohort)))


def _reopenings(spec: DemoSpec, clock: WorkingClock, cohort: Cohort, first: Attempt) -> np.ndarray:
    """When lost leads come back, mostly after the call that is due in three months; NEVER for those who do not."""
    random = spec.stream("reopenings", cohort.month)
    worth = ~np.isin(first.reason, [agency.REASONS.index(name) for name in ("not_target", "invalid_contact", "service_not_offered")])
    returns = (first.ended != NEVER) & worth & (random.random(len(cohort)) < REOPENED) & (first.handed_over == NEVER)
    days = np.where(random.random(len(cohort)) < 0.7, random.normal(92, 6, len(cohort)), random.uniform(20, 150, len(cohort)))
    back = np.where(returns, first.ended, cohort.created) + (days * 86400).astype(np.int64)
    return np.where(returns, clock.moment(clock.position(back) + random.uniform(1, 400, len(cohort))), NEVER)


def _events(random: np.random.Generator, cohort: Cohort, attempts: tuple[Attempt, Attempt], card_only: np.ndarray) -> Events:
    """What the CRM recorded: entries and endings, some stages never entered, some entered twice, some gone back to."""
    parts = []
    for number, attempt in enumerate(attempts):
        recorded = attempt.times != NEVER
        size = len(cohort)
        # only a stage with a later one can be skipped: that it was reached stays provable
        forgotten = random.integers(1, STEPS, size)
        skips = (random.random(size) < SKIPPED) & (forgotten < attempt.furthest)
        recorded[np.flatnonzero(skips), forgotten[skips]] = False
        if number == 0:
            recorded[card_only, 1] = False
        lead, stage = np.nonzero(recorded)
        parts.append((lead, number, np.array(agency.STAGES, dtype=object)[stage], attempt.times[lead, stage], np.full(len(lead), -1)))
        parts += _detours(random, number, attempt)
        ended = np.flatnonzero(attempt.ended != NEVER)
        outcome = np.where(attempt.furthest < 3, REJECTED, np.where(attempt.furthest == 3, RETURNED, LOST)).astype(object)
        parts.append((ended, number, outcome[ended], attempt.ended[ended], attempt.reason[ended]))
        over = np.flatnonzero(attempt.handed_over != NEVER)
        parts.append((over, number, np.full(len(over), HANDOFF, dtype=object), attempt.handed_over[over], attempt.reason[over]))
    lead = np.concatenate([part[0] for part in parts])
    attempt_number = np.concatenate([np.full(len(part[0]), part[1]) for part in parts])
    stage = np.concatenate([part[2] for part in parts])
    at = np.concatenate([part[3] for part in parts])
    reason = np.concatenate([part[4] for part in parts])
    order = np.lexsort((np.arange(len(lead)), at, lead))
    return Events(lead[order], attempt_number[order], stage[order], at[order], reason[order])


def _detours(random: np.random.Generator, number: int, attempt: Attempt) -> list[tuple]:
    """A second demo after the proposal (back), or the proposal sent again (repeated), half way to what came next."""
    after = np.minimum(np.where(attempt.furthest >= 7, attempt.times[:, 7], NEVER), attempt.ended)
    possible = (attempt.furthest >= 6) & (after != NEVER)
    luck = random.random(len(after))
    middle = attempt.times[:, 6] + (np.where(possible, after, attempt.times[:, 6]) - attempt.times[:, 6]) // 2
    back = np.flatnonzero(possible & (luck < REGRESSED))
    again = np.flatnonzero(possible & (luck > 1 - REPEATED))
    return [
        (back, number, np.full(len(back), "demo_held", dtype=object), middle[back], np.full(len(back), -1)),
        (again, number, np.full(len(again), "proposal_sent", dtype=object), middle[again], np.full(len(again), -1)),
    ]
