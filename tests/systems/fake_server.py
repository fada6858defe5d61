"""A server that plays an API: routes to Python functions, with the errors and tricks that vendors show. Tests only."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request. params: the last value of each query parameter; body: parsed JSON, else text."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """status, JSON (or bytes as they are) and headers of an answer."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class FakeApi:
    """Answers by `route`; `before`, when set, may answer in its place (limits, errors). `asked` keeps every request.

    drip: seconds between pieces of an answer; url: where it is served.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url, self.drip = "", 0.0
        self.before: Callable[[Asked], Answer | None] | None = None

    def route(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return (self.before(asked) if self.before else None) or self.route(asked)


@contextmanager
def serving(api: FakeApi) -> Iterator[str]:
    """Base URL of the API while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for the acknowledgement of its headers

        def handle_any(self) -> None:
            place = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            try:
                body: Any = json.loads(text) if text else None
            except ValueError:
                body = {name: values[-1] for name, values in parse_qs(text).items()}
            params = {name: values[-1] for name, values in parse_qs(place.query, keep_blank_values=True).items()}
            found = api.answer(Asked(self.command, place.path, params, dict(self.headers), body))
            content = found.content if isinstance(found.content, bytes) else json.dumps(found.content).encode()
            content = b"" if found.status == 204 else content
            self.close_connection = len(content) < int(found.headers.get("Content-Length", 0))
            self.send_response(found.status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **found.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a client that gave up
                for start in range(0, len(content), 16) if api.drip else ():
                    self.wfile.write(content[start : start + 16])
                    time.sleep(api.drip)
                self.wfile.write(b"" if api.drip else content)

        do_GET = do_POST = handle_any  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
