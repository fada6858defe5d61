"""Google Ads' search as its documentation has it: OAuth GAQL, page tokens in the body, int64 as text, empty lists absent."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

CHANNELS = ("SEARCH", "PERFORMANCE_MAX", "VIDEO")


class FakeGoogleAds(FakeApi):
    """cost: (day, campaign) -> millionths; names: of the campaigns."""

    def __init__(self, first: date, days: int, seed: int = 1, account: str = "1234567890", page: int = 40, **secrets: str) -> None:
        super().__init__()
        self.random, self.account, self.page, self.secrets = Random(seed), account, page, secrets  # noqa: S311  test data
        self.names = {str(number): f"Campaign {number}" for number in range(3)}
        self.cost: dict[tuple[date, str], int] = {}
        self.token, self.lifetime = "ya29.canary-access-token", 3600
        for number in range(days):
            self.spend(first + timedelta(days=number))

    def spend(self, day: date) -> None:
        """What every campaign cost on a day; said again, the figures are corrected."""
        for campaign in self.names:
            self.cost[day, campaign] = self.random.randrange(10**5, 10**9)

    def route(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            if any(asked.body.get(name) != self.secrets[name] for name in ("client_id", "client_secret", "refresh_token")):
                return Answer({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
            return Answer({"access_token": self.token, "expires_in": self.lifetime, "token_type": "Bearer"})
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"error": {"code": 401, "message": "Invalid credentials", "status": "UNAUTHENTICATED"}}, 401)
        if asked.headers.get("developer-token") != self.secrets["developer_token"] or f"/{self.account}/" not in asked.path:
            return Answer({"error": {"code": 403, "message": "The caller has no permission", "status": "PERMISSION_DENIED"}}, 403)
        if "FROM customer" in asked.body["query"]:
            return Answer({"results": [{"customer": {"id": self.account}}]})
        first, last = (date.fromisoformat(day) for day in re.findall(r"'(\d{4}-\d\d-\d\d)'", asked.body["query"]))
        found = [self._row(day, campaign) for day, campaign in sorted(self.cost) if first <= day <= last]
        start = int(asked.body.get("pageToken") or 0)
        page: dict[str, Any] = {"results": found[start : start + self.page]} if found else {"fieldMask": "segments.date"}
        if start + self.page < len(found):
            page["nextPageToken"] = str(start + self.page)
        return Answer(page)

    def _row(self, day: date, campaign: str) -> dict[str, Any]:
        cost = self.cost[day, campaign]
        return {
            "customer": {"id": self.account, "currencyCode": "EUR", "timeZone": "Europe/Berlin"},
            "campaign": {
                "id": campaign,
                "name": self.names[campaign],
                "advertisingChannelType": CHANNELS[int(campaign) % 3],
                "resourceName": "",
            },
            "metrics": {"costMicros": str(cost), "impressions": str(cost // 1000), "clicks": str(cost // 10**6)},
            "segments": {"date": day.isoformat()},
        }
