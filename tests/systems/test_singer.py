"""`connector: singer`: a tap in an environment of its own lands whole or not at all, and its secrets stay where they are."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import yaml
from fake_pipedrive import FakePipedrive
from nights import RunCli
from real_tap import install_real_tap
from tiny_tap import write_wheel

from onefunnel.config import load_config
from onefunnel.errors import ConfigError
from onefunnel.extract import extract_source
from onefunnel.extract.normalise import hash_value
from onefunnel.extract.singer import TapFailed
from onefunnel.interval import Interval
from onefunnel.landing.loads import LoadManifest, list_loads
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow

KEY = "a-key-for-tests-only-0123456789"
CANARY = "canary-of-a-tap-71c2"
Land = Callable[..., list[LoadManifest]]


@pytest.fixture(scope="module")
def tap_home(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """A home with the tap installed."""
    home = tmp_path_factory.mktemp("tap") / "home"
    wheel = write_wheel(home.parent)
    run_cli("tap", "add", f"tap-tiny @ file://{wheel}", "--home", home)
    return home


@pytest.fixture
def land(tap_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Land:
    """land(day, **block) extracts a source of the tap; its name is the test's own."""
    monkeypatch.setenv("TINY_TOKEN", CANARY)
    name = f"s{abs(hash(str(tmp_path)))}"

    def extract(day: str = "2026-04-01", **block: Any) -> list[LoadManifest]:
        config = {"mode": "good"} | block.pop("config", {})
        source: dict[str, Any] = {"name": name, "system": "tiny", "connector": "singer", "tap": "tap-tiny", "config": config}
        source |= {"secrets": {"token": "TINY_TOKEN"}, "personal": ["email"], "entities": {"people": {}}} | block
        path = tmp_path / "sources.yml"
        path.write_text(yaml.safe_dump({"version": 1, "sources": [source]}), encoding="utf-8")
        loaded = load_config(path)
        return extract_source(loaded, loaded.sources[0], Interval.for_as_of(date.fromisoformat(day)), Settings(home=tap_home, hash_key=KEY))

    extract.landed = lambda entity="people": list_loads(tap_home / "landing", "tiny", entity, name)  # type: ignore[attr-defined]
    return extract


def rows(home: Path, load: LoadManifest) -> list[tuple]:
    part = load.folder(home / "landing") / load.files[0].part
    return duckdb.sql(
        f"""select id, amount, email, more, "odd name", _typed from read_parquet('{part}', hive_partitioning = false) order by _row"""
    ).fetchall()


def test_a_second_night_goes_on_from_the_state_of_the_first(land: Land, tap_home: Path) -> None:
    (first,) = land()
    (second,) = land("2026-04-02", config={"rows": 3})
    assert (first.rows, second.rows, second.delivery) == (2, 1, "delta")
    assert json.loads(second.cursor["value"]) == {"last": 3}
    (row,) = rows(tap_home, second)
    assert row == ("3", "12345678901234567890.1230", hash_value(KEY, "email", "p3@client.test"), '{"a": ["1"]}', "x", "|id|amount|")
    (third,) = land("2026-04-03", config={"rows": 3})
    assert (third.rows, json.loads(third.cursor["value"])) == (0, {"last": 3})


def test_a_full_delivery_keeps_no_state(land: Land) -> None:
    whole = {"all": {"stream": "people", "delivery": "full"}}
    assert [land(day, entities=whole)[0].rows for day in ("2026-04-01", "2026-04-02")] == [2, 2]


def test_secrets_may_be_given_by_the_environment(land: Land) -> None:
    assert land(secrets_by="environment")[0].rows == 2


def test_a_tap_that_does_not_hear_that_its_stream_is_selected_fails(land: Land) -> None:
    with pytest.raises(TapFailed, match=r"not even its schema[\s\S]*selects_by: properties"):
        land(config={"mode": "legacy"})
    assert land.landed() == []
    assert land(config={"mode": "legacy"}, selects_by="properties")[0].rows == 2


