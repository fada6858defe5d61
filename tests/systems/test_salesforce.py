"""Salesforce by its tap: leads, opportunities, their history and contacts; deleted and merged ones; a second night equal to a full read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import salesforce_tap
from fake_salesforce import OBJECTS, FakeSalesforce, made_id
from fake_server import Answer
from nights import RunCli
from real_tap import install_real_tap
from source_home import HASH_KEY, Home

from onefunnel.errors import MissingColumn
from onefunnel.extract.normalise import hash_value
from onefunnel.extract.singer import TapFailed

SECRETS = {name: f"canary-of-salesforce-{name}" for name in ("client_id", "client_secret", "refresh_token")}
LATER = datetime(2026, 4, 1, 12, tzinfo=UTC)
ENTITIES = {
    "lead_history": "LeadHistory",
    "leads": "Lead",
    "opportunities": "Opportunity",
    "opportunity_stages": "OpportunityHistory",
    "contacts": "Contact",
}


@pytest.fixture
def org() -> FakeSalesforce:
    return FakeSalesforce(60, **SECRETS)


@pytest.fixture
def new_home(org: FakeSalesforce, serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Home]:
    serve(org, "hubspot", {})
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"SALESFORCE_{name.upper()}", value)

    def make() -> Home:
        home = Home(tmp_path / f"sf{len(list(tmp_path.iterdir()))}", "salesforce", salesforce_tap.source(org.url, name="src"))
        salesforce_tap.install(home.folder / "home")
        return home

    return make


@pytest.mark.slow
def test_a_second_night_equals_a_full_read(new_home: Callable[[], Home], org: FakeSalesforce) -> None:
    home = new_home()
    first = home.land()
    assert {name: load.rows for name, load in first.items()} == {name: len(org.records[stream]) for name, stream in ENTITIES.items()}
    assert sum(each.path.endswith("/sobjects") for each in org.asked) == 1, "the objects are described once for all entities"
    org.next_day(LATER)
    second = home.land("2026-04-02")
    # what changed, and the row of the bookmark again
    assert {name: load.rows for name, load in second.items()} == {
        "leads": 8,
        "opportunities": 6,
        "opportunity_stages": 6,
        "contacts": 4,
        "lead_history": 8,
    }
    full = new_home()
    full.land("2026-04-02")
    for entity in ENTITIES:
        assert home.newest(entity, "Id") == full.newest(entity, "Id"), entity
    leads = home.newest("leads", "Id")
    assert {row["MasterRecordId"] for row in leads.values() if row["IsDeleted"] == "true"} == {None, made_id("Lead", 7)}
    deals = home.newest("opportunities", "Id")
    assert sum(float(row["Amount"]) for row in deals.values()) == sum(row["Amount"] for row in org.records["Opportunity"].values())


@pytest.mark.slow
def test_only_what_staging_reads_leaves_salesforce_and_people_are_hashed(new_home: Callable[[], Home], org: FakeSalesforce) -> None:
    home = new_home()
    loads = home.land()
    assert [load.warnings for load in loads.values()] == [()] * len(ENTITIES)
    lead = home.newest("leads", "Id")[made_id("Lead", 1),]
    assert (lead["Email"], lead["Phone"]) == (
        hash_value(HASH_KEY, "email", "sf1@client.test"),
        hash_value(HASH_KEY, "phone", "+49 30 550001"),
    )
    assert {row["Status"] for row in home.rows("lead_history")} == {"Working - Contacted", "Closed - Converted", None}
    asked = [each.params["q"] for each in org.asked if "q" in each.params]
    assert not [query for query in asked if "Name," in query.replace("StageName,", "") or "Shoe_Size__c" in query]
    assert b"client.test" not in home.bytes.lower()
    assert not [value for value in SECRETS.values() if value.encode() in home.bytes]


def test_a_tap_that_is_not_told_how_it_selects_lands_nothing(new_home: Callable[[], Home]) -> None:
    home = new_home()
    del home.options["selects_by"]
    with pytest.raises(TapFailed, match=r"not even its schema[\s\S]*selects_by: properties"):
        home.land()
    assert home.loads("leads") == []


def test_a_revoked_token_lands_nothing_and_is_not_shown(new_home: Callable[[], Home], org: FakeSalesforce) -> None:
    home = new_home()
    org.secrets = SECRETS | {"refresh_token": "another"}
    with pytest.raises(TapFailed, match="nothing is landed") as error:
        home.land()
    assert SECRETS["refresh_token"] not in str(error.value)
    assert home.loads("leads") == []


def test_a_token_that_was_exchanged_is_told_of(new_home: Callable[[], Home], org: FakeSalesforce) -> None:
    """The tap writes the new one into its file of settings, which is removed: the next night would be refused."""
    home = new_home()

    def rotate(asked: Any) -> Answer | None:
        fresh = {"access_token": "x-access", "instance_url": org.url, "refresh_token": "canary-that-is-fresh"}
        return Answer(fresh) if asked.path.endswith("/token") else None

    org.before = rotate
    (warning,) = home.land()["contacts"].warnings
    assert "another secret" in warning
    assert "rotation" in warning
    assert b"canary-that-is-fresh" not in home.bytes


def test_a_right_that_is_missing_is_told_by_the_field(new_home: Callable[[], Home], org: FakeSalesforce, monkeypatch: Any) -> None:
    """A field that the user may not see is not described; nothing lands of an object without one that staging needs."""
    kept = {name: kind for name, kind in OBJECTS["Opportunity"].items() if name != "IsWon"}
    monkeypatch.setitem(OBJECTS, "Opportunity", kept)
    with pytest.raises(MissingColumn, match="IsWon"):
        new_home().land()


@pytest.mark.nightly
def test_the_tap_of_the_package_index_tells_the_same(new_home: Callable[[], Home], org: FakeSalesforce, run_cli: RunCli) -> None:
    """What the other tests read stands in for it: two nights of both land the same rows."""
    played, real = new_home(), new_home()
    shutil.rmtree(real.folder / "home" / "taps")
    install_real_tap(run_cli, real.folder / "home", "tap-salesforce==2.8.1", org.url)
    for home in (played, real):
        home.land()
    org.next_day(LATER)
    for home in (played, real):
        home.land("2026-04-02")
    for entity in ENTITIES:
        assert real.newest(entity, "Id") == played.newest(entity, "Id"), entity
        assert [load.rows for load in real.loads(entity)] == [load.rows for load in played.loads(entity)]
    files = [each.read_bytes() for name in ("landing", "logs") for each in (real.folder / "home" / name).rglob("*") if each.is_file()]
    assert not [value for value in SECRETS.values() if any(value.encode() in content for content in files)]
