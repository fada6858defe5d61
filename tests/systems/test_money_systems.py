"""Stripe, Google Ads, Meta Ads and Yandex Direct: money to the last digit, days read again, figures equal to the fake's own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fake_google_ads import FakeGoogleAds
from fake_meta_ads import FakeMetaAds
from fake_server import Answer
from fake_stripe import DAY, FakeStripe
from fake_yandex_direct import FakeYandexDirect

from onefunnel.extract.rest import SourceDown
from onefunnel.extract.transport import Refused

GOOGLE = {name: f"canary-google-{name}" for name in ("developer_token", "client_id", "client_secret", "refresh_token")}
FIRST = date(2026, 2, 1)
APRIL = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())


def stripe(serve: Callable[..., Any], api: FakeStripe) -> Any:
    return serve(api, "stripe", {"key": api.key})


def google(serve: Callable[..., Any], api: FakeGoogleAds, **options: Any) -> Any:
    return serve(api, "google_ads", api.secrets, account=api.account, **options)


def meta(serve: Callable[..., Any], api: FakeMetaAds) -> Any:
    return serve(api, "meta_ads", {"token": api.token}, account="77", since="2026-01-15")


def yandex(serve: Callable[..., Any], api: FakeYandexDirect) -> Any:
    return serve(api, "yandex_direct", {"token": api.token}, since="2026-01-15")


def test_stripe_has_every_transaction_in_minor_units(serve: Callable[..., Any]) -> None:
    api = FakeStripe(350, key="rk_live_canary")
    home = stripe(serve, api)
    home.land()
    found: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    for row in home.rows("balance_transactions"):
        found[row["currency"], row["reporting_category"]] += int(row["amount"]) - int(row["fee"])
    for row in api.rows:
        expected[row["currency"], row["reporting_category"]] += row["net"]
    assert found == expected
    refund = next(row for row in home.rows("balance_transactions") if row["reporting_category"] == "refund")
    assert refund["charge_id"].startswith("ch_")


@pytest.mark.parametrize("days_missed", [1, 30])
def test_stripe_goes_on_from_the_last_night_however_long_ago(serve: Callable[..., Any], days_missed: int) -> None:
    api = FakeStripe(0, key="rk_live_canary")
    for number in range(300):
        api.add(APRIL - 30 * DAY + number * DAY // 10)
    home, full = stripe(serve, api), stripe(serve, api)
    home.land("2026-03-31")
    for number in range(10 * days_missed):
        api.add(APRIL + number * DAY // 10)
    night = (date(2026, 3, 31) + timedelta(days=days_missed)).isoformat()
    home.land(night)
    full.land(night)
    assert home.loads("balance_transactions")[-1].rows < 10 * days_missed + 90
    assert home.newest("balance_transactions", "id") == full.newest("balance_transactions", "id")


def test_google_ads_tells_the_cost_of_every_campaign(serve: Callable[..., Any]) -> None:
    api = FakeGoogleAds(FIRST, 59, **GOOGLE)
    home = google(serve, api, settings={"manager": "999"})
    home.land()
    rows = home.rows("campaign_days")
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row["campaign_id"]] += int(row["cost_micros"])
    assert found == {name: sum(cost for (_, campaign), cost in api.cost.items() if campaign == name) for name in api.names}
    assert {row["channel_type"] for row in rows} == {"SEARCH", "PERFORMANCE_MAX", "VIDEO"}
    asked = [each for each in api.asked if each.path != "/token"]
    assert {each.headers["login-customer-id"] for each in asked} == {"999"}
    assert sum(each.path == "/token" for each in api.asked) == 1


def test_google_ads_without_a_manager_names_none(serve: Callable[..., Any]) -> None:
    api = FakeGoogleAds(FIRST, 3, **GOOGLE)
    google(serve, api).land()
    assert all("login-customer-id" not in each.headers for each in api.asked)


def test_a_token_that_expires_while_it_is_read_is_renewed(serve: Callable[..., Any]) -> None:
    api = FakeGoogleAds(FIRST, 59, **GOOGLE)
    api.lifetime = 0
    assert google(serve, api).land()["campaign_days"].rows == 59 * 3
    assert sum(each.path == "/token" for each in api.asked) > 2


def test_a_revoked_refresh_token_is_told_at_once(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeGoogleAds(FIRST, 3, **GOOGLE)
    home = google(serve, api)
    monkeypatch.setenv("TEST_REFRESH_TOKEN", "canary-that-was-revoked")
    with pytest.raises(Refused, match=r"invalid_grant|refuses the credentials") as error:
        home.land()
    assert len(api.asked) == 1
    assert "canary" not in str(error.value)
    assert home.loads("campaign_days") == []


def restated(api: Any, spend: Callable[[date], None], lookback: int) -> None:
    """The days of the lookback are corrected, and a new one comes."""
    for back in range(lookback):
        spend(date(2026, 4, 1) - timedelta(days=back))
    api.names = {name: f"{text} renamed" for name, text in getattr(api, "names", {}).items()}


@pytest.mark.parametrize("system", ["google_ads", "meta_ads", "yandex_direct"])
def test_the_last_days_are_read_again_and_replace_the_day_whole(serve: Callable[..., Any], system: str) -> None:
    make: dict[str, Any] = {
        "google_ads": lambda: (FakeGoogleAds(FIRST, 59, **GOOGLE), google, "campaign_days", 14),
        "meta_ads": lambda: (FakeMetaAds(FIRST, 59, token="EAAcanary"), meta, "ad_days", 28),  # noqa: S106
        "yandex_direct": lambda: (FakeYandexDirect(FIRST, 59, token="y0_canary"), yandex, "ad_days", 5),  # noqa: S106
    }
    api, source, entity, lookback = make[system]()
    home, full = source(serve, api), source(serve, api)
    home.land("2026-03-31")
    restated(api, api.run if system == "meta_ads" else api.spend, lookback)
    home.land("2026-04-01")
    full.land("2026-04-01")
    days = {row["date"] for row in home.rows(entity)[-home.loads(entity)[-1].rows :]}
    assert min(days) >= (date(2026, 3, 31) - timedelta(days=lookback)).isoformat()
    # a name that changed before the window stays as it was told then
    assert [row | {"campaign": ""} for row in home.days(entity)] == [row | {"campaign": ""} for row in full.days(entity)]


def test_meta_tells_every_cent_in_slices_no_older_than_it_knows(serve: Callable[..., Any]) -> None:
    api = FakeMetaAds(FIRST, 59, token="EAAcanary")  # noqa: S106
    home = meta(serve, api)
    home.options.pop("since")
    home.land("2026-03-31")
    assert sum(Decimal(row["spend"]) for row in home.rows("ad_days")) == Decimal(sum(api.spend.values())) / 100
    assert sum(int(row["link_clicks"]) for row in home.rows("ad_days")) == 7 * len(api.spend)


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80000, 80004])
def test_meta_limits_come_as_400_and_pass(serve: Callable[..., Any], code: int) -> None:
    api = FakeMetaAds(FIRST, 59, token="EAAcanary")  # noqa: S106
    busy = iter([api.limited(code), Answer({"error": {"message": "try later", "code": 2, "is_transient": True}}, 400)])
    api.before = lambda asked: next(busy, None)
    assert meta(serve, api).land("2026-03-31")["ad_days"].rows == 59 * 3


def test_another_400_of_meta_does_not_pass(serve: Callable[..., Any]) -> None:
    api = FakeMetaAds(FIRST, 3, token="EAAcanary")  # noqa: S106
    api.before = lambda asked: api.limited(100)
    with pytest.raises(Refused, match="HTTP 400"):
        meta(serve, api).land()
    assert len(api.asked) == 1


def test_a_report_of_yandex_that_waits_in_a_queue_is_waited_for(serve: Callable[..., Any]) -> None:
    api = FakeYandexDirect(FIRST, 59, token="y0_canary", queued=9)  # noqa: S106
    home = yandex(serve, api)
    home.options["attempts"] = 2
    assert home.land("2026-03-31")["ad_days"].rows == 59 * 3
    assert sum(Decimal(row["cost"]) for row in home.rows("ad_days")) == Decimal(sum(api.cost.values())) / 100
    assert {row["campaign"] for row in home.rows("ad_days")} == {'Поиск "весна"'}
    assert "Client-Login" not in api.asked[0].headers


def test_a_report_of_yandex_that_is_never_made_ends_at_the_deadline(serve: Callable[..., Any]) -> None:
    api = FakeYandexDirect(FIRST, 3, token="y0_canary")  # noqa: S106
    api.before = lambda asked: Answer(b"", 202, {"retryIn": "1"})
    home = yandex(serve, api)
    home.options["deadline_seconds"] = 2
    with pytest.raises(SourceDown, match="not ready"):
        home.land()
    assert home.loads("ad_days") == []


@pytest.mark.parametrize("cut", [b"Date\tCampaignId", b"", b"Date\tCost\n2026-02-01\t1.0\n2026-02-0"])
def test_a_report_that_is_cut_off_is_asked_for_again(serve: Callable[..., Any], cut: bytes) -> None:
    api = FakeYandexDirect(FIRST, 3, token="y0_canary", queued=0)  # noqa: S106
    broken = iter([Answer(cut)])
    api.before = lambda asked: next(broken, None)
    assert yandex(serve, api).land()["ad_days"].rows == 9


@pytest.mark.parametrize(("code", "kind"), [(53, Refused), (58, Refused), (8000, Refused), (152, SourceDown)])
def test_errors_of_yandex_are_told_by_their_code(serve: Callable[..., Any], code: int, kind: type[Exception]) -> None:
    api = FakeYandexDirect(FIRST, 3, token="y0_canary")  # noqa: S106
    api.before = lambda asked: api.error(code)
    home = yandex(serve, api)
    home.options["attempts"] = 2
    with pytest.raises(kind):
        home.land()


@pytest.mark.parametrize(("options", "told"), [({}, 1), ({"currency": "RUB"}, 0)])
def test_money_whose_currency_nobody_names_is_told(serve: Callable[..., Any], options: dict[str, Any], told: int) -> None:
    api = FakeYandexDirect(FIRST, 3, token="y0_canary")  # noqa: S106
    home = serve(api, "yandex_direct", {"token": api.token}, since="2026-01-15", **options)
    warnings = [each for each in home.land()["ad_days"].warnings if "names no currency and counts as EUR" in each]
    assert len(warnings) == told
