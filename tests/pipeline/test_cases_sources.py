"""Sources that say nothing now and then: a cursor that is null, a page without a body, an absent list. Two nights, every figure."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlparse

import duckdb
import pytest
import yaml
from nights import RunCli

pytestmark = pytest.mark.slow

REST_LEADS = [{"lead_id": f"{day}", "created_at": f"2026-01-0{day} 10:00:00", "channel": "google"} for day in range(1, 5)]
TABLES = """
    create table leads (lead_id text, created_at text, channel text, updated_at text);
    create table payments (payment_id text, paid_at text, amount numeric, currency text, lead_id text)
"""
# updated_at is null until a lead is changed for the first time
DATABASE = {
    "2026-01-31": """
        insert into leads values
            ('1', '2026-01-05 10:00:00', 'google', '2026-01-06 09:00:00'), ('2', '2026-01-05 11:00:00', 'google', null);
        insert into payments values ('p1', '2026-01-10 10:00:00', 100, 'EUR', '1')
    """,
    "2026-02-28": """
        insert into leads values
            ('3', '2026-02-05 10:00:00', 'google', null), ('4', '2026-02-06 11:00:00', 'google', '2026-02-07 11:00:00'),
            ('5', '2026-02-06 12:00:00', 'vk', null);
        insert into payments values ('p3', '2026-02-10 10:00:00', 500, 'EUR', '3')
    """,
}


class Quiet(BaseHTTPRequestHandler):
    """/pages: two leads a page, 204 without a body beyond the last; /list: all leads; /absent: null for a list; /nothing: 204."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        page = int(parse_qs(asked.query).get("page", ["1"])[0])
        some = REST_LEADS[(page - 1) * 2 : page * 2]
        pages = {"items": {"leads": some}} if some else None
        answer = {"/pages": pages, "/list": {"data": REST_LEADS}, "/absent": {"data": None}, "/nothing": None}[asked.path]
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(200 if body else 204)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def sources(folder: Path, address: str) -> Path:
    rest = {"system": "template", "connector": "rest", "base_url": address}
    since = {"delivery": "delta", "params": {"from": "{since}"}}
    paging = {"by": "page", "param": "page", "size": 2}
    payments = "select payment_id, paid_at, amount, currency, lead_id from payments"
    listed = [
        {"name": "crm", "system": "template", "connector": "database", "url_env": "CRM_DATABASE_URL"}
        | {"entities": {"leads": {"table": "leads", "cursor": "updated_at"}, "payments": {"query": payments}}},
        rest | {"name": "paged", "entities": {"leads": {"path": "/pages", "records": "items.leads", "paging": paging}}},
        rest | {"name": "listed", "entities": {"leads": {"path": "/list", "records": "data"}}},
        rest | {"name": "absent", "expected": "normal_empty", "entities": {"ad_spend": {"path": "/absent", "records": "data", **since}}},
        rest | {"name": "nothing", "expected": "normal_empty", "entities": {"ad_spend": {"path": "/nothing", "records": "items", **since}}},
    ]
    quality = {"max_age_hours": 100_000}
    path = folder / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "reporting": {"time_zone": "UTC"}, "quality": quality, "sources": listed}))
    return path


def test_nothing_said_is_no_record_and_loses_none(tmp_path: Path, run_cli: RunCli, address: str) -> None:
    home, path = tmp_path / "home", sources(tmp_path, address)
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.executescript(TABLES)
        for day, changes in DATABASE.items():
            database.executescript(changes)
            url = {"CRM_DATABASE_URL": f"sqlite:///{tmp_path / 'crm.db'}"}
            run_cli("extract", "--sources", path, "--home", home, "--as-of", day, env=url)
    run_cli("run", "--sources", path, "--home", home, "--as-of", day, env=url)
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as published:
        leads = published.execute(
            "select source_name, strftime(created_date, '%m'), count(*) from facts.fct_lead_funnel group by all order by all"
        ).fetchall()
        assert leads == [("crm", "01", 2), ("crm", "02", 3), ("listed", "01", 4), ("paged", "01", 4)]
        paid = published.execute(
            "select lead_attempt_key, channel_key, amount_base::int from facts.fct_payment order by payment_id"
        ).fetchall()
        assert [(channel, amount) for _, channel, amount in paid] == [(paid[0][1], 100), (paid[0][1], 500)]
        assert paid[0][1] != "unmapped"
        assert None not in [attempt for attempt, *_ in paid]
