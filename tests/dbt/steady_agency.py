"""An agency in which nothing ever changes, as files of the template source: whatever a verdict on it names, it names in error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

STAGES = ("first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
# Chance of each step, and its median delay in days (log-normal, spread 0.8): a client is won after some forty days.
RATES = np.array([0.9, 0.7, 0.8, 0.75, 0.85, 0.9, 0.75, 0.7])
DELAYS = np.array([0.1, 1.0, 1.0, 1.0, 4.0, 3.0, 6.0, 9.0])
SPREAD = 0.8
CHANNELS = ("seo", "ppc_search", "referral", "direct", "blog", "partner_alliance")
SHARES = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.1])
LEADS_PER_MONTH = 600
DAY = 86400

SOURCES = """\
version: 1
reporting: {{base_currency: EUR, time_zone: UTC}}
sources:
  - name: crm
    system: template
    connector: files
    time_zone: UTC
    date_order: ymd
    decimal_separator: "."
    currency: EUR
    entities: {{{entities}}}
"""


@dataclass(frozen=True)
class Recording:
    """What of the agency its source delivers. events: stages that are dated; status: the present one, with its date if status_at."""

    events: tuple[str, ...] = ()
    status: bool = False
    status_at: bool = False


RECORDINGS = {
    "leads and payments": Recording(),
    "SQL dated": Recording(events=("sql",)),
    "statuses": Recording(status=True),
    "dated statuses": Recording(status=True, status_at=True),
    "all dated": Recording(events=STAGES[:-1]),
}


def write_agency(folder: Path, seed: int, recording: Recording, months: int = 26, end: date = date(2026, 3, 31)) -> Path:
    """Write the files; returns the sources.yml that lists them. end: last day of a month; nothing is dated later."""
    random = np.random.default_rng(seed)
    # as many leads in February as in March: the length of a month is a season, too
    starts = (np.datetime64(end, "M") - np.arange(-1, months)[::-1]).astype("datetime64[s]").astype(np.int64)
    last = starts[-1]
    counts = random.poisson(LEADS_PER_MONTH, months)
    created = np.sort(random.integers(np.repeat(starts[:-1], counts), np.repeat(starts[1:], counts)))
    size = len(created)
    passed = np.cumprod(random.random((size, len(STAGES))) < RATES, axis=1).astype(bool)
    delays = DELAYS * np.exp(SPREAD * random.standard_normal((size, len(STAGES)))) * DAY
    at = created[:, None] + np.cumsum(delays, axis=1).astype(np.int64)
    # what is lost is closed two weeks after the last thing that happened
    reached = passed.sum(axis=1)
    latest = np.where(reached > 0, at[np.arange(size), reached - 1], created)
    closed = np.where(reached < len(STAGES), latest + 14 * DAY, last)
    known = passed & (at < last)
    ids = np.array([f"L{number:06d}" for number in range(size)])

    leads = pd.DataFrame({"lead_id": ids, "created_at": _stamp(created), "channel": random.choice(CHANNELS, size, p=SHARES)})
    if recording.status:
        furthest = known.sum(axis=1)
        entered = np.where(furthest > 0, at[np.arange(size), furthest - 1], created)
        is_lost = closed < last
        leads["status"] = np.where(is_lost, "lost", np.array(("lead", *STAGES))[furthest])
        if recording.status_at:
            leads["status_at"] = _stamp(np.where(is_lost, closed, entered))
    tables = {"leads": leads}
    if recording.events:
        lead, stage = np.nonzero(known & np.isin(STAGES, recording.events))
        entered = _stamp(at[lead, stage])
        tables["stage_events"] = pd.DataFrame(
            {"event_id": np.arange(len(lead)), "lead_id": ids[lead], "stage": np.array(STAGES)[stage], "entered_at": entered}
        )
    clients = np.flatnonzero(known[:, -1])
    tables["payments"] = pd.DataFrame(
        {
            "payment_id": np.arange(len(clients)),
            "paid_at": _stamp(at[clients, -1]),
            "amount": np.round(np.exp(random.normal(7, 0.5, len(clients))), 2),
            "currency": "EUR",
            "lead_id": ids[clients],
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    sources = folder / "sources.yml"
    sources.write_text(SOURCES.format(entities=", ".join(f"{name}: {{path: {name}.csv}}" for name in tables)), encoding="utf-8")
    return sources


def _stamp(seconds: np.ndarray) -> np.ndarray:
    return np.datetime_as_string(seconds.astype("datetime64[s]"))
