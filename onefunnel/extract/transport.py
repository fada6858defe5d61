"""How an API is spoken to: bounded attempts inside one deadline, no more than a page may hold, no secret to another host, every digit kept.

dlt's rest_api is given this session as its own, so that whatever it asks goes through here.
"""

from __future__ import annotations

import csv
import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests

from onefunnel.errors import OnefunnelError
from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.rest import (
    FIRST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    MAX_PAGE_BYTES,
    NO_CONTENT,
    RETRIED,
    Passing,
    SourceDown,
    dig,
    retry_after,
)
from onefunnel.settings import redact
from onefunnel.sources import ApiSource
from onefunnel.systems import Description

PIECE_BYTES = 1 << 16
# Further statuses with which a report says that it is being made
QUEUED = {201, 202}
NOT_FOUND = 404
# Seconds a report is left alone that does not say how long it takes
QUEUE_SECONDS = 10.0
SHORTEST_SECRET_IN_URL = 6
LONGEST_WORDS = 200  # of a vendor's error


class Refused(OnefunnelError):
    """The vendor refuses for good: the secret, a right, a field. The source stands on its last good load; without one, exit 2."""

    exit_code = 2


class NotThere(Refused):
    """What was asked for does not exist (HTTP 404)."""


class Queued(Passing):
    """The answer is being made: to be asked for again, as often as the deadline allows."""


class ApiSession(requests.Session):
    """A session that keeps the promises of the REST connector. where: the source and entity, for errors; secrets: what is never shown.

    selector: dotted path of the records in an answer; token_url: where OAuth gives tokens.

    Raises Refused (for good), SourceDown (no answer in time), OnefunnelError (repeats itself, leads elsewhere, too large,
    no records where they should be).
    """

    def __init__(self, source: ApiSource, described: Description, hosts: Iterable[str], secrets: Iterable[str], where: str) -> None:
        super().__init__()
        self.source, self.described, self.hosts, self.where = source, described, set(hosts), where
        self.secrets = [form for secret in secrets for form in shown_forms(secret)]
        self.trust_env = False  # a .netrc or proxy of this machine is nothing the source named
        self.until = time.monotonic() + source.deadline_seconds
        self.selector: str | None = None
        self.token_url: str | None = None
        self.pages = 0
        self._asked: set[bytes] = set()
        self.headers.update({"Accept": "application/json", "User-Agent": "onefunnel"})

    def begin(self, selector: str | None) -> None:
        """A new reading: it may ask what an earlier one has asked."""
        self.selector = selector
        self._asked.clear()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """One answer, repeated while that can help. Numbers of its JSON stay text."""
        self._check_place(request)
        request.hooks = {"response": []}  # dlt's own would judge first and quote the body
        failures = 0
        while True:
            try:
                return self._attempt(request, options)
            except Passing as error:
                failures += not isinstance(error, Queued)
                wait = min(FIRST_WAIT_SECONDS * 2 ** max(failures - 1, 0), LONGEST_WAIT_SECONDS) if error.wait is None else error.wait
                if failures >= self.source.attempts or time.monotonic() + wait >= self.until:
                    what = f"the source is down: {redact(str(error), self.secrets)}"
                    hint = "the next run retries; its last good data stay, and it shows as stale"
                    raise SourceDown(what, where=self.where, hint=hint) from None
            time.sleep(wait)

    def _check_place(self, request: requests.PreparedRequest) -> None:
        """Refuse another host and what was asked before. A token may be asked for again: it expires."""
        place = origin(str(request.url))
        if place not in self.hosts:
            raise OnefunnelError("the next link leads to another host", where=self.where, hint="refused: the credentials would follow it")
        if request.url == self.token_url:
            return
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        asks = hashlib.sha256(b"|".join([str(request.method).encode(), str(request.url).encode(), body])).digest()
        if asks in self._asked:
            what = "the source repeats a page: its next page is one that was read"
            raise OnefunnelError(what, where=self.where, hint="nothing is landed")
        self._asked.add(asks)
        self.pages += 1
        if self.pages > self.source.max_pages:
            hint = "raise `max_pages`, or read `since` a later day"
            raise OnefunnelError(f"more than {self.source.max_pages} pages", where=self.where, hint=hint)

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        left = self.until - time.monotonic()
        if left <= 0:
            raise Passing(f"no answer within {self.source.deadline_seconds:g} s")
        options = options | {"timeout": min(self.source.timeout_seconds, left), "stream": True, "allow_redirects": False}
        try:
            response = super().send(request, **options)
            try:
                body = self._body(response)
            finally:
                response.close()
        except requests.RequestException as error:
            raise Passing(type(error).__name__) from None
        content = self._content(response, body)
        response._content = body
        response.json = lambda **_: content  # type: ignore[method-assign]
        return response

    def _body(self, response: requests.Response) -> bytes:
        """The body, piece by piece, so that a source that drips meets the deadline, too."""
        body = bytearray()
        for piece in response.iter_content(PIECE_BYTES):
            body += piece
            if time.monotonic() > self.until:
                raise Passing(f"no whole answer within {self.source.deadline_seconds:g} s")
            if len(body) > MAX_PAGE_BYTES:
                raise OnefunnelError(f"one page is larger than {MAX_PAGE_BYTES:,} bytes", where=self.where, hint="ask for smaller pages")
        return bytes(body)

    def _content(self, response: requests.Response, body: bytes) -> Any:
        """What an answer says, once it is one. Raises Passing for what another attempt may mend."""
        is_table = self.described.answers == "tsv" and response.status_code == requests.codes.ok
        content = _table(body) if is_table else _parsed(body)
        self._judge(response, content)
        if response.status_code == NO_CONTENT:
            return {}
        if content is None:
            raise Passing("the answer is cut off or not JSON")
        if response.url == self.token_url:
            self._keep_token_secret(content)
        elif self.selector:
            self._check_records(content, self.selector)
        return content

    def _keep_token_secret(self, content: Any) -> None:
        token = content.get("access_token") if isinstance(content, dict) else None
        if not token:
            raise Refused("the source gives no access token", where=self.where, hint="renew the secrets of this source")
        self.secrets.extend(shown_forms(str(token)))

    def _check_records(self, content: Any, selector: str) -> None:
        """The list may be absent, which says that there is nothing; but not while other objects stand under another name."""
        records = dig(content, selector)
        parent = dig(content, selector.rpartition(".")[0])
        others = [name for name, value in parent.items() if _are_objects(value)] if isinstance(parent, dict) else []
        if (records is None and not others and isinstance(content, dict)) or (isinstance(records, list) and _are_objects(records, True)):
            return
        found = f"; there is {others[0]!r}" if others else ""
        what = f"no list of objects at {selector!r} of the answer{found}"
        raise OnefunnelError(what, where=self.where, hint="nothing is landed; the API may have changed: take a newer onefunnel")

    def _judge(self, response: requests.Response, content: Any) -> None:
        status, (code, told) = response.status_code, _told(content)
        text = redact(told, self.secrets)[:LONGEST_WORDS]  # in this order: half a secret is not recognised
        is_error = not 200 <= status < 300 or _is_refusal(content)
        if status in QUEUED and self.described.answers == "tsv":
            asked = _seconds(response.headers.get("retryIn"))
            raise Queued("the report is not ready", QUEUE_SECONDS if asked is None else asked)
        if status in RETRIED or (is_error and (code in self.described.busy or _is_transient(content))):
            raise Passing(f"HTTP {status} {text}".strip(), wait_asked(response))
        if not is_error:
            return
        page = f"docs/systems/{self.source.system}.md"
        if status in (401, 403) or code in self.described.denied:
            what = f"the source refuses the credentials (HTTP {status}{f': {text}' if text else ''})"
            raise Refused(what, where=self.where, hint=f"renew the secret, or ask for the rights that {page} names")
        kind = NotThere if status == NOT_FOUND else Refused
        what = f"the source answers HTTP {status} {text}".strip()
        raise kind(what, where=self.where, hint=f"a field or the account may have changed; {page} says what is asked for")


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}"


