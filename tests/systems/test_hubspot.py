"""HubSpot: deals with their history, archived and merged ones, contacts; a second night equal to a full read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fake_hubspot import FakeHubSpot
from fake_server import Answer

from onefunnel.errors import MissingColumn
from onefunnel.extract.normalise import hash_value

TOKEN = "pat-canary-of-hubspot"  # noqa: S105
LATER = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def api() -> FakeHubSpot:
    api = FakeHubSpot(130, token=TOKEN)
    api.archive("1003", datetime(2026, 3, 30, tzinfo=UTC))
    api.merge("1004", "1005", datetime(2026, 3, 30, tzinfo=UTC))
    return api


@pytest.fixture
def home(api: FakeHubSpot, serve: Callable[..., Any]) -> Any:
    return serve(api, "hubspot", {"token": TOKEN})


def by_id(home: Any, entity: str = "deals") -> dict[tuple[str, ...], dict[str, Any]]:
    return home.newest(entity, "id")


@pytest.mark.slow
def test_a_first_night_has_every_deal_archived_and_merged_ones_too(home: Any, api: FakeHubSpot) -> None:
    home.land()
    deals = by_id(home)
    assert len(deals) == 130
    assert {key for (key,), row in deals.items() if row["archived"] == "true"} == {"1003"}
    assert {key: row["merged_into"] for (key,), row in deals.items() if row["merged_into"]} == {"1004": "1005"}


def test_figures_equal_an_independent_count(home: Any, api: FakeHubSpot) -> None:
    home.land()
    own = [row for row in home.rows("deals") if not row["merged_into"]]
    assert Counter(row["dealstage"] for row in own) == Counter(deal["properties"]["dealstage"] for deal in api.deals.values())
    entries = [entry for row in own for entry in json.loads(row["dealstage_history"])]
    told = [entry for deal in api.deals.values() for entry in deal["propertiesWithHistory"]["dealstage"]]
    assert sorted(entry["timestamp"] for entry in entries) == sorted(entry["timestamp"] for entry in told)
    assert sum(float(row["amount"]) for row in own) == sum(float(deal["properties"]["amount"]) for deal in api.deals.values())


def test_people_are_hashed_at_the_door(home: Any) -> None:
    home.land()
    contact = by_id(home, "contacts")["71010",]
    assert contact["email"] == hash_value("a-key-for-tests-only-0123456789", "email", "person1010@client.test")
    assert contact["phone"] != "+49 30 1010"
    assert b"client.test" not in home.bytes
    assert b"anna@" not in home.bytes


def change(api: FakeHubSpot) -> None:
    """What happens on a day: moved, new, archived, merged."""
    api.move("1010", "contractsent", LATER)
    api.deals["1011"]["properties"]["amount"] = "77.10"
    api.move("1011", "closedwon", LATER)
    api.add("9001")
    api.move("9001", "closedlost", LATER)
    api.contacts["79001"]["updatedAt"] = "2026-04-01T12:00:00.000Z"
    api.archive("1012", LATER)
    api.merge("1013", "1014", LATER)
    api.contacts["71015"] |= {"updatedAt": "2026-04-01T12:00:00.000Z"}
    api.contacts["71015"]["properties"]["lifecyclestage"] = "customer"


@pytest.mark.slow
def test_a_second_night_equals_a_full_read(home: Any, api: FakeHubSpot, serve: Callable[..., Any]) -> None:
    home.land()
    change(api)
    api.asked.clear()
    home.land("2026-04-02")
    assert len(home.loads("deals")[-1].files) == 1
    assert home.loads("deals")[-1].rows < 15
    full = serve(api, "hubspot", {"token": TOKEN})
    full.land("2026-04-02")
    for entity in ("deals", "contacts", "owners", "pipelines"):
        expected, found = by_id(full, entity), by_id(home, entity)
        # of a deal that was merged away the last that was known of it stays, under the id it was merged into
        assert {key: row for key, row in found.items() if not row.get("merged_into")} == {
            key: row for key, row in expected.items() if not row.get("merged_into")
        }
        assert {key for key, row in found.items() if row.get("merged_into")} == {
            key for key, row in expected.items() if row.get("merged_into")
        }


def test_a_night_without_changes_keeps_the_cursor(home: Any, api: FakeHubSpot) -> None:
    first = home.land("2026-04-01", "deals")["deals"]
    home.land("2026-04-02", "deals")
    assert home.loads("deals")[-1].cursor == first.cursor


def test_a_search_that_ends_at_its_limit_is_gone_on_with(home: Any, api: FakeHubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    from onefunnel.systems import description_of

    home.land("2026-04-01", "contacts")
    api.search_limit = 60
    contacts = description_of("hubspot").resources["contacts"]
    find = contacts.changes.find | {"json": contacts.changes.find["json"] | {"limit": 20}}
    small = contacts.changes.model_copy(update={"limit": 60, "find": find})
    resources = {"contacts": contacts.model_copy(update={"changes": small})}
    described = description_of("hubspot").model_copy(update={"resources": resources})
    monkeypatch.setattr("onefunnel.extract.api.description_of", lambda system: described)
    for contact in api.contacts.values():
        contact["updatedAt"] = "2026-04-01T12:00:00.000Z"
    assert home.land("2026-04-02", "contacts")["contacts"].rows == 130


def test_what_is_deleted_between_search_and_reading_is_no_failure(home: Any, api: FakeHubSpot) -> None:
    home.land("2026-04-01", "deals")
    change(api)
    gone = "/crm/v3/objects/deals/1010"
    api.before = lambda asked: Answer({"message": "resource not found"}, 404) if asked.path == gone else None
    home.land("2026-04-02", "deals")
    assert "1010" not in {row["id"] for row in home.rows("deals")[130:]}


def test_a_field_that_must_be_there_and_is_called_otherwise_lands_nothing(home: Any, api: FakeHubSpot) -> None:
    for deal in api.deals.values():
        deal["properties"]["deal_stage"] = deal["properties"].pop("dealstage")
    with pytest.raises(MissingColumn, match="dealstage"):
        home.land()
    assert home.loads("contacts") == []
    assert home.loads("deals") == []
