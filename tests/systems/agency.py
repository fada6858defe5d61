"""An agency on HubSpot, Stripe, Google Ads, Meta Ads, amoCRM and Yandex Direct: one server plays them all, its sources.yml names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from fake_amocrm import FakeAmoCrm
from fake_google_ads import FakeGoogleAds
from fake_hubspot import FakeHubSpot
from fake_meta_ads import FakeMetaAds
from fake_server import Answer, Asked, FakeApi, serving
from fake_stripe import FakeStripe
from fake_yandex_direct import FakeYandexDirect

CANARY = "canary-4f1d9c7e55"
SECRETS = {
    "HUBSPOT_TOKEN": f"{CANARY}-h",
    "STRIPE_KEY": f"{CANARY}-s",
    "META_TOKEN": f"{CANARY}-m",
    "AMO_TOKEN": f"{CANARY}-a",
    "YANDEX_TOKEN": f"{CANARY}-y",
    "GOOGLE_DEVELOPER": f"{CANARY}-d",
    "GOOGLE_CLIENT": "1234",
    "GOOGLE_SECRET": f"{CANARY}-c",
    "GOOGLE_REFRESH": f"{CANARY}-g",
}
GOOGLE = {"developer_token": "DEVELOPER", "client_id": "CLIENT", "client_secret": "SECRET", "refresh_token": "REFRESH"}
SOURCES = """\
version: 1
reporting: {{base_currency: EUR, time_zone: Europe/Berlin}}
sources:
- {{name: crm, system: hubspot, connector: api, base_url: "{url}", secrets: {{token: HUBSPOT_TOKEN}}}}
- {{name: stripe, system: stripe, connector: api, ids_of: crm, base_url: "{url}", secrets: {{key: STRIPE_KEY}}}}
- name: google
  system: google_ads
  connector: api
  account: "1234567890"
  base_url: "{url}"
  secrets:
    developer_token: GOOGLE_DEVELOPER
    client_id: GOOGLE_CLIENT
    client_secret: GOOGLE_SECRET
    refresh_token: GOOGLE_REFRESH
  settings: {{manager: "999"}}
- {{name: meta, system: meta_ads, connector: api, account: "77", base_url: "{url}", secrets: {{token: META_TOKEN}}}}
- {{name: amo, system: amocrm, connector: api, account: example.amocrm.ru, base_url: "{url}", secrets: {{token: AMO_TOKEN}}}}
- name: direct
  system: yandex_direct
  connector: api
  currency: EUR
  since: "2026-01-01"
  base_url: "{url}"
  secrets: {{token: YANDEX_TOKEN}}
"""
FIRST_DAY, SECOND_DAY = date(2026, 3, 30), date(2026, 3, 31)


class Agency(FakeApi):
    """All systems behind one address, told apart by their paths."""

    def __init__(self, deals: int = 120) -> None:
        super().__init__()
        google = {name: SECRETS[f"GOOGLE_{variable}"] for name, variable in GOOGLE.items()}
        self.hubspot = FakeHubSpot(deals, token=SECRETS["HUBSPOT_TOKEN"])
        self.stripe = FakeStripe(key=SECRETS["STRIPE_KEY"])
        self.google = FakeGoogleAds(date(2026, 1, 1), 89, **google)
        self.meta = FakeMetaAds(date(2026, 1, 1), 89, token=SECRETS["META_TOKEN"])
        self.amo = FakeAmoCrm(45, token=SECRETS["AMO_TOKEN"], first=unix(datetime(2026, 1, 15, tzinfo=UTC)))
        self.yandex = FakeYandexDirect(date(2026, 1, 1), 89, token=SECRETS["YANDEX_TOKEN"])
        self.meta.currency = "EUR"
        self.hubspot.merge("1005", "1006", datetime(2026, 3, 29, 9, tzinfo=UTC))
        for deal in self.hubspot.deals.values():
            if deal["properties"]["dealstage"] == "closedwon":
                self.pay(deal, datetime.fromisoformat(deal["updatedAt"]))
        january = datetime(2026, 1, 15, 12, tzinfo=UTC)
        self.money(january, -2500, "refund", customer="cus_x")
        self.money(january, -90_000, "payout")
        self.money(january, 7700, livemode=False, customer="cus_test")

    def pay(self, deal: dict[str, Any], at: datetime) -> None:
        """A charge that carries the id of its deal."""
        self.money(at, round(float(deal["properties"]["amount"]) * 100), fee=150, metadata={"lead_id": deal["id"]})

    def money(self, at: datetime, amount: int, category: str = "charge", fee: int = 0, **source: Any) -> None:
        """A balance transaction in cents of euro."""
        row = self.stripe.add(unix(at))
        told = {"id": f"src_{row['id']}", "livemode": True, **source}
        row |= {"amount": amount, "fee": fee, "net": amount - fee, "currency": "eur", "reporting_category": category, "source": told}

    def route(self, asked: Asked) -> Answer:
        starts = {"/crm/": self.hubspot, "/v1/": self.stripe, "/v21/": self.google, "/token": self.google, "/v23.0/": self.meta}
        starts |= {"/api/v4/": self.amo, "/json/v5/": self.yandex}
        for start, api in starts.items():
            if asked.path.startswith(start):
                api.url = self.url
                return api.route(asked)
        return Answer({"error": "no such path"}, 404)

    def next_day(self) -> None:
        """What a second night finds: new, moved, archived and deleted records, a renamed campaign, restated days, a dispute."""
        now = datetime(2026, 3, 31, 9, tzinfo=UTC)
        new = self.hubspot.add("9001", createdate=now.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        self.hubspot.move("9001", "closedwon", now)
        self.hubspot.archive("1003", now)
        self.pay(new, now)
        self.money(now, -5000, "dispute", customer="cus_x")
        self.money(now, 5000, "dispute_reversal", customer="cus_x")
        self.google.names["1"] = "Renamed"
        self.google.spend(date(2026, 3, 29))
        self.meta.run(date(2026, 3, 20))
        self.yandex.spend(date(2026, 3, 28))
        self.amo.add(900, unix(now))
        self.amo.move(2, 142, unix(now))
        self.amo.delete(3, unix(now))


def unix(moment: datetime) -> int:
    """Seconds of Unix."""
    return int(moment.timestamp())


@contextmanager
def serving_agency(folder: Path) -> Iterator[tuple[Agency, Path]]:
    """(the agency, its sources.yml) while its server runs."""
    agency = Agency()
    with serving(agency) as url:
        sources = folder / "sources.yml"
        sources.write_text(SOURCES.format(url=url), encoding="utf-8")
        yield agency, sources
