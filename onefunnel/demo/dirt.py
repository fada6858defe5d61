"""What goes wrong in every export, planted on purpose: faulty rows beside the good ones, never instead of them.

A planted row is a copy of a good row with one fault, tagged in _planted with the rule that must catch it. So the truth of the good
rows stays known. Three things touch good rows without changing what they are worth: channel aliases, an unknown channel, hostile texts.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from onefunnel.demo import catalogue as agency
from onefunnel.demo.funnels import demo_funnel
from onefunnel.demo.spec import DemoSpec

RATE = 0.0003  # of an entity's rows, for each fault
ALIASED, UNKNOWN_CHANNEL, HOSTILE = 0.08, 0.002, 0.002
UNKNOWN_CHANNEL_VALUE = "Hackathon 2024"
HOSTILE_TEXTS = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }}",
    "'); drop table leads; --",
    '"quoted", with\na line break',
    "+49-not-a-formula",
    "Тов «Привіт»; 100 %",
)

# entity -> rule -> what the copy carries instead. "{id}" becomes an id of its own; {} is a copy to the letter.
FAULTS: dict[str, dict[str, dict[str, str]]] = {
    "leads": {
        "missing_id": {"lead_id": ""},
        "missing_date": {"created_at": ""},
        "unparsable_date": {"created_at": "31.02.2026 25:61"},
        "future_date": {"created_at": "2099-01-01 10:00:00"},
        "duplicate": {"is_duplicate": "true"},
        "merged": {"duplicate_of": "{original}"},
        "test": {"is_test": "true", "company": "TEST test"},
        "deleted": {"is_deleted": "true"},
        "superseded": {},
    },
    "stage_events": {
        "missing_id": {"event_id": ""},
        "missing_date": {"entered_at": ""},
        "unparsable_date": {"entered_at": "yesterday"},
        "future_date": {"entered_at": "2099-01-01 10:00:00"},
        "orphan_lead": {"lead_id": "L-unknown"},
        "superseded": {},
    },
    "ad_spend": {
        "missing_date": {"date": ""},
        "unparsable_date": {"date": "2026-02-30"},
        "unparsable_number": {"cost": "12.5.0"},
        "negative_amount": {"cost": "-{cost}"},
        "unknown_currency": {"currency": "ZZZ"},
    },
    "channel_costs": {"reversed_dates": {"from_date": "2098-12-31", "to_date": "2098-12-01"}, "unparsable_number": {"cost": "about 900"}},
    "payments": {
        "missing_id": {"payment_id": ""},
        "missing_date": {"paid_at": ""},
        "unparsable_date": {"paid_at": "32.13.2025"},
        "future_date": {"paid_at": "2099-01-01 10:00:00"},
        "missing_amount": {"amount": ""},
        "unparsable_number": {"amount": "1.234,56"},
        "zero_amount": {"amount": "0.00"},
        "negative_amount": {"amount": "-{amount}"},
        "unknown_currency": {"currency": "ZZZ"},
        "missing_rate": {"currency": "GBP"},
        "payment_without_lead": {"lead_id": "L-unknown", "client_id": "{id}"},
        "superseded": {},
    },
    "payment_plan": {
        "missing_id": {"plan_id": ""},
        "unparsable_date": {"due_date": "end of March"},
        "unparsable_number": {"amount": "to be agreed"},
        "zero_amount": {"amount": "0"},
    },
}
ID_COLUMNS = {"leads": "lead_id", "stage_events": "event_id", "payments": "payment_id", "payment_plan": "plan_id"}
EXCLUDED = ("duplicate", "merged", "test", "deleted")


def plant(spec: DemoSpec, entity: str, month: date, frame: pd.DataFrame) -> pd.DataFrame:
    """The month's rows with faulty copies among them. The first month has each fault at least once."""
    if frame.empty or entity not in FAULTS:
        return frame
    random = spec.stream(f"faults of {entity}", month)
    # a negative amount needs a positive one to spoil, a zero amount is one of no kind but payment
    healthy = np.flatnonzero(frame["kind"] == "payment") if entity == "payments" else np.arange(len(frame))
    copies = []
    for rule, changes in FAULTS[entity].items():
        count = int(RATE * len(frame) + random.random())
        if month == spec.first_month:
            count = max(count, 1)
        rows = frame.iloc[healthy[random.integers(0, len(healthy), count)]].copy() if len(healthy) else frame.iloc[:0].copy()
        copies.append(_spoil(spec, entity, month, rule, changes, rows))
    planted = pd.concat(copies, ignore_index=True)
    place = np.concatenate([np.arange(len(frame)), random.random(len(planted)) * len(frame)])
    return pd.concat([frame, planted], ignore_index=True).iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def _spoil(spec: DemoSpec, entity: str, month: date, rule: str, changes: dict[str, str], rows: pd.DataFrame) -> pd.DataFrame:
    rows["_planted"] = rule
    if not changes:
        return rows
    id_column = ID_COLUMNS.get(entity)
    originals = rows[id_column].tolist() if id_column else [""] * len(rows)
    ids = [f"X{entity[0].upper()}{month:%y%m}-{rule}-{number}" for number in range(1, len(rows) + 1)]
    if id_column:
        rows[id_column] = ids
    for column, text in changes.items():
        rows[column] = [
            text.replace("{id}", own).replace("{original}", original).replace("{" + column + "}", old)
            for own, original, old in zip(ids, originals, rows[column].tolist(), strict=True)
        ]
    if rule in EXCLUDED:
        rows["status"], rows["reason"], rows["closed_at"] = demo_funnel(spec.funnel).stages[0], "", ""
    return rows


