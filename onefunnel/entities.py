"""What each system can deliver: the columns staging reads, those it cannot do without, and those that hold personal data.

Names are matched without regard to case. Columns beyond these are kept in landing and ignored downstream.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from onefunnel.errors import ConfigError
from onefunnel.project import project_root
from onefunnel.systems import described_systems, description_of


@dataclass(frozen=True)
class Entity:
    """columns: the contract, in order; required: absence refuses the load; personal: hashed on the way in, wherever they occur."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    personal: tuple[str, ...] = ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


_CONTACT = _names("contact_email, contact_phone, contact_name")
_ZOHO_CONTACT = _names("Email, Secondary Email, Phone, Mobile, First Name, Last Name, Full Name")

# The contract of the template source (docs: what goes in), then one block per named system.
SYSTEMS: dict[str, dict[str, Entity]] = {
    "template": {
        "leads": Entity(
            _names(
                "lead_id, created_at, channel, campaign, contact_email, contact_phone, contact_id, company, country, requested_service, "
                "sdr, sales_rep, status, status_at, reason, closed_at, desired_meeting_at, is_duplicate, duplicate_of, is_test, "
                "is_deleted, first_contact_at, updated_at"
            ),
            _names("lead_id, created_at, channel"),
            _CONTACT,
        ),
        "stage_events": Entity(
            _names("event_id, lead_id, stage, entered_at, actor, reason"), _names("event_id, lead_id, stage, entered_at")
        ),
        "ad_spend": Entity(
            _names("date, channel, cost, currency, account, campaign, ad_group, ad, impressions, clicks"),
            _names("date, channel, cost, currency"),
        ),
        "channel_costs": Entity(
            _names("channel, from_date, to_date, cost, currency, note"), _names("channel, from_date, to_date, cost, currency")
        ),
        "payments": Entity(
            _names("payment_id, paid_at, amount, currency, lead_id, client_id, kind, direct_cost, contact_email, contact_phone"),
            _names("payment_id, paid_at, amount, currency"),
            _CONTACT,
        ),
        "payment_plan": Entity(
            _names("plan_id, due_date, amount, currency, lead_id, client_id, service, contact_email, contact_phone"),
            _names("plan_id, due_date, amount, currency"),
            _CONTACT,
        ),
        "targets": Entity(_names("month, kpi, value, channel"), _names("month, kpi, value")),
        "fx_rates": Entity(_names("date, currency, rate_to_base"), _names("date, currency, rate_to_base")),
        "market_index": Entity(_names("month, date, index, channel, service, note"), _names("index")),
        "holidays": Entity(_names("date, name"), _names("date")),
    },
    "zoho": {
        "deals": Entity(
            _names(
                "Id, Deal Owner Name, Closing Date, Quality, Stage, Lost Reason, Page, Campaign, SLA, Content, Term, Source, Payment Type, "
                "Product, Education Type, Created Time, Course duration, Months of study, Initial Amount Paid, Offer Total Amount, "
                "Contact Name, City, Level of Deutsch"
            ),
            _names("Id, Created Time, Stage, Source"),
            _ZOHO_CONTACT,
        ),
        "contacts": Entity(_names("Id, Contact Owner Name, Created Time, Modified Time"), _names("Id"), _ZOHO_CONTACT),
        "spend": Entity(_names("Date, Source, Campaign, Impressions, Spend, Clicks, AdGroup, Ad"), _names("Date, Source, Spend")),
    },
    # as tap-pipedrive tells them (docs/systems/pipedrive.md)
    "pipedrive": {
        "deals": Entity(
            _names(
                "id, add_time, update_time, stage_id, pipeline_id, status, person_id, org_id, owner_id, channel, origin, lost_reason, "
                "won_time, lost_time, close_time, is_deleted, is_archived, value, currency"
            ),
            _names("id, add_time, stage_id, status"),
        ),
        "stage_changes": Entity(
            _names("id, item_id, user_id, field_key, old_value, new_value, log_time"), _names("id, item_id, field_key, new_value, log_time")
        ),
    },
}


# What `overlap` in sources.yml may say of rows that overlap; elsewhere only replace: leads of one id are versions of one lead, and two
# rates of a day cannot both be true.
_OVERLAPS = {
    "ad_spend": ("replace", "add", "days"),
    "spend": ("replace", "add", "days"),
    "channel_costs": ("replace", "add"),
    "payments": ("replace", "add"),
    "payment_plan": ("replace", "add"),
    "stage_events": ("replace", "add"),
}


def overlaps_of(system: str, name: str) -> tuple[str, ...]:
    """The values of `overlap` that the staging model of an entity understands; a new system's own models may read any."""
    if system in described_systems():
        return ("days",) if description_of(system).resources[name].window_days else ("replace",)
    return _OVERLAPS.get(name, ("replace",)) if system in SYSTEMS else ("replace", "add", "days")


def entity_of(system: str, name: str) -> Entity | None:
    """The contract of an entity, None for one that has none yet (a new system: everything is landed, nothing is required)."""
    return known_systems().get(system, {}).get(name)


@cache
def known_systems() -> dict[str, dict[str, Entity]]:
    """The entities of every system: those above, and those whose API is described."""
    described = {
        system: {name: Entity(tuple(each.columns), each.required, each.personal) for name, each in description_of(system).resources.items()}
        for system in described_systems()
    }
    return SYSTEMS | described


@cache
def _contract_names() -> dict[str, dict[str, str]]:
    """For each system, what its staging models stand for (`systems` in dbt_project.yml)."""
    content = yaml.safe_load((project_root() / "dbt_project.yml").read_text(encoding="utf-8"))
    return content["vars"]["systems"]


def contract_entities(system: str, name: str) -> set[str]:
    """What the contract calls an entity of a system.

    One that no model bears the name of is read into others: then it is all that the system stands for.
    """
    names = _contract_names().get(system, {})
    own = {contract for contract, delivered in names.items() if delivered == name}
    return own or ({name} if system == "template" else set(names))


def check_known(system: str, name: str, where: str) -> None:
    """Raise ConfigError when a known system is asked for an entity that it does not have; a new system may name its own."""
    if system in known_systems() and name not in known_systems()[system]:
        raise ConfigError(
            f"system {system} has no entity {name}",
            where=where,
            hint=f"one of: {', '.join(known_systems()[system])}; a new one goes into entities.py",
        )
