"""The promises of the connector, each against a server that breaks one. Read by Stripe's description, the plainest."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_server import Answer, Asked, FakeApi

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract import transport
from onefunnel.extract.rest import SourceDown
from onefunnel.extract.transport import Refused, shown_forms, wait_asked

HERE = Path(__file__).resolve().parent
KEY = "rk_live_canary/with+signs=="
MONEY = {"object": "balance_transaction", "amount": 100, "currency": "eur", "reporting_category": "charge", "created": 1_775_000_000}


class Money(FakeApi):
    """Ten transactions in pages of four, or whatever `answer` says instead."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = [MONEY | {"id": f"txn_{number}"} for number in range(10)]

    def route(self, asked: Asked) -> Answer:
        ids = [row["id"] for row in self.rows]
        start = ids.index(asked.params["starting_after"]) + 1 if "starting_after" in asked.params else 0
        return Answer({"data": self.rows[start : start + 4], "has_more": start + 4 < len(self.rows)})


@pytest.fixture
def api() -> Money:
    return Money()


@pytest.fixture
def home(api: Money, serve: Callable[..., Any]) -> Any:
    return serve(api, "stripe", {"key": KEY})


def once(*answers: Answer | None) -> Callable[[Asked], Answer | None]:
    """Answers in turn, then the API's own."""
    waiting = iter(answers)
    return lambda asked: next(waiting, None)


def nothing_landed(home: Any) -> bool:
    return home.loads("balance_transactions") == [] and not list(home.folder.rglob("*.parquet"))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_asked_again(home: Any, api: Money, status: int) -> None:
    api.before = once(Answer("no", status), Answer("no", status))
    assert home.land()["balance_transactions"].rows == 10
    assert len(api.asked) == 5


def test_attempts_are_bounded(home: Any, api: Money) -> None:
    home.options["attempts"] = 3
    api.before = lambda asked: Answer("no", 500)
    with pytest.raises(SourceDown, match="HTTP 500"):
        home.land()
    assert len(api.asked) == 3
    assert nothing_landed(home)


def test_retry_after_is_honoured(home: Any, api: Money) -> None:
    api.before = once(Answer("slow down", 429, {"Retry-After": "1"}))
    started = time.monotonic()
    home.land()
    assert time.monotonic() - started >= 1


def test_a_wait_beyond_the_deadline_is_not_begun(home: Any, api: Money) -> None:
    api.before = lambda asked: Answer("slow down", 429, {"Retry-After": "3600"})
    started = time.monotonic()
    with pytest.raises(SourceDown, match="HTTP 429"):
        home.land()
    assert time.monotonic() - started < 5


def test_one_deadline_holds_for_all_pages(home: Any, api: Money) -> None:
    home.options["deadline_seconds"] = 1
    api.before = lambda asked: time.sleep(0.6)
    with pytest.raises(SourceDown, match=r"within 1 s|ReadTimeout"):
        home.land()
    assert nothing_landed(home)


def test_a_source_that_drips_ends_at_the_deadline(home: Any, api: Money, monkeypatch: pytest.MonkeyPatch) -> None:
    home.options |= {"deadline_seconds": 1, "timeout_seconds": 1}
    monkeypatch.setattr(transport, "PIECE_BYTES", 8)
    api.drip = 0.3
    started = time.monotonic()
    with pytest.raises(SourceDown):
        home.land()
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_revoked_secret_is_told_at_once_with_what_to_do(home: Any, api: Money, status: int) -> None:
    api.before = lambda asked: Answer({"error": {"message": f"Expired API Key {KEY}"}}, status)
    with pytest.raises(Refused, match="refuses the credentials") as error:
        home.land()
    assert "docs/systems/stripe.md" in error.value.hint
    assert KEY not in str(error.value)
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", [302, 400, 404])
def test_what_does_not_pass_is_not_asked_again(home: Any, api: Money, status: int) -> None:
    api.before = lambda asked: Answer({"error": {"message": "no such thing"}}, status, {"Location": "/elsewhere"})
    with pytest.raises(Refused, match=f"HTTP {status} no such thing"):
        home.land()
    assert len(api.asked) == 1


def test_a_refusal_under_200_is_one(home: Any, api: Money) -> None:
    api.before = lambda asked: Answer({"error": {"message": "no"}, "data": []})
    with pytest.raises(Refused, match="HTTP 200 no"):
        home.land()


def test_a_body_that_is_cut_off_is_asked_for_again(home: Any, api: Money) -> None:
    api.before = once(Answer(b'{"data": [{"id": "txn_0", "am'), Answer(b'{"data": [', headers={"Content-Length": "900"}))
    home.options["timeout_seconds"] = 0.5
    assert home.land()["balance_transactions"].rows == 10


