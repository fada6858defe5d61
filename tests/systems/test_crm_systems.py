"""amoCRM and Bitrix24: leads with their stage history, deleted ones, people hashed; a second night equal to a full read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fake_amocrm import DAY, FakeAmoCrm
from fake_bitrix24 import FakeBitrix24
from fake_server import Answer

from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import hash_value
from onefunnel.extract.rest import SourceDown
from onefunnel.extract.transport import Refused

TOKEN = "eyJ0eXAi.canary-of-amocrm"  # noqa: S105
HOOK = "canary0bitrix24hook"
KEY = "a-key-for-tests-only-0123456789"
MOSCOW = datetime.fromisoformat("2026-04-01T12:00:00+03:00")


@pytest.fixture
def amo() -> FakeAmoCrm:
    amo = FakeAmoCrm(300, token=TOKEN)
    amo.delete(5, amo.first + 40 * DAY)
    return amo


def amocrm(serve: Callable[..., Any], api: FakeAmoCrm, **options: Any) -> Any:
    return serve(api, "amocrm", {"token": TOKEN}, account="example.amocrm.ru", **options)


def newest(home: Any, entity: str, key: str = "id") -> dict[tuple[str, ...], dict[str, Any]]:
    return home.newest(entity, key)


@pytest.mark.slow
def test_amocrm_has_every_lead_and_stage_and_those_in_the_bin(amo: FakeAmoCrm, serve: Callable[..., Any]) -> None:
    home = amocrm(serve, amo)
    amo.leads[11]["_embedded"]["contacts"] = [{"id": 77}]
    home.land()
    assert newest(home, "leads")["11",]["contact_id"] == "77", "nobody is the main one: the first is"
    leads = home.rows("leads")
    assert Counter(row["status_id"] for row in leads) == Counter(str(lead["status_id"]) for lead in amo.leads.values())
    assert [row["id"] for row in leads if row["is_deleted"] == "true"] == ["5"]
    assert sum(int(row["price"]) for row in leads) == sum(lead["price"] for lead in amo.leads.values())
    stages = home.rows("stage_changes")
    assert Counter((row["lead_id"], row["status_id"]) for row in stages) == Counter(
        (str(event["entity_id"]), str(event["value_after"][0]["lead_status"]["id"])) for event in amo.events
    )
    first = newest(home, "leads")["1",]
    assert (first["utm_source"], first["contact_id"], first["company_id"]) == ("google", "50001", None)
    lost = next(row for row in leads if row["status_id"] == "143")
    assert lost["loss_reason"] == "Too dear"


def test_amocrm_says_nothing_with_204(serve: Callable[..., Any]) -> None:
    home = amocrm(serve, FakeAmoCrm(0, token=TOKEN))
    assert {name: load.rows for name, load in home.land().items() if load.rows} == {"pipelines": 1, "users": 1}


@pytest.mark.slow
def test_a_second_night_of_amocrm_equals_a_full_read(amo: FakeAmoCrm, serve: Callable[..., Any]) -> None:
    home = amocrm(serve, amo)
    home.land()
    now = amo.first + 41 * DAY
    amo.move(7, 142, now)
    amo.add(900, now)
    amo.delete(8, now)
    amo.contacts[50_009] |= {"name": "Pjotr", "updated_at": now}
    home.land("2026-04-02")
    assert home.loads("leads")[-1].rows < 50
    full = amocrm(serve, amo)
    full.land("2026-04-02")
    for entity in ("leads", "stage_changes", "contacts", "pipelines", "users"):
        assert newest(home, entity) == newest(full, entity), entity


def test_amocrm_does_not_follow_a_link_to_another_host_or_port(amo: FakeAmoCrm, serve: Callable[..., Any]) -> None:
    home = amocrm(serve, amo)
    embedded = {"leads": [amo.leads[1]]}
    for link in ("http://localhost:1/steal", "http://127.0.0.1:1/steal", "https://" + amo.url.removeprefix("http://")):
        amo.before = lambda asked, link=link: Answer({"_embedded": embedded, "_links": {"next": {"href": link}}})
        with pytest.raises(OnefunnelError, match="another host"):
            home.land("2026-04-01", "leads")
    assert home.loads("leads") == []


def test_a_list_that_shifts_while_it_is_read_lands_nothing(amo: FakeAmoCrm, serve: Callable[..., Any]) -> None:
    home = amocrm(serve, amo)

    def shift(asked: Any) -> None:
        if asked.params.get("page") == "2":
            amo.leads[0] = amo.leads[1] | {"id": 0}

    amo.before = shift
    with pytest.raises(OnefunnelError, match="comes again"):
        home.land("2026-04-01", "leads")
    assert home.loads("leads") == []


@pytest.fixture
def bitrix() -> FakeBitrix24:
    return FakeBitrix24(120, secret=HOOK)


def bitrix24(serve: Callable[..., Any], api: FakeBitrix24) -> Any:
    return serve(api, "bitrix24", {"webhook": f"{{url}}/rest/1/{HOOK}/"}, base_url=None)


def test_bitrix24_has_every_lead_deal_and_stage(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    home = bitrix24(serve, bitrix)
    loads = home.land()
    assert {name: load.rows for name, load in loads.items()} == {
        **{"deals": 120, "leads": 120, "deal_stages": 240, "lead_stages": 120, "contacts": 120, "statuses": 7}
    }
    assert Counter(row["STAGE_ID"] for row in home.rows("deals")) == Counter(deal["STAGE_ID"] for deal in bitrix.deals.values())
    contact = newest(home, "contacts", "ID")["7",]
    assert contact["EMAIL"] == hash_value(KEY, "EMAIL", "p7@client.test")


@pytest.mark.slow
def test_a_second_night_of_bitrix24_equals_a_full_read(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    home = bitrix24(serve, bitrix)
    home.land()
    bitrix.move(7, "WON", MOSCOW)
    bitrix.add(900, MOSCOW)
    home.land("2026-04-02")
    assert home.loads("deals")[-1].rows < 20
    full = bitrix24(serve, bitrix)
    full.land("2026-04-02")
    for entity in ("deals", "leads", "deal_stages", "lead_stages", "statuses", "contacts"):
        assert newest(home, entity, "ID") == newest(full, entity, "ID"), entity


def test_a_deal_that_bitrix24_lists_no_more_is_deleted_until_it_comes_back(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    home = bitrix24(serve, bitrix)
    home.land("2026-04-01", "deals")
    before = newest(home, "deals", "ID")
    kept = {number: bitrix.deals.pop(number) for number in (1, 60, 61, 120)}
    bitrix.add(900, MOSCOW)
    bitrix.asked.clear()
    home.land("2026-04-02", "deals")
    # changes, and in halves: 120, 60 and 60, then what is left to be looked at
    assert len(bitrix.asked) < 12
    after = newest(home, "deals", "ID")
    assert {key for (key,), row in after.items() if row["is_deleted"]} == {"1", "60", "61", "120"}
    assert {key: row | {"is_deleted": None} for key, row in after.items() if key != ("900",)} == before
    bitrix.asked.clear()
    home.land("2026-04-03", "deals")
    assert (len(bitrix.asked), newest(home, "deals", "ID")) == (2, after), "nothing was deleted: it is counted once"
    bitrix.deals |= kept
    home.land("2026-04-04", "deals")
    assert {key: row for key, row in newest(home, "deals", "ID").items() if key != ("900",)} == before


def test_a_webhook_that_sees_less_than_before_deletes_nothing(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    home = bitrix24(serve, bitrix)
    home.land("2026-04-01", "leads")
    bitrix.leads = {number: lead for number, lead in bitrix.leads.items() if number > 51}
    with pytest.raises(OnefunnelError, match="51 of 120 records are listed no more") as error:
        home.land("2026-04-02", "leads")
    assert "still see" in str(error.value)
    assert len(home.loads("leads")) == 1
    home.options["settings"] = {"mass_deletion": "yes"}
    home.land("2026-04-02", "leads")
    assert sum(row["is_deleted"] == "true" for row in newest(home, "leads", "ID").values()) == 51


def test_bitrix24_is_asked_again_when_it_was_asked_too_fast(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    busy = iter([Answer({"error": "QUERY_LIMIT_EXCEEDED"}, 503), Answer({"error": "OPERATION_TIME_LIMIT"}, 400)])
    bitrix.before = lambda asked: next(busy, None)
    assert bitrix24(serve, bitrix).land("2026-04-01", "deals")["deals"].rows == 120


def test_the_address_of_a_webhook_is_in_no_error(bitrix: FakeBitrix24, serve: Callable[..., Any]) -> None:
    home = bitrix24(serve, bitrix)
    home.options["attempts"] = 1
    words = {"error": "X", "error_description": f"bad {bitrix.url}/rest/1/{HOOK}/crm.deal.list"}
    for status, kind in ((400, Refused), (500, SourceDown), (401, Refused), (404, Refused)):
        bitrix.before = lambda asked, status=status: Answer(words, status)
        with pytest.raises(kind) as error:
            home.land("2026-04-01", "deals")
        assert HOOK not in str(error.value)
    assert HOOK.encode() not in home.bytes
