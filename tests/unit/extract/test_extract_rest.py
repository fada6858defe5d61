"""A source over HTTP that errs in every way of the fault list, on a real local server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest_landing import KEY
from rest_source import IDS, RECORDS, TOKEN, Api, Source, by_cursor

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.rest import SourceDown, retry_after


def test_a_list_lands_with_every_digit_and_the_secret_in_its_header(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"data": {"items": RECORDS}}
    source.entity |= {"records": "data.items", "delivery": "delta", "params": {"from": "{since}", "to": "{until}", "limit": 7}}
    source.land()
    assert source.ids == IDS
    assert source.landing.rows("amount")[0] == ("10.5",)
    assert api.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert api.asked == [{"from": "2024-04-27", "to": "2024-06-01", "limit": "7"}]


def test_the_lookback_begins_at_the_night_before_however_long_ago(source: Source, api: Api) -> None:
    """A machine that was off for longer than the lookback would leave days that no night ever asks for."""
    api.answer = lambda path, query: {"items": RECORDS}
    source.entity |= {"records": "items", "delivery": "delta", "params": {"from": "{since}", "to": "{until}"}}
    for day in ("2024-06-01", "2024-08-20", "2024-07-01"):
        source.land(day)
    assert [(asked["from"], asked["to"]) for asked in api.asked] == [
        ("2024-04-27", "2024-06-01"),
        ("2024-04-27", "2024-08-20"),
        ("2024-04-27", "2024-07-01"),
    ]


def by_page(path: str, query: dict[str, str]) -> Any:
    start = (int(query["page"]) - 1) * 10
    return {"items": RECORDS[start : start + 10]}


def by_offset(path: str, query: dict[str, str]) -> Any:
    start = int(query["skip"])
    return {"items": RECORDS[start : start + 10]}


def by_link(path: str, query: dict[str, str]) -> Any:
    start = int(query.get("s", 0))
    return {"items": RECORDS[start : start + 10], "links": {"next": f"/leads?s={start + 10}" if start + 10 < 25 else ""}}


@pytest.mark.parametrize(
    ("answer", "paging"),
    [
        (by_cursor, {"by": "cursor", "param": "after", "next": "next"}),
        (by_page, {"by": "page", "param": "page"}),
        (by_page, {"by": "page", "param": "page", "size": 10, "size_param": "n"}),
        (by_offset, {"by": "offset", "param": "skip", "size": 10}),
        (by_link, {"by": "next_link", "next": "links.next"}),
    ],
)
def test_every_page_is_read_the_last_one_too(source: Source, api: Api, answer: Any, paging: dict[str, Any]) -> None:
    api.answer = answer
    source.entity |= {"records": "items", "paging": paging, "key": "id"}
    source.land()
    assert source.ids == IDS


def test_a_repeated_cursor_is_no_loop(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS[:10] if "after" not in query else RECORDS[10:12], "next": "same"}
    source.entity |= {"records": "items", "paging": {"by": "cursor", "param": "after", "next": "next"}}
    with pytest.raises(OnefunnelError, match="repeats a page"):
        source.land()
    assert source.landing.loads == []


def test_a_page_that_comes_for_ever_is_no_loop(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS[:10]}
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page"}}
    with pytest.raises(OnefunnelError, match="repeats a page"):
        source.land()


def test_a_list_that_shifts_while_read_is_noticed(source: Source, api: Api) -> None:
    def shifting(path: str, query: dict[str, str]) -> Any:
        start = (int(query["page"]) - 1) * 10
        records = RECORDS if start == 0 else [{"id": 1}, *RECORDS]
        return {"items": records[start : start + 10]}

    api.answer = shifting
    source.entity |= {"records": "items", "key": "id", "paging": {"by": "page", "param": "page"}}
    with pytest.raises(OnefunnelError, match="shifted while it was read"):
        source.land()


def test_a_list_that_lost_records_while_read_is_noticed(source: Source, api: Api) -> None:
    api.answer = lambda path, query: by_cursor(path, query) | ({"items": RECORDS[21:25]} if query.get("after") == "20" else {})
    source.entity |= {"records": "items", "total": "total", "paging": {"by": "cursor", "param": "after", "next": "next"}}
    with pytest.raises(OnefunnelError, match="counts 25 records and delivered 24"):
        source.land()


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_failure_that_passes_is_retried(source: Source, api: Api, status: int) -> None:
    answers = iter([(status, {}, b"oops"), (status, {"Retry-After": "0"}, b""), RECORDS])
    api.answer = lambda path, query: next(answers)
    source.land()
    assert source.ids == IDS


@pytest.mark.slow
def test_retry_after_is_honoured(source: Source, api: Api) -> None:
    answers = iter([(429, {"Retry-After": "1"}, b""), RECORDS])
    api.answer = lambda path, query: next(answers)
    started = time.monotonic()
    source.land()
    assert time.monotonic() - started >= 1


def test_a_wait_beyond_the_deadline_is_not_begun(source: Source, api: Api) -> None:
    api.answer = lambda path, query: (429, {"Retry-After": "3600"}, b"")
    started = time.monotonic()
    with pytest.raises(SourceDown, match="HTTP 429"):
        source.land()
    assert time.monotonic() - started < 3


def test_attempts_are_bounded(source: Source, api: Api) -> None:
    source.source["attempts"] = 3
    api.answer = lambda path, query: (500, {}, b"")
    with pytest.raises(SourceDown, match="HTTP 500"):
        source.land()
    assert len(api.asked) == 3


def test_a_source_that_hangs_ends_at_the_deadline(source: Source, api: Api) -> None:
    source.source |= {"deadline_seconds": 1, "timeout_seconds": 0.3}
    api.answer = lambda path, query: time.sleep(5) or []
    started = time.monotonic()
    with pytest.raises(SourceDown, match="ReadTimeout"):
        source.land()
    assert time.monotonic() - started < 4


def test_a_source_that_drips_ends_at_the_deadline(source: Source, api: Api) -> None:
    source.source |= {"deadline_seconds": 1, "timeout_seconds": 1}
    api.answer, api.drip = (lambda path, query: RECORDS * 20), 0.1
    started = time.monotonic()
    with pytest.raises(SourceDown, match="within 1 s"):
        source.land()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "5000"}])
def test_a_truncated_answer_is_retried(source: Source, api: Api, headers: dict[str, str]) -> None:
    source.source["timeout_seconds"] = 0.5
    answers = iter([(200, headers | {"Connection": "close"}, json.dumps(RECORDS).encode()[:300]), RECORDS])
    api.answer = lambda path, query: next(answers)
    source.land()
    assert source.ids == IDS


def test_a_dead_port_is_a_source_that_is_down(source: Source, api: Api) -> None:
    source.source["attempts"] = 2
    api.server.shutdown()
    api.server.server_close()
    with pytest.raises(SourceDown, match="ConnectError"):
        source.land()


@pytest.mark.parametrize(("status", "says"), [(401, "credentials"), (404, "HTTP 404"), (302, "HTTP 302")])
def test_what_does_not_pass_is_not_retried(source: Source, api: Api, status: int, says: str) -> None:
    api.answer = lambda path, query: (status, {"Location": "/elsewhere"}, b"")
    with pytest.raises(ConfigError, match=says):
        source.land()
    assert len(api.asked) == 1


def test_credentials_do_not_follow_a_link_to_another_host(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS[:1], "next": "http://localhost:1/steal"}
    source.entity |= {"records": "items", "paging": {"by": "next_link", "next": "next"}}
    with pytest.raises(OnefunnelError, match="another host"):
        source.land()


def test_a_missing_secret_is_named(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_TOKEN")
    with pytest.raises(ConfigError, match="CRM_TOKEN is not set"):
        source.land()


def test_the_secret_is_in_no_error_and_in_no_file(source: Source, api: Api) -> None:
    api.answer = lambda path, query: [{"id": 1}]
    source.land()
    api.answer = lambda path, query: (500, {}, TOKEN.encode())
    with pytest.raises(SourceDown) as error:
        source.land("2024-06-02")
    written = b"".join(path.read_bytes() for path in source.landing.home.rglob("*") if path.is_file())
    for secret in (TOKEN, KEY):
        assert secret not in str(error.value)
        assert secret.encode() not in written


def test_an_empty_answer_is_an_empty_load(source: Source, api: Api) -> None:
    assert source.land().rows == 0


def test_an_answer_without_a_list_is_refused(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"error": "no"}
    source.entity["records"] = "items"
    with pytest.raises(OnefunnelError, match="no list of objects at 'items'"):
        source.land()


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("Sat, 01 Jun 2024 10:00:30 GMT", 30), ("soon", None), (None, None), ("-3", 0)]
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2024, 6, 1, 10, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("answer", [{"items": None, "success": True}, {"success": True, "more": False}])
def test_a_list_that_is_null_or_absent_says_that_there_is_nothing(source: Source, api: Api, answer: dict) -> None:
    api.answer = lambda path, query: answer
    source.entity["records"] = "items"
    assert source.land().rows == 0


def in_pages(size: int, says: Callable[[int], dict[str, Any]]) -> Callable[[str, dict[str, str]], Any]:
    """25 records in pages of `size`, numbered by `page`; says: what stands beside the records, by the number of the page."""

    def answer(path: str, query: dict[str, str]) -> Any:
        page = int(query.get("page", 1))
        return {"items": RECORDS[(page - 1) * size : page * size], **says(page)}

    return answer


@pytest.mark.parametrize(
    ("says", "hint"),
    [
        ({"paging": {"next": {"after": "10", "link": "?after=10"}}}, "paging: {by: cursor, param: after, next: paging.next.after}"),
        ({"@odata.nextLink": "https://x/leads?$skip=10"}, 'paging: {by: next_link, next: "@odata.nextLink"}'),
        ({"done": False, "nextRecordsUrl": "/q/01-2000", "totalSize": 25}, "paging: {by: "),
        ({"total": "25"}, 'total: ""'),
        ({"current_page": 1, "last_page": 3}, "paging: {by: page, param: page}"),
        ({"additional_data": {"pagination": {"more_items_in_collection": True}}}, "paging: {by: page"),
    ],
)
def test_one_page_of_several_is_refused_with_the_setting_to_write(source: Source, api: Api, says: dict[str, Any], hint: str) -> None:
    api.answer = lambda path, query: {"items": RECORDS[:10], **says}
    source.entity["records"] = "items"
    with pytest.raises(ConfigError, match="says that there is more") as error:
        source.land()
    assert (hint in error.value.hint, error.value.where) == (True, "source src, entity rows")
    assert source.landing.loads == []


@pytest.mark.parametrize("says", [{"has_more": True}, {"total": 25}, {"last_page": 3}, {"_links": {"next": {"href": "/leads?page=2"}}}])
def test_a_short_page_that_says_there_is_more_is_followed_by_another(source: Source, api: Api, says: dict[str, Any]) -> None:
    api.answer = in_pages(10, lambda page: says if page < 3 else {"has_more": False, "total": 25, "last_page": 3})
    source.entity |= {"records": "items", "key": "id", "paging": {"by": "page", "param": "page", "size": 100, "size_param": "n"}}
    source.land()
    assert source.ids == IDS


def test_a_short_page_before_the_declared_total_is_followed_by_another(source: Source, api: Api) -> None:
    api.answer = in_pages(10, lambda page: {"sum": {"of_all": 25}})
    source.entity |= {"records": "items", "total": "sum.of_all", "paging": {"by": "page", "param": "page", "size": 100}}
    source.land()
    assert source.ids == IDS


@pytest.mark.parametrize(
    ("paging", "says"),
    [
        ({"by": "cursor", "param": "after", "next": "paging.after"}, {"paging": {"next": {"after": "10"}}}),
        ({"by": "next_link", "next": "next"}, {"links": {"next": "/leads?page=2"}}),
        ({"by": "page", "param": "page", "size": 10}, {"total": 26}),
        ({"by": "page", "param": "page"}, {"has_more": True}),
    ],
)
def test_an_end_that_the_last_answer_does_not_know_of_is_refused(source: Source, api: Api, paging: dict[str, Any], says: dict) -> None:
    api.answer = in_pages(10, lambda page: says)
    source.entity |= {"records": "items", "paging": paging}
    with pytest.raises(ConfigError, match="says that there is more") as error:
        source.land()
    assert "ends before that" in error.value.hint
    assert source.landing.loads == []


def test_a_next_link_of_odata_is_followed(source: Source, api: Api) -> None:
    api.answer = in_pages(10, lambda page: {"@odata.count": 25} | ({"@odata.nextLink": f"/leads?page={page + 1}"} if page < 3 else {}))
    source.entity |= {"records": "items", "paging": {"by": "next_link", "next": "@odata.nextLink"}}
    source.land()
    assert source.ids == IDS


def test_a_number_that_is_none_of_records_is_declared_as_none(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS, "total": 9000}
    source.entity["records"] = "items"
    with pytest.raises(ConfigError, match="`total` says 9000, 25 are here"):
        source.land()
    source.entity["total"] = ""
    source.land()
    assert source.ids == IDS


def test_money_of_all_pages_is_no_number_of_records(source: Source, api: Api) -> None:
    records = [record | {"amount": 100} for record in RECORDS]
    api.answer = lambda path, query: {"items": records[: 10 if "page" not in query else 25], "total": 2500}
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page", "size": 30}}
    source.land()
    assert source.ids == IDS
