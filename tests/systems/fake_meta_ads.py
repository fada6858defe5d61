"""Meta's insights as its documentation has them: next links that hold the token, rate limits as HTTP 400, 37 months at most."""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

LONGEST = timedelta(days=90)


class FakeMetaAds(FakeApi):
    """spend: (day, ad) -> cents; names: of the campaigns."""

    def __init__(self, first: date, days: int, seed: int = 1, token: str = "", today: date = date(2026, 4, 1)) -> None:
        super().__init__()
        self.random, self.token, self.today = Random(seed), token, today  # noqa: S311  test data
        self.currency = "USD"
        self.names = {"0": "Spring", "1": "Brand"}
        self.spend: dict[tuple[date, str], int] = {}
        for number in range(days):
            self.run(first + timedelta(days=number))

    def run(self, day: date) -> None:
        """What every ad cost on a day; said again, the figures are corrected."""
        for ad in ("11", "12", "13"):
            self.spend[day, ad] = self.random.randrange(1, 90_000)

    def limited(self, code: int) -> Answer:
        """As Meta says that too much is asked."""
        return Answer({"error": {"message": "User request limit reached", "type": "OAuthException", "code": code}}, 400)

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190}}, 400)
        if not asked.path.endswith("/insights"):
            return Answer({"id": "act_77", "currency": "USD"})
        asked_for = json.loads(asked.params["time_range"])
        first, last = date.fromisoformat(asked_for["since"]), date.fromisoformat(asked_for["until"])
        if first < self.today - timedelta(days=1130):
            return Answer({"error": {"message": "(#3018) The start date cannot be beyond 37 months", "code": 3018}}, 400)
        if last - first > LONGEST:
            return Answer({"error": {"message": "Please reduce the amount of data you're asking for", "code": 1}}, 500)
        found = [self._row(day, ad) for day, ad in sorted(self.spend) if first <= day <= last]
        start, size = int(asked.params.get("after", 0)), 25
        page: dict[str, Any] = {"data": found[start : start + size], "paging": {"cursors": {"after": str(start + size)}}}
        if start + size < len(found):
            kept = "&".join(f"{name}={value}" for name, value in asked.params.items() if name not in ("after", "access_token"))
            page["paging"]["next"] = f"{self.url}{asked.path}?{kept}&after={start + size}&access_token={self.token}"
        return Answer(page)

    def _row(self, day: date, ad: str) -> dict[str, Any]:
        cents, campaign = self.spend[day, ad], str(int(ad) % 2)
        return {
            "date_start": day.isoformat(),
            "date_stop": day.isoformat(),
            "account_id": "77",
            "account_currency": self.currency,
            "campaign_id": campaign,
            "campaign_name": self.names[campaign],
            "adset_id": f"5{campaign}",
            "adset_name": "Set",
            "ad_id": ad,
            "ad_name": f"Ad {ad}",
            "spend": f"{cents // 100}.{cents % 100:02d}",
            "impressions": str(cents * 3),
            "clicks": "9",
            "inline_link_clicks": "7",
        }
