"""An agency on HubSpot, Stripe, Google Ads, Meta Ads and amoCRM: one server plays them all, its sources.yml names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fake_amocrm import LOST, WON, FakeAmoCrm
from fake_google_ads import FakeGoogleAds
from fake_hubspot import FakeHubSpot
from fake_meta_ads import FakeMetaAds
from fake_server import Answer, Asked, FakeApi, serving
from fake_stripe import FakeStripe

CANARY = "canary-4f1d9c7e55"
SECRETS = {
    "HUBSPOT_TOKEN": f"{CANARY}-h",
    "STRIPE_KEY": f"{CANARY}-s",
    "META_TOKEN": f"{CANARY}-m",
    "AMO_TOKEN": f"{CANARY}-a",
    "GOOGLE_DEVELOPER": f"{CANARY}-d",
    "GOOGLE_CLIENT": "1234",
    "GOOGLE_SECRET": f"{CANARY}-c",
    "GOOGLE_REFRESH": f"{CANARY}-g",
    "GOOGLE_MANAGER": "999",
}
SOURCES = """\
version: 1
reporting: {{base_currency: EUR, time_zone: Europe/Berlin}}
sources:
- {{name: crm, system: hubspot, connector: api, base_url: "{url}", secrets: {{token: HUBSPOT_TOKEN}}}}
- {{name: stripe, system: stripe, connector: api, ids_of: crm, base_url: "{url}", secrets: {{key: STRIPE_KEY}}}}
- name: google
  system: google_ads
  connector: api
  account: "1112223333"
  base_url: "{url}"
  secrets:
    developer_token: GOOGLE_DEVELOPER
    client_id: GOOGLE_CLIENT
    client_secret: GOOGLE_SECRET
    refresh_token: GOOGLE_REFRESH
    manager: GOOGLE_MANAGER
- {{name: meta, system: meta_ads, connector: api, account: "42", base_url: "{url}", secrets: {{token: META_TOKEN}}}}
- {{name: amo, system: amocrm, connector: api, account: example.amocrm.ru, base_url: "{url}", secrets: {{token: AMO_TOKEN}}}}
"""
FIRST_DAY, SECOND_DAY = date(2026, 3, 30), date(2026, 3, 31)


class Agency(FakeApi):
    """All systems behind one address, told apart by their paths."""

    def __init__(self, deals: int = 120) -> None:
        super().__init__()
        self.hubspot = FakeHubSpot(deals, token=SECRETS["HUBSPOT_TOKEN"])
        self.stripe = FakeStripe(SECRETS["STRIPE_KEY"])
        self.google = FakeGoogleAds(SECRETS["GOOGLE_REFRESH"])
        self.meta = FakeMetaAds(SECRETS["META_TOKEN"])
        self.amo = FakeAmoCrm(SECRETS["AMO_TOKEN"])
        self._first_months()

    def route(self, asked: Asked) -> Answer:
        starts = {
            "/crm/": self.hubspot,
            "/v1/": self.stripe,
            "/v21/": self.google,
            "/token": self.google,
            "/v23.0/": self.meta,
            "/api/v4/": self.amo,
        }
        return next(
            (api.route(asked) for start, api in starts.items() if asked.path.startswith(start)), Answer({"error": "no such path"}, 404)
        )

    def _first_months(self) -> None:
        for deal in list(self.hubspot.deals.values()):
            if deal["properties"]["dealstage"] == "closedwon":
                at = datetime.fromisoformat(deal["updatedAt"])
                self.stripe.add(unix(at), round(float(deal["properties"]["amount"]) * 100), fee=150, metadata={"lead_id": deal["id"]})
        self.hubspot.merge("1005", into="1006", at=datetime(2026, 3, 29, 9, tzinfo=UTC))
        january = unix(datetime(2026, 1, 15, 12, tzinfo=UTC))
        self.stripe.add(january, -2500, category="refund", customer="cus_x")
        self.stripe.add(january, -90_000, category="payout")
        self.stripe.add(january, 7700, livemode=False, customer="cus_test")
        for number in range(90):
            day = (date(2026, 1, 1) + timedelta(days=number)).isoformat()
            self.google.costs[day, "1"], self.google.costs[day, "2"] = 12_345_678, 1_000_000
            self.meta.spend[day, "a"] = "10.55"
        for lead in range(1, 46):
            self.amo.add(lead, january + lead * 3600)
            self.amo.move(lead, WON if lead % 3 == 0 else LOST if lead % 3 == 1 else 12, january + lead * 3600 + 86_400)

    def next_day(self) -> None:
        """What a second night finds: new, moved, archived and deleted records, a renamed campaign, a restated day, a dispute."""
        now = datetime(2026, 3, 31, 9, tzinfo=UTC)
        self.hubspot.add("9001", createdate=now.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        self.hubspot.move("9001", "closedwon", now)
        self.hubspot.archive("1003", now)
        self.stripe.add(unix(now), 123_400, fee=99, metadata={"lead_id": "9001"})
        self.stripe.add(unix(now), -5000, category="dispute", customer="cus_x")
        self.stripe.add(unix(now), 5000, category="dispute_reversal", customer="cus_x")
        self.google.names["1"] = "Renamed"
        self.google.costs["2026-03-29", "2"] = 7_000_000
        self.meta.spend["2026-03-20", "a"] = "99.00"
        self.amo.add(900, unix(now))
        self.amo.move(2, WON, unix(now))
        self.amo.delete(3, unix(now))


def unix(moment: datetime) -> int:
    """Seconds of Unix."""
    return int(moment.timestamp())


@contextmanager
def serving_agency(folder: Path) -> Iterator[tuple[Agency, Path]]:
    """(the agency, its sources.yml) while its server runs."""
    agency = Agency()
    with serving(agency) as url:
        agency.meta.base_url = agency.amo.base_url = url
        sources = folder / "sources.yml"
        sources.write_text(SOURCES.format(url=url), encoding="utf-8")
        yield agency, sources
