"""A source over HTTP that errs in every way of the fault list, on a real local server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from conftest_landing import KEY, Landing

from onefunnel.config import load_config
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract import extract_source, rest
from onefunnel.extract.rest import SourceDown, retry_after
from onefunnel.interval import Interval

TOKEN = "canary-token-of-the-source"  # noqa: S105


class Api:
    """A server whose answer is whatever `answer(path, query)` returns: (status, headers, body) or a JSON value."""

    def __init__(self) -> None:
        self.answer: Callable[[str, dict[str, str]], Any] = lambda path, query: []
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                api.asked.append(query)
                api.headers.append(dict(self.headers))
                answer = api.answer(parts.path, query)
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, json.dumps(answer).encode())
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                for start in range(0, len(body), 64):
                    self.wfile.write(body[start : start + 64])
                    time.sleep(api.drip)

            def log_message(self, *_: object) -> None:
                pass

        self.drip = 0.0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr(rest, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


class Source:
    """A source of that server in a home of its own."""

    def __init__(self, folder: Path, api: Api) -> None:
        self.landing = Landing(folder, {})
        self.api, self.entity, self.source = (
            api,
            {"path": "/leads"},
            {"token_env": "CRM_TOKEN", "deadline_seconds": 5, "timeout_seconds": 2},
        )

    def land(self, as_of: str = "2024-06-01") -> Any:
        content = {"name": "src", "system": "other", "connector": "rest", "base_url": self.api.url, **self.source}
        path = self.landing.folder / "sources.yml"
        path.write_text(yaml.safe_dump({"version": 1, "sources": [content | {"entities": {"rows": self.entity}}]}))
        config = load_config(path)
        return extract_source(config, config.sources[0], Interval.for_as_of(date.fromisoformat(as_of)), self.landing.settings)[0]

    @property
    def ids(self) -> list[str]:
        return [value for (value,) in self.landing.rows("id")]


@pytest.fixture
def source(tmp_path: Path, api: Api) -> Source:
    return Source(tmp_path, api)


RECORDS = [{"id": 5805028000056864695 + n, "amount": 10.5} for n in range(25)]
IDS = [str(record["id"]) for record in RECORDS]


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


def by_cursor(path: str, query: dict[str, str]) -> Any:
    start = int(query.get("after", 0))
    return {"items": RECORDS[start : start + 10], "next": str(start + 10) if start + 10 < 25 else None, "total": 25}


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


def capped(end: Any, limit: int = 10) -> Callable[[str, dict[str, str]], Any]:
    """25 records in pages of at most `limit`, whatever is asked for, by page or by offset; end: what it answers behind them."""

    def answer(path: str, query: dict[str, str]) -> Any:
        start = int(query["skip"]) if "skip" in query else (int(query["page"]) - 1) * limit
        records = RECORDS[start : start + limit]
        return {"items": records} if records else end

    return answer


BEHIND = [{"items": []}, (204, {}, b""), (404, {}, b"{}"), (416, {}, b""), (400, {}, b""), {"items": RECORDS[20:]}]


@pytest.mark.parametrize("end", BEHIND)
@pytest.mark.parametrize("paging", [{"by": "offset", "param": "skip"}, {"by": "page", "param": "page"}])
def test_a_server_that_gives_shorter_pages_than_asked_for_is_read_to_its_end(source: Source, api: Api, end: Any, paging: dict) -> None:
    api.answer = capped(end)
    source.entity |= {"records": "items", "paging": paging | {"size": 100}}
    assert not source.land().warnings
    assert (source.ids, len(api.asked)) == (IDS, 4)


@pytest.mark.parametrize("end", BEHIND)
def test_a_list_shorter_than_a_page_costs_one_request_more(source: Source, api: Api, end: Any) -> None:
    api.answer = lambda path, query: {"items": RECORDS} if query["page"] == "1" else {"items": RECORDS} if end == BEHIND[-1] else end
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page", "size": 100}}
    source.land()
    assert (source.ids, len(api.asked)) == (IDS, 2)


def test_behind_a_declared_total_nothing_is_asked_for(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS, "sum": 25}
    source.entity |= {"records": "items", "total": "sum", "paging": {"by": "page", "param": "page", "size": 100}}
    source.land()
    assert (source.ids, len(api.asked)) == (IDS, 1)


@pytest.mark.parametrize("end", [(404, {}, b""), {"items": RECORDS[20:]}])
def test_behind_a_full_page_an_error_or_a_page_again_is_no_end(source: Source, api: Api, end: Any) -> None:
    api.answer = capped(end, limit=5)
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page", "size": 5}}
    with pytest.raises(OnefunnelError, match=r"HTTP 404|repeats a page"):
        source.land()


def test_an_empty_page_before_the_number_that_was_told_is_no_end(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS[:10], "total": 25} if query["page"] == "1" else (204, {}, b"")
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page", "size": 10}}
    with pytest.raises(ConfigError, match="`total` says 25, 10 are here"):
        source.land()


SPEND = [{"date": "2024-05-01", "campaign": f"c{n}", "cost": n + 0.5, "currency": "EUR", "channel": "x"} for n in range(25)]


def spend_of(tmp_path: Path, api: Api, records: list[dict[str, Any]], system: str = "template", **entity: Any) -> Any:
    """Lands ad spend that is read in pages of 10."""
    by = entity.get("paging", {}).get("param", "page")
    api.answer = lambda path, query: records[int(query[by]) * 10 :][:10]
    paging = {"by": "page", "param": "page", "start": 0}
    content = {"name": "ads", "system": system, "connector": "rest", "base_url": api.url, "deadline_seconds": 5}
    path = tmp_path / "sources.yml"
    source = content | {"entities": {"ad_spend": {"path": "/spend", "paging": paging} | entity}}
    path.write_text(yaml.safe_dump({"version": 1, "sources": [source]}))
    config = load_config(path)
    return extract_source(config, config.sources[0], Interval.for_as_of(date(2024, 6, 1)), Landing(tmp_path, {}).settings)[0]


def test_costs_that_come_again_on_a_later_page_are_not_added_up_twice(tmp_path: Path, api: Api) -> None:
    """A row came in at the head of the list while it was read."""
    with pytest.raises(OnefunnelError, match="letter for letter: the list shifted while it was read") as error:
        spend_of(tmp_path, api, [*SPEND[:10], SPEND[9], *SPEND[10:]])
    assert "`overlap: add`" in error.value.hint


@pytest.mark.parametrize(
    ("records", "system", "entity"),
    [
        ([*SPEND[:10], SPEND[9], *SPEND[10:]], "template", {"overlap": "add"}),
        ([*SPEND[:10], SPEND[9], *SPEND[10:]], "other", {}),
        ([*SPEND[:10], SPEND[9] | {"cost": 7}, *SPEND[10:]], "template", {}),
        ([*SPEND[:4], SPEND[3], *SPEND[4:]], "template", {}),
    ],
    ids=["each counts", "nothing is known of its rows", "another cost", "on one page"],
)
def test_costs_that_are_others_are_read_without_a_word(tmp_path: Path, api: Api, records: list, system: str, entity: dict) -> None:
    manifest = spend_of(tmp_path, api, records, system, **entity)
    assert (manifest.rows, manifest.warnings) == (26, ())


@pytest.mark.parametrize(
    ("records", "body", "says"),
    [
        ("items", b'{"items": [{"id": 1}], "items": [{"id": 2}]}', "one of these names twice: items"),
        ("items", b'{"data": [{"id": 1}]}', "there is data"),
        ("", b'{"data": {"payments": [{"id": 1}]}, "included": [{"id": 2}]}', "there is data.payments, included"),
    ],
)
def test_a_list_that_may_not_be_the_one_that_is_meant_is_refused(source: Source, api: Api, records: str, body: bytes, says: str) -> None:
    api.answer = lambda path, query: (200, {}, body)
    source.entity["records"] = records
    with pytest.raises(OnefunnelError, match=says):
        source.land()


def test_an_object_that_says_a_name_twice_is_set_aside(source: Source, api: Api) -> None:
    api.answer = lambda path, query: (200, {}, b'{"items": [{"id": 1, "id": 2}, {"id": 3}], "included": [{"id": 4}]}')
    source.entity["records"] = "items"
    source.land()
    assert (source.ids, [rule for _, _, rule in source.landing.rejected()]) == (["3"], ["repeated_key"])


@pytest.mark.parametrize(
    ("status", "headers", "hint"),
    [
        (
            200,
            {"Link": '<https://x/leads?p=1>; rel="prev", <https://x/leads?pageNo=2&per_page=25>; rel="next"'},
            "{by: page, param: pageNo}",
        ),
        (200, {"Link": "</leads?offset=25&limit=25>; rel=next"}, "{by: offset, param: offset, size: 25}"),
        (200, {"X-Total-Count": "50"}, 'total: ""'),
        (200, {"X-WP-Total": "50", "X-WP-TotalPages": "2"}, "{by: page, param: page}"),
        (200, {"X-Total-Pages": "2"}, "{by: page, param: page}"),
        (200, {"Content-Range": "items 0-24/50"}, "{by: page, param: page}"),
        (206, {}, "{by: page, param: page}"),
    ],
)
def test_headers_that_say_there_is_more_are_heard(source: Source, api: Api, status: int, headers: dict[str, str], hint: str) -> None:
    api.answer = lambda path, query: (status, headers, json.dumps(RECORDS).encode())
    with pytest.raises(ConfigError, match="says that there is more") as error:
        source.land()
    assert hint in error.value.hint


@pytest.mark.parametrize(
    "headers",
    [
        {"Link": '<https://x/leads?p=1>; rel="prev", </docs>; rel="help"'},
        {"X-Total-Count": "25", "X-Total-Pages": "1", "Content-Range": "items 0-24/25"},
        {"Content-Range": "0-24/*", "X-RateLimit-Remaining": "900", "X-Total-Count": "unknown"},
    ],
)
def test_headers_of_a_whole_list_are_not_doubted(source: Source, api: Api, headers: dict[str, str]) -> None:
    api.answer = lambda path, query: (200, headers, json.dumps(RECORDS).encode())
    source.land()
    assert source.ids == IDS


def test_a_number_that_remains_of_something_else_is_declared_as_none(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS, "remaining": 9}
    source.entity["records"] = "items"
    with pytest.raises(ConfigError, match="`remaining` says that 9 remain"):
        source.land()
    source.entity["total"] = ""
    source.land()
    assert source.ids == IDS


def test_pages_that_are_counted_from_0_are_missed_by_their_total(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS[int(query["page"]) * 10 :][:10], "total": 25}
    source.entity |= {"records": "items", "paging": {"by": "page", "param": "page"}}
    with pytest.raises(ConfigError, match="`total` says 25, 15 are here") as error:
        source.land()
    assert "`start: 0`" in error.value.hint
    source.entity["paging"]["start"] = 0
    source.land()
    assert source.ids == IDS


def test_a_table_instead_of_json_is_named(source: Source, api: Api) -> None:
    api.answer = lambda path, query: (200, {"Content-Type": "text/csv; charset=utf-8"}, b"id\n1\n")
    with pytest.raises(ConfigError, match="answers text/csv, not JSON"):
        source.land()
    assert len(api.asked) == 1


def test_a_cursor_that_says_null_ends_the_list(source: Source, api: Api) -> None:
    api.answer = lambda path, query: by_cursor(path, query) | ({"next": "null"} if query.get("after") == "20" else {})
    source.entity |= {"records": "items", "paging": {"by": "cursor", "param": "after", "next": "next"}}
    source.land()
    assert source.ids == IDS


def test_a_hint_keeps_the_name_that_is_there(source: Source, api: Api) -> None:
    api.answer = lambda path, query: {"items": RECORDS, "page": {"next_cursor": "x"}}
    source.entity |= {"records": "items", "paging": {"by": "cursor", "param": "starting_after", "next": "next_cursor"}}
    with pytest.raises(ConfigError) as error:
        source.land()
    assert "{by: cursor, param: starting_after, next: page.next_cursor}" in error.value.hint


@pytest.mark.parametrize("says", [{"status": "error"}, {"error": "quota exceeded"}, {"success": False}, {"errors": [{"code": 7}]}])
@pytest.mark.parametrize("records", [[], RECORDS])
def test_an_answer_that_failed_is_no_list(source: Source, api: Api, says: dict[str, Any], records: list) -> None:
    api.answer = lambda path, query: {"items": records, **says}
    source.entity["records"] = "items"
    with pytest.raises(OnefunnelError, match="says beside its list that it is not whole"):
        source.land()
