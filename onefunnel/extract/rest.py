"""The REST connector: pages of JSON with bounded retries inside one deadline; a page that repeats, shifts or is cut off is noticed."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from onefunnel.config import PipelineConfig
from onefunnel.entities import contract_entities, entity_of
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.documents import check_said_once, jsonl_relation, parsed, record_line
from onefunnel.extract.doubts import look_again
from onefunnel.extract.envelope import Held, Told, is_nothing, lists_in, more_in_headers, more_told, trouble_told
from onefunnel.extract.parts import PartWriter
from onefunnel.extract.snapshot import Snapshot
from onefunnel.landing.loads import StagedLoad
from onefunnel.settings import redact, secret_value
from onefunnel.sources import RestEntity, RestSource

if TYPE_CHECKING:
    import ssl

    import httpx

    from onefunnel.settings import Settings

MAX_PAGE_BYTES = 200_000_000
NO_CONTENT = 204
RETRIED = {408, 425, 429, 500, 502, 503, 504}
BEHIND_THE_END = {400, 404, 410, 416, 422}  # what servers answer to the number of a page that is not there
COUNTED = ("page", "offset")  # paging by numbers, which mean other records when the list shifts
ADDED_UP = {"ad_spend", "channel_costs"}  # entities whose rows no id tells apart
IF_BOTH_COUNT = "; have the source sort the list (`params`). If both count, say `overlap: add`, or ask for an id of each row"
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 60.0


class SourceDown(OnefunnelError):
    """The source did not answer within the attempts and the time it was given."""


class NoSuchPage(ConfigError):
    """What was asked for is not there. Behind a short page that is the end of the list, else a wrong setting."""


class Passing(Exception):
    """Worth another attempt. wait: seconds the source asked for, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def stage_resource(config: PipelineConfig, source: RestSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land every record of one resource. Raises ConfigError (no secret, refused), SourceDown, OnefunnelError (pages do not add up)."""
    options = source.entities[entity]
    contract = entity_of(source.system, entity)
    personal = (*(contract.personal if contract else ()), *source.personal)
    headers, secrets = request_headers(source, str(config.file))
    until = staged.interval.as_of
    dates = {"since": (staged.goes_on_from - timedelta(days=config.lookback_days)).isoformat(), "until": until.isoformat()}
    lines = staged.scratch / "records.jsonl"
    digest = hashlib.sha256()
    with Client(source, headers, secrets, staged.where) as client, lines.open("w", encoding="utf-8") as out:
        for record in read_records(client, source, options, dates, adds_up=bool(ADDED_UP & contract_entities(source.system, entity))):
            line = record_line(record)
            digest.update(line.encode())
            out.write(line)
    snapshot = Snapshot(lines, options.path.lstrip("/") or entity, digest.hexdigest(), lines.stat().st_size)
    with PartWriter(staged, settings, contract.required if contract else (), contract.columns if contract else (), personal) as writer:
        if snapshot.size == 0:
            # Nothing to name columns from: an empty answer is an empty load, which the gate judges.
            writer.required = ()
        part = writer.write(jsonl_relation(writer, snapshot), file=snapshot.name, sha256=snapshot.sha256, fingerprint=snapshot.sha256)
        look_again(writer, part, config, source, options)
        writer.finish()


def request_headers(source: RestSource, where: str) -> tuple[dict[str, str], list[str]]:
    """Headers with their secrets, and the secrets by themselves. Raises ConfigError naming a variable that is not set."""
    wanted = {header: (variable, "") for header, variable in source.header_env.items()}
    if source.token_env:
        wanted["Authorization"] = (source.token_env, "Bearer ")
    headers, secrets = {"Accept": "application/json", "User-Agent": "onefunnel"}, []
    for header, (variable, prefix) in wanted.items():
        value = secret_value(variable, f"{where}: source {source.name}", f"set it to the secret sent as {header}")
        headers[header] = prefix + value
        secrets.append(value)
    return headers, secrets


def read_records(
    client: Client, source: RestSource, options: RestEntity, dates: dict[str, str], *, adds_up: bool
) -> Iterator[dict[str, Any]]:
    """Every record of every page, once. adds_up: a record that came twice would count twice.

    Raises OnefunnelError for a repeated page, key or record, a total that does not add up, an end that is none by the last answer.
    """
    url = source.base_url.rstrip("/") + "/" + options.path.lstrip("/")
    params = {name: value.format_map(dates) if isinstance(value, str) else value for name, value in options.params.items()}
    total, held, taken = None, Held(), Taken(options, adds_up, client.where)
    for page, records in _pages(client, url, params, options, source.max_pages, held):
        held.add(page, records)
        if page is not None:
            total = _total(page, options, client.where) if total is None else total
        taken.add(records)
        yield from records
    if total is not None and total != held.records:
        what = f"the source counts {total} records and delivered {held.records}"
        raise OnefunnelError(what, where=client.where, hint="nothing is landed; the list changed or was cut off while it was read")


class Taken:
    """What was taken of a list, so that no record of one page is taken from another again: by its key, or where its money would add up."""

    def __init__(self, options: RestEntity, adds_up: bool, where: str) -> None:
        self.key, self.where = options.key, where
        # a cursor and a link go on behind the last record, whatever came in before it
        self.is_asked = bool(adds_up and options.overlap != "add" and options.paging and options.paging.by in COUNTED)
        self.before: set[str] = set()

    def add(self, records: list[dict[str, Any]]) -> None:
        """Raise OnefunnelError for a record that an earlier page has; by its key, one that this page has, too."""
        page: set[str] = set()
        for record in records if self.key or self.is_asked else ():
            mark = _mark(record) if self.key is None else json.dumps(record.get(self.key))
            if mark in self.before or (self.key and mark in page):
                name, alike = (f"the record {self.key}", "") if self.key else ("a record", ", letter for letter")
                what = f"{name} of one page comes again on a later one{alike}: the list shifted while it was read"
                hint = "nothing is landed; the next attempt reads it anew" + ("" if self.key else IF_BOTH_COUNT)
                raise OnefunnelError(what, where=self.where, hint=hint)
            page.add(mark)
        self.before |= page


def _pages(
    client: Client, url: str, params: dict[str, Any], options: RestEntity, max_pages: int, held: Held
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """(answer, its records) of every page, until the source says that there is no more.

    Behind a page that is shorter than it was asked for one more is read: the server may give no longer ones. At the end of a list it then
    answers nothing, an error, or a page again. held: what the caller has taken of the answers so far. Raises ConfigError where the last
    answer says that there is more.
    """
    paging = options.paging
    number, offset = (paging.start, 0) if paging else (1, 0)
    seen: set[str] = set()
    is_short, more = False, None
    if paging and paging.size and paging.size_param:
        params = {**params, paging.size_param: paging.size}
    for _ in range(max_pages):
        asked = dict(params)
        if paging and paging.by in COUNTED:
            asked[paging.param] = number if paging.by == "page" else offset
        try:
            page = client.get(url, asked)
        except NoSuchPage:
            if is_short and more is None:
                return
            raise
        records = _records(page, options, client.where)
        marks = {_mark([url, asked]), *([_mark(records)] if records else [])}
        if seen & marks:
            if is_short and more is None:
                return
            what = f"the source repeats a page after {held.records} records"
            raise OnefunnelError(what, where=client.where, hint="nothing is landed; check `paging`")
        seen |= marks
        yield page, records
        before, more = more, _more(page, options, held, asked, client.said)
        if paging and paging.by in COUNTED:
            is_short = len(records) < (paging.size or 0)
            if not records or (is_short and more is None and _is_reached(page, options, held)):
                # an empty page need not repeat what the one before it said
                return _refuse_more(more or (before if before and before.exceeds(held) else None), options, client.where)
            number, offset = number + 1, offset + len(records)
            continue
        following = dig(page, paging.next or "") if paging else None
        if paging is None or is_nothing(following):
            return _refuse_more(more, options, client.where)
        if paging.by == "cursor":
            params = {**params, paging.param or "": following}
        else:
            url, params = _same_host(urljoin(url, str(following)), url, client.where), {}
    raise OnefunnelError(f"more than {max_pages} pages", where=client.where, hint="check `paging`, or raise `max_pages`")


def _records(page: Any, options: RestEntity, where: str) -> list[dict[str, Any]]:
    """The list of an answer. Raises OnefunnelError where there is none, unless that says that there is nothing."""
    records = dig(page, options.records)
    check_said_once(page, records, where)
    others = {} if isinstance(records, list) else lists_in(page)
    trouble = trouble_told(page, records)
    if records is None and trouble is None and not others and (page is None or isinstance(page, dict)):
        return []  # HTTP 204 and an answer without its list are how APIs say that there is nothing
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        what = f"no list of objects at {options.records or 'the top'!r} of the answer"
        there = f"; there is {', '.join(others)}" if others else ""
        hint = f"say which list counts, such as `records: {next(iter(others))}`" if others else "correct `records`"
        raise OnefunnelError(f"{what}{there}", where=where, hint=hint)
    if trouble:
        what = f"the answer says beside its list that it is not whole: {trouble}"
        hint = "nothing is landed; the next attempt reads it anew; where it stays so, see what the source says, and check `params`"
        raise OnefunnelError(what, where=where, hint=hint)
    return records


def _mark(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _more(page: Any, options: RestEntity, held: Held, asked: dict[str, Any], headers: dict[str, str]) -> Told | None:
    """What an answer says of further records. A declared `total` is checked by itself, and no other number is one then."""
    repeated = frozenset(map(str, asked.values())) | {str(options.paging.size if options.paging else None)}
    counts = options.total is None
    told = more_told(page, dig(page, options.records), held, counts=counts, asked=repeated)
    return told or (more_in_headers(headers, held, counts=counts) if options.paging is None else None)


def _is_reached(page: Any, options: RestEntity, held: Held) -> bool:
    """Whether the declared `total` has come, so that nothing need be asked for behind it."""
    total = dig(page, options.total) if options.total else None
    return str(total).isdigit() and int(str(total)) <= held.records


def _refuse_more(more: Told | None, options: RestEntity, where: str) -> None:
    """Raise ConfigError for an end of the list that its last answer does not know of."""
    if more is None:
        return
    paging, is_new = more.paging, options.paging is None
    if options.paging and options.paging.param and f"by: {options.paging.by}," in paging:
        paging = re.sub(r"param: [^,}]+", f"param: {options.paging.param}", paging)
    setting = f"`paging: {paging}`, or how else the source pages"
    hint = f"nothing is landed; {'say of this entity' if is_new else '`paging` ends before that, correct it, such as'} {setting}"
    if options.paging and options.paging.by == "page" and options.paging.start == 1:
        hint += "; where the source counts its pages from 0, say `start: 0` in it"
    if more.records is not None:
        checks = f"`total: {more.path}` checks the number, " if more.path else ""
        hint += f'; {checks}`total: ""` says that no number of the answer counts its records'
    what = f"the last answer read says that there is more: {more.says}; the records of further pages would be missing"
    raise ConfigError(what, where=where, hint=hint)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: read once for all clients of this process, which takes 20 ms."""
    import httpx

    return httpx.create_ssl_context()


class Client:
    """GET with retries. Attempts and waits end at the deadline of the source, whatever it answers. Use as a context manager."""

    def __init__(self, source: RestSource, headers: dict[str, str], secrets: list[str], where: str) -> None:
        import httpx

        self.source, self.secrets, self.where = source, secrets, where
        self.said: dict[str, str] = {}  # the headers of the last answer
        self.deadline = time.monotonic() + source.deadline_seconds
        self._http = httpx.Client(headers=headers, timeout=source.timeout_seconds, follow_redirects=False, verify=_trusted())

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, url: str, params: dict[str, Any]) -> Any:
        """The answer as JSON, numbers as text. Raises ConfigError when it is refused for good, SourceDown when time is over."""
        import tenacity

        def wait(state: tenacity.RetryCallState) -> float:
            asked = getattr(state.outcome.exception(), "wait", None)
            return min(FIRST_WAIT_SECONDS * 2 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS) if asked is None else asked

        def over(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= self.source.attempts or time.monotonic() + (state.upcoming_sleep or 0) >= self.deadline

        retrying = tenacity.Retrying(retry=tenacity.retry_if_exception_type(Passing), wait=wait, stop=over, reraise=True)
        try:
            return retrying(self._attempt, url, params)
        except Passing as error:
            what = f"the source is down: {redact(str(error), self.secrets)}"
            raise SourceDown(what, where=self.where, hint="the next run retries; its last good data stay, and it shows as stale") from None

    def _attempt(self, url: str, params: dict[str, Any]) -> Any:
        import httpx

        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Passing(f"no answer within {self.source.deadline_seconds:g} s")
        try:
            with self._http.stream("GET", url, params=params or None, timeout=min(self.source.timeout_seconds, left)) as response:
                self._judge(response)
                self.said = {**response.headers, ":status": str(response.status_code)}
                return None if response.status_code == NO_CONTENT else self._body(response)
        except httpx.TransportError as error:
            raise Passing(type(error).__name__) from None

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in RETRIED:
            raise Passing(f"HTTP {status}", retry_after(response.headers.get("Retry-After")))
        if status in (401, 403):
            raise ConfigError(
                f"the source refuses the credentials (HTTP {status})", where=self.where, hint="renew the secret of this source"
            )
        if not 200 <= status < 300:
            kind = NoSuchPage if status in BEHIND_THE_END else ConfigError
            raise kind(f"the source answers HTTP {status}", where=self.where, hint="check base_url, path and params")

    def _body(self, response: httpx.Response) -> Any:
        """The body, read piece by piece so that a source that drips meets the deadline, too."""
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if time.monotonic() > self.deadline:
                raise Passing(f"no whole answer within {self.source.deadline_seconds:g} s")
            if len(body) > MAX_PAGE_BYTES:
                raise OnefunnelError(f"one page is larger than {MAX_PAGE_BYTES:,} bytes", where=self.where, hint="ask for smaller pages")
        try:
            return parsed(body)
        except (ValueError, RecursionError):
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind and not re.search(r"json|html|^text/plain$", kind):
                hint = "have it answer JSON, such as by `params: {format: json}`, or deliver the file by `connector: files`"
                raise ConfigError(f"the source answers {kind[:100]}, not JSON", where=self.where, hint=hint) from None
            raise Passing(f"the answer is cut off or not JSON{f' ({kind[:100]})' if kind else ''}") from None


def dig(content: Any, path: str) -> Any:
    """What a dotted path leads to, None where it leads nowhere; the empty path is the whole. A name may hold dots (`@odata.nextLink`)."""
    while path:
        if not isinstance(content, dict):
            return None
        name, _, rest = (path, "", "") if path in content else path.partition(".")
        content, path = content.get(name), rest
    return content


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks to wait (a number or an HTTP date); None when it says nothing usable."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds())
    except (TypeError, ValueError):
        return None


def _total(page: Any, options: RestEntity, where: str) -> int | None:
    if not options.total:
        return None
    value = dig(page, options.total)
    if not str(value).isdigit():
        raise OnefunnelError(f"no number at {options.total!r} of the answer", where=where, hint="correct `total`")
    return int(value)


def _same_host(url: str, first: str, where: str) -> str:
    """A next link, as long as it stays at the source: the secret headers go with it."""
    if urlsplit(url)[:2] != urlsplit(first)[:2]:
        raise OnefunnelError("the next link leads to another host", where=where, hint="refused: the credentials would follow it")
    return url
