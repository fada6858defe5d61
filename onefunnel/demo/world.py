"""The whole agency: month after month, cut at the end of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from onefunnel.demo import costs, crm, dirt
from onefunnel.demo.funnels import demo_funnel, told_by
from onefunnel.demo.journeys import travel
from onefunnel.demo.leads import Contacts, arrive
from onefunnel.demo.money import settle
from onefunnel.demo.rates import Rates
from onefunnel.demo.spec import AGENCY, DemoSpec
from onefunnel.demo.tables import ENTITIES, columns_of, visible
from onefunnel.demo.targets import targets
from onefunnel.demo.working_time import WorkingClock, holidays

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class World:
    """Rows per entity with their hidden columns, and the rates they are valued at."""

    spec: DemoSpec
    tables: dict[str, pd.DataFrame]
    rates: Rates


def build(spec: DemoSpec, progress: Progress | None = None) -> World:
    """Generate every month. progress(done, months) is called after each."""
    clock = WorkingClock(spec.first_month.year, spec.end.year + 4)
    rates = Rates(spec)
    parts: dict[str, list[pd.DataFrame]] = {entity: [] for entity in ENTITIES}
    contacts: dict[date, Contacts] = {}
    for done, month in enumerate(spec.all_months, start=1):
        for entity, frame in _month(spec, clock, rates, month, contacts).items():
            parts[entity].append(frame[frame["_at"] < spec.end_second])
        if progress:
            progress(done, spec.months)
    tables = {entity: pd.concat(frames, ignore_index=True) for entity, frames in parts.items() if frames}
    tables["fx_rates"] = rates.table(spec.first_month - timedelta(days=7), spec.end)
    days = [day for year in range(spec.first_month.year, spec.end.year + 2) for day in holidays(year)]
    tables["holidays"] = pd.DataFrame([(day.isoformat(), name) for day, name in days], columns=columns_of("holidays"))
    return World(spec, tables, rates)


def generate(spec: DemoSpec) -> dict[str, pd.DataFrame]:
    """The agency as tables of the template source: contract columns, every value as text."""
    return {entity: visible(entity, frame) for entity, frame in build(spec).tables.items()}


def _month(spec: DemoSpec, clock: WorkingClock, rates: Rates, month: date, contacts: dict[date, Contacts]) -> dict[str, pd.DataFrame]:
    cohort = arrive(spec, month, contacts)
    contacts[month] = cohort.contacts
    journeys = travel(spec, clock, cohort)
    ledger, plan = settle(spec, cohort, journeys, rates)
    frames = {
        "leads": crm.leads(cohort, journeys, spec.end_second),
        "stage_events": crm.stage_events(cohort, journeys.events),
        "payments": crm.payments(cohort, ledger),
        "payment_plan": crm.payment_plan(cohort, plan),
        "ad_spend": costs.ad_spend(spec, month),
        "channel_costs": costs.channel_costs(spec, month),
        "targets": targets(spec, month),
    }
    if spec.funnel != AGENCY:
        frames |= told_by(demo_funnel(spec.funnel), frames["leads"], frames["stage_events"], spec.end_second)
        frames["targets"] = frames["targets"][frames["targets"]["kpi"] != "first_contact_minutes"]
    if not spec.dirty:
        return frames
    frames["leads"] = dirt.dress_leads(spec, month, frames["leads"])
    frames = {entity: dirt.plant(spec, entity, month, frame) for entity, frame in frames.items()}
    excluded = dirt.events_of_excluded(spec, frames["leads"], month, frames["stage_events"])
    frames["stage_events"] = pd.concat([frames["stage_events"], excluded], ignore_index=True)
    return frames
