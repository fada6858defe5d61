"""Agencies whose sources deliver or record little: what nobody told must not be shown as a figure."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from template_files import write_files

AS_OF = "2026-03-31"
Agency = dict[str, list[dict[str, str]]]
RECORDED = {"first_contact": 0.9, "sql": 0.4, "paid": 0.1}


def _agency(*entities: str, statuses_only: bool = False) -> Agency:
    """Leads of a year that pass three of nine stages, with payments and spend; the entities that are named."""
    random = Random(5)  # noqa: S311  test data
    files: Agency = {"leads": [], "stage_events": [], "payments": [], "ad_spend": []}
    for number in range(1200):
        created = datetime(2025, 4, 1) + timedelta(minutes=random.randrange(360 * 1440))
        lead = {"lead_id": f"L{number}", "created_at": str(created), "channel": random.choice(("seo", "ppc_search", "referral"))}
        reached = random.random()
        moment = created
        for stage, share in RECORDED.items():
            if reached > share:
                break
            moment += timedelta(hours=random.randrange(1, 90))
            if statuses_only:
                lead |= {"status": stage}
            else:
                entry = {"event_id": f"{number}-{stage}", "lead_id": f"L{number}", "stage": stage, "entered_at": str(moment)}
                files["stage_events"].append(entry)
        if reached <= RECORDED["paid"]:
            payment = {"payment_id": f"P{number}", "paid_at": str(moment), "amount": "1000", "currency": "EUR", "lead_id": f"L{number}"}
            files["payments"].append(payment)
        files["leads"].append(lead)
    files["leads"][0]["channel"] = "carrier pigeon"  # a word that no seed knows is warned of
    for day in range(365):
        spent_on = (datetime(2025, 4, 1) + timedelta(days=day)).date()
        files["ad_spend"].append({"date": str(spent_on), "channel": "ppc_search", "cost": "50", "currency": "EUR"})
    return {entity: files[entity] for entity in entities}


AGENCIES = {
    "no payments": _agency("leads", "stage_events", "ad_spend"),
    "no spend": _agency("leads", "stage_events", "payments"),
    "three stages": _agency("leads", "stage_events", "payments", "ad_spend"),
    "statuses only": _agency("leads", statuses_only=True),
    "a plan only": {
        "payment_plan": [
            {"plan_id": "1", "due_date": "2026-02-10", "amount": "100", "currency": "EUR", "client_id": "c"},
            {"plan_id": "2", "due_date": "2026-04-10", "amount": "50", "currency": "EUR", "client_id": "c"},
        ]
    },
    "payments, a plan and stages of nobody": {
        "payment_plan": [{"plan_id": "1", "due_date": "2026-02-10", "amount": "100", "currency": "EUR", "client_id": "c"}],
        "payments": [{"payment_id": "1", "paid_at": "2026-02-10", "amount": "100", "currency": "EUR", "client_id": "c"}],
        "stage_events": [{"event_id": "1", "lead_id": "1", "stage": "sql", "entered_at": "2026-02-10"}],
    },
}


def write_agency(name: str, folder: Path) -> Path:
    """Its files; returns its sources.yml."""
    write_files(AGENCIES[name], folder)
    entities = ", ".join(f"{entity}: {{path: {entity}.csv}}" for entity in AGENCIES[name])
    sources = folder / "sources.yml"
    sources.write_text(
        "version: 1\nreporting: {base_currency: EUR, time_zone: UTC}\n"
        f"sources:\n  - {{name: crm, system: template, connector: files, entities: {{{entities}}}}}\n",
        encoding="utf-8",
    )
    return sources
