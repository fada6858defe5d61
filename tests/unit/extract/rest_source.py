"""A source over HTTP that errs in every way of the fault list, on a real local server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from conftest_landing import Landing

from onefunnel.config import load_config
from onefunnel.extract import extract_source
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


RECORDS = [{"id": 5805028000056864695 + n, "amount": 10.5} for n in range(25)]
IDS = [str(record["id"]) for record in RECORDS]


def by_cursor(path: str, query: dict[str, str]) -> Any:
    start = int(query.get("after", 0))
    return {"items": RECORDS[start : start + 10], "next": str(start + 10) if start + 10 < 25 else None, "total": 25}
