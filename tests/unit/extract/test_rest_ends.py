"""Lists of REST that end before they are told to, or go on behind what looks like their end: read whole, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest_landing import Landing
from rest_source import IDS, RECORDS, Api, Source, by_cursor

from onefunnel.config import load_config
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract import extract_source
from onefunnel.interval import Interval


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
