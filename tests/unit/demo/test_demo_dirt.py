"""Planted dirt: every fault is there, tagged as what must catch it, little in all, and the truth beside it does not move."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from onefunnel.demo.dirt import EXCLUDED, FAULTS, HOSTILE_TEXTS, UNKNOWN_CHANNEL_VALUE
from onefunnel.demo.facts import facts_of
from onefunnel.demo.tables import visible
from onefunnel.demo.world import World

DATES = {"leads": "created_at", "stage_events": "entered_at", "payments": "paid_at", "payment_plan": "due_date", "ad_spend": "date"}
IDS = {"leads": "lead_id", "stage_events": "event_id", "payments": "payment_id", "payment_plan": "plan_id"}


def found_in(entity: str, frame: pd.DataFrame, lead_ids: set[str]) -> Counter:
    """Faults of the delivered rows, recognised from their text alone, by the order in which the pipeline judges them."""
    counts: Counter = Counter()
    id_column, date_column = IDS.get(entity), DATES[entity]
    seen: set[str] = set()
    dates = pd.to_datetime(frame[DATES[entity]], format="ISO8601", errors="coerce")
    for row, parsed in zip(frame.to_dict("records"), dates, strict=True):
        date_text, key = row[date_column], row[id_column] if id_column else None
        amount = row.get("amount", row.get("cost", "1"))
        if key == "":
            counts["missing_id"] += 1
        elif amount == "":
            counts["missing_amount"] += 1
        elif not amount.replace("-", "", 1).replace(".", "", 1).isdigit():
            counts["unparsable_number"] += 1
        elif float(amount) == 0 and entity != "ad_spend":
            counts["zero_amount"] += 1
        elif float(amount) < 0 and row.get("kind", "payment") == "payment":
            counts["negative_amount"] += 1
        elif date_text == "":
            counts["missing_date"] += 1
        elif pd.isna(parsed):
            counts["unparsable_date"] += 1
        elif parsed.year == 2099:
            counts["future_date"] += 1
        elif row.get("currency") == "ZZZ":
            counts["unknown_currency"] += 1
        elif row.get("currency") == "GBP":
            counts["missing_rate"] += 1
        elif key in seen:
            counts["superseded"] += 1
        elif entity == "leads" and row["is_deleted"] == "true":
            counts["deleted"] += 1
        elif entity == "leads" and row["is_test"] == "true":
            counts["test"] += 1
        elif entity == "leads" and row["duplicate_of"]:
            counts["merged"] += 1
        elif entity == "leads" and row["is_duplicate"] == "true":
            counts["duplicate"] += 1
        elif entity == "stage_events" and row["lead_id"] not in lead_ids:
            counts["orphan_lead"] += 1
        elif entity == "payments" and row["lead_id"] not in lead_ids:
            counts["payment_without_lead"] += 1
        if key:
            seen.add(key)
    return counts


def test_the_facts_count_exactly_what_the_rows_show(dirty_world: World) -> None:
    planted = facts_of(dirty_world)["planted"]
    lead_ids = set(dirty_world.tables["leads"]["lead_id"])
    for entity in DATES:
        claimed = Counter({rule: count for fate in planted[entity].values() for rule, count in fate.items()})
        claimed.pop("excluded_lead", None)
        assert found_in(entity, visible(entity, dirty_world.tables[entity]), lead_ids) == claimed


def test_a_clean_agency_shows_no_fault(clean_world: World) -> None:
    lead_ids = set(clean_world.tables["leads"]["lead_id"])
    for entity in DATES:
        assert not found_in(entity, visible(entity, clean_world.tables[entity]), lead_ids)
    facts = facts_of(clean_world)
    assert (facts["planted"], facts["unknown_channel"], facts["hostile_leads"]) == ({}, {}, 0)


def test_every_kind_of_fault_is_planted_and_all_are_few(dirty_world: World) -> None:
    planted = facts_of(dirty_world)["planted"]
    for entity, faults in FAULTS.items():
        rules = {rule for fate in planted[entity].values() for rule in fate}
        assert rules >= set(faults)
    total = sum(count for fates in planted.values() for rules in fates.values() for count in rules.values())
    assert total < 0.01 * sum(len(frame) for frame in dirty_world.tables.values())


def test_dirt_changes_no_true_total(clean_world: World, dirty_world: World) -> None:
    clean, dirty = facts_of(clean_world)["months"], facts_of(dirty_world)["months"]
    extra = dirty_world.tables["payments"].query("_planted == 'payment_without_lead'")
    touched = set(extra["paid_at"].str[:7])
    for month, facts in clean.items():
        changed = {key for key, value in facts.items() if dirty[month][key] != value}
        assert changed <= ({"new_clients", "payments_count", "revenue", "paid_in"} if month in touched else set())
    assert touched


def test_excluded_leads_have_an_event_that_must_not_count(dirty_world: World) -> None:
    leads, events = dirty_world.tables["leads"], dirty_world.tables["stage_events"]
    excluded = leads.loc[leads["_planted"].isin(EXCLUDED), "lead_id"]
    assert set(events.loc[events["_planted"] == "excluded_lead", "lead_id"]) == set(excluded)


def test_hostile_texts_and_the_unknown_channel_are_in_good_leads(dirty_world: World) -> None:
    leads = dirty_world.tables["leads"]
    good = leads[leads["_planted"] == ""]
    assert set(HOSTILE_TEXTS) <= set(good["campaign"])
    assert set(HOSTILE_TEXTS) <= set(good["company"])
    assert (good["channel"] == UNKNOWN_CHANNEL_VALUE).sum() == facts_of(dirty_world)["unknown_channel"][UNKNOWN_CHANNEL_VALUE]