def shown_forms(secret: str) -> list[str]:
    """A secret in every form in which it may appear: as it is, in a query, and the path of an address that is a secret."""
    forms = [secret, quote(secret, safe=""), quote_plus(secret)]
    if secret.startswith(("http://", "https://")):
        path = urlsplit(secret).path.strip("/")
        forms += [path, *(part for part in path.split("/") if len(part) >= SHORTEST_SECRET_IN_URL)]
    return list(dict.fromkeys(form for form in forms if form))


def wait_asked(response: requests.Response) -> float | None:
    """Seconds that the answer asks to wait: by Retry-After, or where there is none by X-RateLimit-Reset, in seconds or as a Unix time."""
    asked = retry_after(response.headers.get("Retry-After"))
    if asked is not None:
        return asked
    reset = _seconds(response.headers.get("X-RateLimit-Reset"))
    is_moment = reset is not None and reset > 1_000_000_000
    return max(0.0, reset - time.time()) if reset is not None and is_moment else reset


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=JsonNumber, parse_int=JsonNumber)
    except (ValueError, RecursionError):
        return None


def _table(body: bytes) -> dict[str, Any] | None:
    """Tab-separated lines as records under `rows`; None for a table that is cut off."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    if not lines or not text.endswith("\n") or any(len(line) != len(lines[0]) for line in lines):
        return None
    return {"rows": [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]}


def _are_objects(value: Any, may_be_empty: bool = False) -> bool:
    return isinstance(value, list) and (may_be_empty or bool(value)) and all(isinstance(each, dict) for each in value)


def _is_refusal(content: Any) -> bool:
    return isinstance(content, dict) and (bool(content.get("error")) or content.get("success") is False)


def _is_transient(content: Any) -> bool:
    error = content.get("error") if isinstance(content, dict) else None
    return isinstance(error, dict) and error.get("is_transient") is True


def _told(content: Any) -> tuple[str, str]:
    """(code, words) of an error as APIs write it, empty where there is none, in one line."""
    error = content.get("error") or content if isinstance(content, dict) else {}
    if isinstance(error, str):
        return error, " ".join(f"{error} {content.get('error_description', '')}".split())
    if not isinstance(error, dict):
        return "", ""
    code = next((str(error[name]) for name in ("code", "error_code", "status") if error.get(name)), "")
    words = next((str(error[name]) for name in ("message", "error_string", "detail", "title") if error.get(name)), "")
    return code, " ".join(words.split())
