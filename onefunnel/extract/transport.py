"""How an API is spoken to: bounded attempts inside one deadline, no more than a page may hold, no secret to another host, every digit kept.

dlt's rest_api is given this session as its own, so that whatever it asks goes through here.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.rest import (
    FIRST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    MAX_PAGE_BYTES,
    NO_CONTENT,
    RETRIED,
    Passing,
    SourceDown,
    retry_after,
)
from onefunnel.settings import redact
from onefunnel.sources import ApiSource

PIECE_BYTES = 1 << 16
# Meta tells of its rate limits by HTTP 400: of the app, the user, the account, custom limits and those of a business
META_LIMITS = {"4", "17", "32", "613", *(str(code) for code in range(80000, 80015))}


class ApiSession(requests.Session):
    """A session that keeps the promises of the REST connector. where: the source and entity, for errors; secrets: what is never shown.

    Raises ConfigError (refused for good), SourceDown (no answer in time), OnefunnelError (repeats itself, leads elsewhere, too large).
    """

    def __init__(self, source: ApiSource, hosts: Iterable[str], secrets: list[str], where: str) -> None:
        super().__init__()
        self.source, self.hosts, self.secrets, self.where = source, set(hosts), secrets, where
        self.trust_env = False  # a .netrc or proxy of this machine is nothing the source named
        self.until = time.monotonic() + source.deadline_seconds
        self.asked: set[bytes] = set()
        self.headers.update({"Accept": "application/json", "User-Agent": "onefunnel"})

    def forget_pages(self) -> None:
        """A new reading may ask what an earlier one has asked."""
        self.asked.clear()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """One answer, repeated while that can help. JSON numbers of it stay text."""
        self._check_place(request)

        def wait(state: tenacity.RetryCallState) -> float:
            asked = getattr(state.outcome.exception(), "wait", None)
            return min(FIRST_WAIT_SECONDS * 2 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS) if asked is None else asked

        def over(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= self.source.attempts or time.monotonic() + (state.upcoming_sleep or 0) >= self.until

        retrying = tenacity.Retrying(retry=tenacity.retry_if_exception_type(Passing), wait=wait, stop=over, reraise=True)
        try:
            return retrying(self._attempt, request, options)
        except Passing as error:
            what = f"the source is down: {redact(str(error), self.secrets)}"
            raise SourceDown(what, where=self.where, hint="the next run retries; its last good data stay, and it shows as stale") from None

    def _check_place(self, request: requests.PreparedRequest) -> None:
        place = urlsplit(request.url or "")
        if f"{place.scheme}://{place.netloc}" not in self.hosts:
            raise OnefunnelError("the next link leads to another host", where=self.where, hint="refused: the credentials would follow it")
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        asks = hashlib.sha256(b"|".join([str(request.method).encode(), (request.url or "").encode(), body])).digest()
        if asks in self.asked:
            raise OnefunnelError(
                "the source repeats a page: its next page is one that was read", where=self.where, hint="nothing is landed"
            )
        self.asked.add(asks)
        if len(self.asked) > self.source.max_pages:
            raise OnefunnelError(
                f"more than {self.source.max_pages} pages", where=self.where, hint="raise `max_pages`, or read since a later day"
            )

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        left = self.until - time.monotonic()
        if left <= 0:
            raise Passing(f"no answer within {self.source.deadline_seconds:g} s")
        options = options | {"timeout": min(self.source.timeout_seconds, left), "stream": True, "allow_redirects": False}
        try:
            response = super().send(request, **options)
            body = self._body(response)
        except requests.RequestException as error:
            raise Passing(type(error).__name__) from None
        content = _parsed(body)
        self._judge(response, content)
        if response.status_code == NO_CONTENT:
            content = {}
        if content is None:
            raise Passing("the answer is cut off or not JSON")
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

    def _judge(self, response: requests.Response, content: Any) -> None:
        status, said = response.status_code, _told(content)
        if status in RETRIED or (status == 400 and said["code"] in META_LIMITS):
            raise Passing(f"HTTP {status} {said['text']}".strip(), wait_asked(response))
        if status in (401, 403) or said["code"] in ("190", "invalid_grant", "expired_token"):
            raise ConfigError(
                redact(f"the source refuses the credentials (HTTP {status} {said['text']}".strip() + ")", self.secrets),
                where=self.where,
                hint=f"renew the secret, or ask for the rights that docs/systems/{self.source.system}.md names",
            )
        if not 200 <= status < 300 or (said["text"] and _is_refusal(content)):
            raise ConfigError(
                redact(f"the source answers HTTP {status} {said['text']}".strip(), self.secrets),
                where=self.where,
                hint=f"a field or account may have changed; docs/systems/{self.source.system}.md says what is asked for",
            )


def wait_asked(response: requests.Response) -> float | None:
    """Seconds that the answer asks to wait, by Retry-After or, where there is none, by X-RateLimit-Reset (seconds)."""
    asked = retry_after(response.headers.get("Retry-After"))
    if asked is None and (reset := response.headers.get("X-RateLimit-Reset", "")).isdigit() and int(reset) < 3600:
        return float(reset)
    return asked


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=JsonNumber, parse_int=JsonNumber)
    except (ValueError, RecursionError):
        return None


def _is_refusal(content: Any) -> bool:
    return isinstance(content, dict) and (bool(content.get("error")) or content.get("success") is False)


def _told(content: Any) -> dict[str, str]:
    """The code and the words of an error as APIs write it; empty where there is none. Never more than a line."""
    error = content.get("error") or content if isinstance(content, dict) else {}
    if isinstance(error, str):
        return {"code": error, "text": f"{error} {content.get('error_description', '')}".strip()[:200]}
    code = str(error.get("code") or error.get("status") or "")
    return {"code": code, "text": " ".join(str(error.get("message") or error.get("detail") or error.get("title") or "").split())[:200]}