def events_of_excluded(spec: DemoSpec, leads: pd.DataFrame, month: date, template: pd.DataFrame) -> pd.DataFrame:
    """The entry event of each excluded lead: rows that must not be counted because their lead is not."""
    excluded = leads[leads["_planted"].isin(EXCLUDED)]
    rows = pd.DataFrame({column: "" for column in template.columns}, index=range(len(excluded)))
    rows["event_id"] = [f"XE{month:%y%m}-excluded-{number}" for number in range(1, len(excluded) + 1)]
    rows["lead_id"], rows["entered_at"] = excluded["lead_id"].to_numpy(), excluded["created_at"].to_numpy()
    rows["stage"], rows["actor"] = demo_funnel(spec.funnel).stages[0], excluded["sdr"].to_numpy()
    rows["_planted"] = "excluded_lead"
    rows["_at"], rows["_attempt"] = excluded["_at"].to_numpy(), 0
    return rows.astype({name: template[name].dtype for name in ("_at", "_attempt")})


def dress_leads(spec: DemoSpec, month: date, frame: pd.DataFrame) -> pd.DataFrame:
    """Good leads as people type them: channels by alias or unknown, hostile company and campaign names."""
    random = spec.stream("dress", month)
    luck, place, text = random.random((3, len(frame)))
    strange = random.random(len(frame))
    frame = frame.copy()
    channel, true_channel = frame["channel"].to_numpy(dtype=object).copy(), frame["_channel"].to_numpy(dtype=object).copy()
    company, campaign = frame["company"].to_numpy(dtype=object).copy(), frame["campaign"].to_numpy(dtype=object).copy()
    aliases = {known.key: (*known.aliases, f" {known.key.upper()} ") for known in agency.CHANNELS}
    for row in np.flatnonzero(luck < ALIASED):
        choices = aliases[channel[row]]
        channel[row] = choices[int(place[row] * len(choices))]
    unknown = luck > 1 - UNKNOWN_CHANNEL
    if month == spec.first_month and len(frame):
        unknown[0] = True
    channel[unknown], true_channel[unknown] = UNKNOWN_CHANNEL_VALUE, "unmapped"
    hostile = strange < HOSTILE
    if month == spec.first_month:
        hostile[: len(HOSTILE_TEXTS)] = True
    for number, row in enumerate(np.flatnonzero(hostile)):
        chosen = number if month == spec.first_month else int(text[row] * len(HOSTILE_TEXTS))
        company[row] = campaign[row] = HOSTILE_TEXTS[chosen % len(HOSTILE_TEXTS)]
    frame["channel"], frame["_channel"], frame["company"], frame["campaign"] = channel, true_channel, company, campaign
    return frame
