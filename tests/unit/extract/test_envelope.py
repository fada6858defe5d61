"""What stands beside a list of records, in the answers of many systems: whether it says that there are more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError
from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.envelope import Held, more_told, trouble_told

RECORDS = '[{"id": 1, "amount": 500, "next": "x"}, {"id": 2, "amount": 700, "has_more": true}]'
# Of one page of several
MORE = {
    "HubSpot": '"paging": {"next": {"after": "10", "link": "https://x?after=10"}}',
    "Salesforce": '"totalSize": 250, "done": false, "nextRecordsUrl": "/services/data/v60.0/query/01g-2000"',
    "Salesforce, its end alone": '"done": false',
    "OData": '"@odata.context": "$metadata#leads", "@odata.nextLink": "https://x/leads?$skip=100"',
    "OData, its count alone": '"@odata.count": 250',
    "Pipedrive": '"success": true, "additional_data": {"pagination": {"start": 0, "limit": 2, "more_items_in_collection": true}}',
    "a total": '"total": 500',
    "a total as text": '"total": "250"',
    "a total of paging beside money": '"amount": 9, "meta": {"total": 250}',
    "Elasticsearch": '"hits": {"total": {"value": 250, "relation": "eq"}}',
    "Laravel": '"current_page": 1, "last_page": 3, "next_page_url": null',
    "total_pages": '"page": 1, "total_pages": 5',
    "Spring": '"totalPages": 5, "size": 2, "number": 0',
    "Spring, its flag alone": '"number": 0, "last": false',
    "HAL": '"_links": {"self": {"href": "/a"}, "next": {"href": "/a?page=2"}}',
    "links by rel": '"links": [{"rel": "self", "href": "/a"}, {"rel": "next", "href": "/a?page=2"}]',
    "JSON:API": '"links": {"self": "https://x", "next": "https://x?page[number]=2"}',
    "next_offset": '"next_offset": 100',
    "GraphQL": '"pageInfo": {"hasNextPage": true, "endCursor": "Y3Vyc29y"}',
    "AWS": '"is_truncated": true',
    "truncated": '"meta": {"truncated": true}',
    "has_more": '"object": "list", "has_more": true',
    "hasMore squeezed": '"hasmore": "true"',
    "Slack": '"response_metadata": {"next_cursor": "dXNlcjpVMDYxTkZUVDI="}',
    "Google": '"nextPageToken": "CAUQAA"',
    "Django": '"count": 1023, "next": null, "previous": null',
    "DynamoDB": '"LastEvaluatedKey": {"id": "7"}',
    "continuation": '"continuationToken": "abc"',
    "GitHub": '"total_count": 40, "incomplete_results": false',
    "GitHub that gave up": '"total_count": 2, "incomplete_results": true',
    "a part": '"isPartial": true',
    "what remains": '"remaining": 9',
    "the end of a file": '"eof": false',
    "Solr": '"numFound": 250, "start": 0',
}
# Of a last or only page
WHOLE = {
    "nothing": '"status": "ok"',
    "HubSpot": '"total": 2',
    "HubSpot, old": '"has-more": false, "offset": 73',
    "Salesforce": '"totalSize": 2, "done": true',
    "OData": '"@odata.context": "$metadata#leads", "@odata.count": 2',
    "Pipedrive": '"success": true, "additional_data": {"pagination": {"start": 0, "limit": 100, "more_items_in_collection": false}}',
    "null and empty": '"next": null, "next_cursor": "", "has_more": false, "next_offset": -1, "paging": {"next": {"after": null}}',
    "numbers of nothing": '"next_page": 0, "next_page_token": "null"',
    "Laravel": '"current_page": 1, "last_page": 1, "per_page": 15, "total": "2"',
    "Spring": '"number": 0, "size": 20, "totalPages": 1, "totalElements": 2, "last": true, "first": true',
    "HAL": '"_links": {"self": {"href": "/a"}, "prev": {"href": "/a?page=2"}}',
    "GraphQL": '"pageInfo": {"hasNextPage": false, "endCursor": "Y3Vyc29y"}',
    "Meta": '"paging": {"cursors": {"before": "a", "after": "b"}}',
    "a cursor for the next night": '"has_more": false, "next_cursor": "opaque"',
    "an offset and limits": '"limit": 100, "offset": 0, "per_page": 50, "page_size": 500, "max_results": 1000',
    "a size of pages and a count of them": '"count": 100, "total": 2',
    "money": '"total": 1200.50, "total_amount": 900',
    "whole money": '"total": 1200',
    "money with its currency": '"total": 99000, "currency": "EUR"',
    "sums": '"totals": {"amount": 1200, "clicks": 5000, "leads": 400}',
    "limits": '"rate_limit": {"total": 1000, "count": 5000, "remaining": 900}',
    "nothing remains": '"remaining": 0, "partial": false, "eof": true',
    "a quota": '"limit": 100, "remaining": 99, "reset": 60',
    "what happens next": '"next_update_at": "2024-06-02T00:00:00Z", "nextRun": "23:00", "next_revision": "2024-07-01"',
    "words": '"learn_more": "https://x/docs", "next_steps": "call", "message": "there is more"',
    "more lists": '"ids": [1, 2, 3], "errors": []',
}


def told(around: str) -> Any:
    content = json.loads(f'{{"data": {RECORDS}, {around}}}', parse_int=JsonNumber, parse_float=JsonNumber)
    held = Held()
    held.add(content, content["data"])
    return more_told(content, content["data"], held)


@pytest.mark.parametrize("around", MORE.values(), ids=MORE)
def test_that_there_is_more_is_understood(around: str) -> None:
    assert told(around) is not None


@pytest.mark.parametrize("around", WHOLE.values(), ids=WHOLE)
def test_a_whole_list_is_not_doubted(around: str) -> None:
    assert told(around) is None


def test_a_list_named_like_money_has_a_total_all_the_same() -> None:
    content = {"spend": [], "total": JsonNumber("7")}
    assert more_told(content, content["spend"], Held(answers=1)) is not None


def page(around: str, first: int = 1) -> str:
    return f'{{"data": [{{"id": {first}}}, {{"id": {first + 1}}}], {around}}}'


# two lists in one file are refused for that
@pytest.mark.parametrize("around", [around for around in MORE.values() if '"links": [' not in around])
def test_a_file_that_is_one_page_of_several_is_refused(tmp_path: Path, around: str) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", page(around))
    with pytest.raises(ConfigError, match="it says that there is more than it holds") as error:
        landing.land()
    assert (error.value.where, "paging: {by: " in error.value.hint) == ("source src, entity rows, a.json", True)


@pytest.mark.parametrize(
    "around",
    [
        ('"next": "?p=2"', '"next": "?p=3"', '"next": null'),
        ('"total": 6', '"total": 6', '"total": 6'),
        ('"page": 1, "total_pages": 3', '"page": 2, "total_pages": 3', '"page": 3, "total_pages": 3'),
        ('"next": "?p=2", "total": 6', '"next": "?p=3", "total": 6', '"next": null, "total": 6'),
    ],
)
def test_all_pages_of_a_list_in_files_are_read_and_a_missing_one_is_not_overlooked(tmp_path: Path, around: tuple[str, ...]) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    files = [landing.write(f"page{number}.json", page(text, number * 10)) for number, text in enumerate(around)]
    assert all("one page of several" in warning for warning in landing.land().warnings)
    assert len(landing.rows()) == 6
    other = Landing(tmp_path / "other", {"path": "*.json"})
    for file in files[:2]:
        other.write(file.name, file.read_bytes())
    with pytest.raises(ConfigError, match="more than it holds"):
        other.land()


def test_a_whole_file_beside_a_part_does_not_make_it_whole(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("april.json", '[{"id": 1}, {"id": 2}, {"id": 3}]')
    landing.write("may.json", page('"total": 5'))
    with pytest.raises(ConfigError, match=r"`total` says 5, 2 are here") as error:
        landing.land()
    assert "may.json" in error.value.where


def test_a_file_that_is_whole_is_read_without_a_word(tmp_path: Path) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", page('"total": 2, "next": null, "has_more": false, "total_amount": 900'))
    manifest = landing.land()
    assert (manifest.rows, manifest.warnings) == (2, ())


@pytest.mark.parametrize(
    "around",
    [
        '"status": "error"',
        '"success": false',
        '"ok": false',
        '"errors": ["x"]',
        '"errors": {"code": 7}',
        '"error": "quota exceeded"',
        '"error": true',
        '"warnings": ["result was truncated"]',
    ],
)
def test_a_file_that_says_that_it_failed_is_refused(tmp_path: Path, around: str) -> None:
    landing = Landing(tmp_path, {"path": "*.json"})
    landing.write("a.json", page(around))
    with pytest.raises(ConfigError, match="says beside its list that it is not whole"):
        landing.land()


@pytest.mark.parametrize(
    "around",
    [
        '"status": "ok", "success": true, "ok": 1, "errors": [], "error": null, "warnings": []',
        '"error": false, "errors": {}, "warnings": ["the field `x` is deprecated"]',
        '"error": {"code": 0, "message": ""}, "error_count": 0, "status": 200',
    ],
)
def test_an_answer_that_went_well_is_not_doubted(around: str) -> None:
    assert trouble_told(json.loads(page(around), parse_int=JsonNumber), None) is None


@pytest.mark.parametrize(
    ("around", "paging"),
    [
        ('"pageInfo": {"hasNextPage": true, "endCursor": "Y3V"}', "{by: cursor, param: after, next: pageInfo.endCursor}"),
        ('"has_more": true, "next_cursor": "x"', "{by: cursor, param: cursor, next: next_cursor}"),
        ('"LastEvaluatedKey": {"id": 1}', "{by: cursor, param: id, next: LastEvaluatedKey.id}"),
        ('"links": [{"rel": "next", "href": "/a?page=2"}]', "{by: page, param: page}"),
        ('"has_more": true', "{by: page, param: page}"),
    ],
)
def test_the_paging_that_is_proposed_can_work(around: str, paging: str) -> None:
    assert told(around).paging == paging