@pytest.mark.parametrize(
    ("mode", "says"),
    [("dies", r"code 1: 403 for token=\*\*\*"), ("cut", "no message"), ("unannounced", "before its schema")],
)
def test_what_is_not_whole_lands_nothing(land: Land, mode: str, says: str) -> None:
    with pytest.raises(TapFailed, match=says) as error:
        land(config={"mode": mode})
    assert CANARY not in str(error.value)
    assert land.landed() == []


def test_a_tap_that_does_not_end_is_ended_with_its_children(land: Land, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(TapFailed, match="did not end within 2 seconds"):
        land(config={"mode": "slow", "note": str(tmp_path / "child")}, deadline_seconds=2)
    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


PERSONS = [
    {"id": 1, "update_time": "2026-03-01T10:00:00Z", "is_deleted": False, "name": "Ann", "postal_address": {"value": "Main St"}}
    | {"emails": [{"value": "Second@client.test", "primary": False}, {"value": "Ann@Client.test", "primary": True}]}
    | {"phones": [{"value": "+49 30 123456", "primary": False}]},
    {"id": 2, "update_time": "2026-03-01T10:00:00Z", "email": [{"value": "bob@client.test", "primary": True}], "phone": []},
    {"id": 3, "update_time": "2026-03-01T10:00:00Z", "emails": None, "phones": None},
]
DEALS = [
    {"id": 1, "add_time": "2026-03-01T10:00:00Z", "stage_id": 1, "status": "open", "person_name": "Ann", "owner_id": 3}
    | {
        "person_id": {
            "value": 7,
            "name": "Ann",
            "email": [{"value": "Ann@client.test", "primary": True}],
            "phone": [{"value": "030 123456"}],
        }
    },
    {"id": 2, "add_time": "2026-03-01T10:00:00Z", "stage_id": 1, "status": "open", "person_id": 8, "owner_id": 3},
    {"id": 3, "add_time": "2026-03-01T10:00:00Z", "stage_id": 1, "status": "open", "person_id": None, "owner_id": 3},
]


def test_addresses_that_are_told_nested_are_picked_and_hashed(land: Land, tap_home: Path) -> None:
    """Persons of Pipedrive in both versions of its API, and the person inside a deal of the first; no name or address lands in clear."""

    def landed(entity: str, told: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
        (load,) = land(system="pipedrive", config={"told": told}, entities={entity: {"stream": "people", **options}}, personal=[])
        assert load.warnings == ()
        part = load.folder(tap_home / "landing") / load.files[0].part
        assert not any(clear in part.read_bytes() for clear in (b"client.test", b"Ann", b"Main St", b"123456"))
        table = duckdb.sql(f"select * from read_parquet('{part}', hive_partitioning = false) order by _row")
        return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]

    def hashed(email: str | None, phone: str | None) -> tuple[str | None, ...]:
        return tuple(value and hash_value(KEY, kind, value) for kind, value in (("email", email), ("phone", phone)))

    persons = landed("persons", PERSONS, fields=[])
    assert {name for name in persons[0] if not name.startswith("_")} == {"id", "update_time", "is_deleted", "email", "phone"}
    assert [(row["email"], row["phone"]) for row in persons] == [
        hashed("ann@client.test", "+49 30 123456"), hashed("bob@client.test", None), (None, None)
    ]  # fmt: skip
    deals = landed("deals", DEALS)
    assert [row["person_id"] for row in deals] == ["7", "8", None]
    assert [(row["contact_email"], row["contact_phone"]) for row in deals] == [
        hashed("ann@client.test", "030 123456"), (None, None), (None, None)
    ]  # fmt: skip


def test_what_is_missing_is_named(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no stream deals[\s\S]*people, others"):
        land(entities={"deals": {}})
    with pytest.raises(ConfigError, match=r"tap-other is not installed[\s\S]*installed: tap-tiny"):
        land(tap="tap-other")
    monkeypatch.delenv("TINY_TOKEN")
    with pytest.raises(ConfigError, match="TINY_TOKEN is not set"):
        land()


def test_no_secret_stays_in_the_home(land: Land, tap_home: Path) -> None:
    land("2026-04-05")
    assert [path for path in tap_home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()] == []


def test_taps_are_listed_replaced_and_removed(tap_home: Path, run_cli: RunCli) -> None:
    (tap,) = json.loads(run_cli("tap", "list", "--home", tap_home, "--json").stdout)
    assert (tap["name"], tap["version"], tap["command"]) == ("tap-tiny", "1.0", "tap-tiny")
    broken = tap_home.parent / "tap_tiny-2.0-py3-none-any.whl"
    broken.write_bytes(b"no wheel")
    failed = run_cli("tap", "add", f"tap-tiny @ file://{broken}", "--home", tap_home, code=1)
    assert "the tap before it stays" in failed.stderr
    assert os.access(tap_home / "taps" / "tap-tiny" / "bin" / "tap-tiny", os.X_OK)
    other = tap_home.parent / "other"
    run_cli("tap", "add", f"tap-tiny @ file://{write_wheel(tap_home.parent)}", "--home", other)
    run_cli("tap", "remove", "tap-tiny", "--home", other)
    assert run_cli("tap", "list", "--home", other).stdout.startswith("none")
    run_cli("tap", "remove", "tap-tiny", "--home", other, code=2)


@pytest.mark.nightly
def test_a_tap_of_the_package_index_reads_two_nights(
    tmp_path: Path, run_cli: RunCli, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """tap-pipedrive as anybody installs it; in its environment every request goes to a server that plays Pipedrive."""
    home = tmp_path / "home"
    api = FakePipedrive(CANARY)
    serve(api, "hubspot", {})
    site = install_real_tap(run_cli, home, "tap-pipedrive==2.1.0", api.url)
    monkeypatch.setenv("PIPEDRIVE_TOKEN", CANARY)
    for number in range(1, 6):
        api.add(number, f"2026-03-0{number}T10:00:00Z")
    source = {"name": "crm", "system": "pipedrive", "connector": "singer", "tap": "tap-pipedrive"}
    source |= {"config": {"start_date": "2026-01-01T00:00:00Z"}, "secrets": {"api_token": "PIPEDRIVE_TOKEN"}}
    source |= {"entities": {"deals": {}, "stage_changes": {"stream": "dealflow"}, "persons": {"fields": []}}}
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": [source]}), encoding="utf-8")
    loaded = load_config(path)

    def night(day: str) -> dict[str, int]:
        loads = extract_source(loaded, loaded.sources[0], Interval.for_as_of(date.fromisoformat(day)), Settings(home=home, hash_key=KEY))
        return {load.entity: load.rows for load in loads}

    assert night("2026-03-31") == {"deals": 5, "stage_changes": 5, "persons": 1}
    api.move(2, 4, "2026-03-31T22:30:00Z")
    second = night("2026-04-01")
    assert second["deals"] < 4
    parts = f"{home}/landing/pipedrive/{{}}/*/load=*/part*.parquet', hive_partitioning = false"
    landed = {entity: duckdb.sql(f"select * from read_parquet('{parts.format(entity)})") for entity in second}
    newest = landed["deals"].aggregate('max_by("stage_id", "update_time"), max("value"), max("0a1b2c")').fetchall()
    assert newest == [("4", "1234567.89", "fair")]
    assert landed["persons"].select("email").distinct().fetchall() == [(hash_value(KEY, "email", "ann@client.test"),)]
    assert landed["stage_changes"].filter("field_key = 'stage_id'").select("item_id, new_value").distinct().fetchall() == [("2", "4")]
    files = [each for each in home.rglob("*") if each.is_file() and not each.is_relative_to(site.parent)]
    assert [each for each in files if CANARY.encode() in each.read_bytes()] == []
