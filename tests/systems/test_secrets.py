"""A canary for every way to prove who one is: it is in no byte of the home, of the errors and of the logs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fake_amocrm import FakeAmoCrm
from fake_bitrix24 import FakeBitrix24
from fake_google_ads import FakeGoogleAds
from fake_hubspot import FakeHubSpot
from fake_meta_ads import FakeMetaAds
from fake_server import Answer
from fake_stripe import FakeStripe
from fake_yandex_direct import FakeYandexDirect

from onefunnel.errors import OnefunnelError

DAY = date(2026, 3, 1)
CANARY = "canary/7f+3a=9"
GOOGLE = {name: f"{CANARY}{name}" for name in ("developer_token", "client_id", "client_secret", "refresh_token")}
CASES: dict[str, tuple[Callable[[], Any], dict[str, str], dict[str, Any]]] = {
    "hubspot": (lambda: FakeHubSpot(5, token=CANARY), {"token": CANARY}, {}),
    "stripe": (lambda: FakeStripe(5, key=CANARY), {"key": CANARY}, {}),
    "google_ads": (lambda: FakeGoogleAds(DAY, 3, **GOOGLE), GOOGLE, {"account": "1234567890"}),
    "meta_ads": (lambda: FakeMetaAds(DAY, 12, token=CANARY), {"token": CANARY}, {"account": "77", "since": "2026-02-20"}),
    "amocrm": (lambda: FakeAmoCrm(5, token=CANARY), {"token": CANARY}, {"account": "example.amocrm.ru"}),
    "bitrix24": (lambda: FakeBitrix24(5, secret="canary7f3a9"), {"webhook": "{url}/rest/1/canary7f3a9/"}, {"base_url": None}),  # noqa: S106
    "yandex_direct": (lambda: FakeYandexDirect(DAY, 3, token=CANARY), {"token": CANARY}, {"since": "2026-02-20"}),
}


@pytest.mark.parametrize("system", CASES)
def test_no_secret_is_in_any_byte(
    system: str, serve: Callable[..., Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    make, secrets, options = CASES[system]
    api = make()
    home = serve(api, system, secrets, **options)
    home.options["attempts"] = 1
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        home.land()
        for status in (200, 400, 401, 403, 404, 429, 500):
            # a vendor that repeats whatever it was sent
            said = [f"{asked.headers.get('Authorization')} {api.url}{asked.path}?{asked.params} {asked.body}" for asked in api.asked[-2:]]
            api.before = lambda asked, status=status, said=said: (
                None if asked.path == "/token" else Answer({"error": {"code": 1, "message": " ".join(said)}}, status)
            )
            with pytest.raises(OnefunnelError) as error:
                home.land("2026-04-02")
            told.append(f"{error.value!s} {error.value!r} {error.value.__cause__!r}")
    logs = "\n".join(f"{each.name} {each.getMessage()}" for each in caplog.records if each.name != "urllib3.connectionpool")
    everything = "\n".join([*told, logs, *capfd.readouterr()]) + home.bytes.decode("latin-1")
    assert "canary" not in everything