def test_a_page_larger_than_the_limit_is_refused(home: Any, api: Money, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_PAGE_BYTES", 300)
    with pytest.raises(OnefunnelError, match="larger than 300 bytes"):
        home.land()


def test_a_cursor_that_never_moves_is_noticed(home: Any, api: Money) -> None:
    api.before = lambda asked: Answer({"data": [MONEY | {"id": f"txn_{len(api.asked)}"}, MONEY | {"id": "txn_x"}], "has_more": True})
    with pytest.raises(OnefunnelError, match=r"repeats a page|comes again"):
        home.land()
    assert len(api.asked) == 2
    assert nothing_landed(home)


def test_a_cursor_that_never_moves_is_noticed_though_its_records_differ(serve: Callable[..., Any]) -> None:
    api = Money()
    api.before = lambda asked: Answer({"results": [{"id": len(api.asked), "stages": []}], "paging": {"next": {"after": "5"}}})
    home = serve(api, "hubspot", {"token": KEY})
    home.options["deadline_seconds"] = 5
    with pytest.raises(OnefunnelError, match="repeats a page"):
        home.land("2026-04-01", "owners")
    assert len(api.asked) == 2


def test_a_page_that_comes_again_under_another_cursor_is_noticed(home: Any, api: Money) -> None:
    api.rows = [*api.rows[:4], *api.rows[2:4], MONEY | {"id": "txn_9"}]
    with pytest.raises(OnefunnelError, match=r"repeats a page|comes again"):
        home.land()
    assert nothing_landed(home)


def test_more_pages_than_allowed_are_refused(home: Any) -> None:
    home.options["max_pages"] = 2
    with pytest.raises(OnefunnelError, match="more than 2 pages"):
        home.land()


def test_every_digit_survives(home: Any, api: Money) -> None:
    api.before = lambda asked: Answer(
        b'{"data": [{"id": "t", "created": 1775000000, "amount": 12345678901234567890.12345678901234567890, "currency": "eur",'
        b' "reporting_category": "charge", "fee": 1e400}], "has_more": false}'
    )
    home.land()
    (row,) = home.rows("balance_transactions")
    assert (row["amount"], row["fee"]) == ("12345678901234567890.12345678901234567890", "1e400")


@pytest.mark.parametrize("answer", [Answer({"has_more": False}), Answer({"data": [], "has_more": False})])
def test_nothing_is_an_empty_load(home: Any, api: Money, answer: Answer) -> None:
    api.before = lambda asked: answer
    assert home.land()["balance_transactions"].rows == 0


@pytest.mark.parametrize(
    "content", [{"items": [MONEY], "has_more": False}, {"data": {"id": "x"}, "has_more": False}, {"data": ["txn"], "has_more": False}, [1]]
)
def test_records_under_another_name_or_shape_are_refused(home: Any, api: Money, content: Any) -> None:
    api.before = lambda asked: Answer(content)
    with pytest.raises(OnefunnelError, match="no list of objects at 'data'"):
        home.land()
    assert nothing_landed(home)


def test_a_record_without_its_key_is_refused(home: Any, api: Money) -> None:
    api.rows[3] = MONEY
    api.before = lambda asked: Answer({"data": api.rows, "has_more": False})
    with pytest.raises(OnefunnelError, match="has no id"):
        home.land()


def test_half_a_character_and_a_nul_set_their_rows_aside(home: Any, api: Money) -> None:
    bad = [b'{"id": "a", "amount": "\\ud800"', b'{"id": "b", "amount": "\\u0000"', b'{"id": "c", "amount": 1']
    rows = b", ".join(each + b', "created": 1, "currency": "eur", "reporting_category": "charge"}' for each in bad)
    api.before = lambda asked: Answer(b'{"data": [' + rows + b'], "has_more": false}')
    load = home.land()["balance_transactions"]
    assert [row["id"] for row in home.rows("balance_transactions")] == ["c"]
    assert load.rejected_rows == 2


def test_a_dead_port_is_a_source_that_is_down(home: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        home.options |= {"attempts": 2, "base_url": f"http://127.0.0.1:{free.getsockname()[1]}"}
    with pytest.raises(SourceDown, match="ConnectionError"):
        home.land()


def test_a_failure_leaves_the_last_load_as_it_was(home: Any, api: Money) -> None:
    home.land()
    before = home.bytes
    api.before = lambda asked: Answer("no", 401)
    with pytest.raises(Refused):
        home.land("2026-04-02")
    assert home.bytes == before


def test_a_missing_secret_is_named(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(ConfigError, match="TEST_KEY is not set"):
        home.land()


def test_neither_netrc_nor_proxy_of_the_machine_is_taken(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert home.land()["balance_transactions"].rows == 10


READ_IN_A_NEW_PROCESS = """
import sys
from source_home import Home
from pathlib import Path

print(Home(Path(sys.argv[1]), "stripe", {"base_url": sys.argv[2], "secrets": {"key": "TEST_KEY"}}).land()["balance_transactions"].rows)
print([name for name in ("airflow", "dlt.extract.resource", "pandas") if name in sys.modules])
print(sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__)
"""


@pytest.mark.slow
def test_dlt_leaves_no_trace_outside_the_home_and_loads_no_airflow(home: Any, api: Money) -> None:
    elsewhere = home.folder.parent / "user"
    elsewhere.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in ("AIRFLOW_HOME", "XDG_CONFIG_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", READ_IN_A_NEW_PROCESS, str(home.folder), api.url],
        **{"cwd": elsewhere, "capture_output": True, "text": True, "timeout": 60},
        env=kept | {"HOME": str(elsewhere), "PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parent, HERE.parents[1])))},
    )
    assert done.stdout.splitlines()[:1] == ["10"], done.stderr
    assert "airflow" not in done.stdout
    assert done.stdout.splitlines()[-1] == "True"
    assert list(elsewhere.iterdir()) == []


def test_a_secret_is_hidden_in_every_form() -> None:
    assert set(shown_forms(KEY)) == {KEY, "rk_live_canary%2Fwith%2Bsigns%3D%3D"}
    assert {"rest/1/abcdef12", "abcdef12"} <= set(shown_forms("https://example.test/rest/1/abcdef12/"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7), ({"X-RateLimit-Reset": "9"}, 9), ({"Retry-After": "1", "X-RateLimit-Reset": "9"}, 1), ({}, None)],
)
def test_the_wait_that_is_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    from requests import Response

    response = Response()
    response.headers.update(headers)
    assert wait_asked(response) == seconds
    response.headers["X-RateLimit-Reset"] = str(int(time.time()) + 30)
    response.headers.pop("Retry-After", None)
    assert 25 < (wait_asked(response) or 0) <= 30
