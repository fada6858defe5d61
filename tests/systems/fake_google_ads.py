"""Google Ads' search as its documentation has it: a token of OAuth, developer and manager headers, pages by a token in the body."""

from __future__ import annotations

import re
from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE_ROWS = 50


class FakeGoogleAds(FakeApi):
    """costs: (day, campaign id) -> cost in millionths; names: campaign id -> name. A token is good for `uses` requests."""

    def __init__(self, refresh_token: str = "", account: str = "1112223333", uses: int = 1_000) -> None:
        super().__init__()
        self.refresh_token, self.account, self.uses = refresh_token, account, uses
        self.costs: dict[tuple[str, str], int] = {}
        self.names: dict[str, str] = {}
        self.given = 0

    def route(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            return self._token(asked.body)
        if asked.headers.get("Authorization") != f"Bearer access-{self.given}" or not asked.headers.get("developer-token"):
            return Answer(
                {"error": {"code": 401, "message": "Request had invalid authentication credentials.", "status": "UNAUTHENTICATED"}}, 401
            )
        if asked.path != f"/v21/customers/{self.account}/googleAds:search" or asked.headers.get("login-customer-id") is None:
            return Answer({"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}, 403)
        since, until = re.findall(r"'(\d{4}-\d\d-\d\d)'", asked.body["query"])
        rows = [self._row(day, campaign, cost) for (day, campaign), cost in sorted(self.costs.items()) if since <= day <= until]
        start = int(asked.body.get("pageToken") or 0)
        answer: dict[str, Any] = {"results": rows[start : start + PAGE_ROWS], "fieldMask": "segments.date,campaign.id"}
        if start + PAGE_ROWS < len(rows):
            answer["nextPageToken"] = str(start + PAGE_ROWS)
        return Answer(answer)

    def _token(self, body: dict[str, str]) -> Answer:
        if body.get("grant_type") != "refresh_token" or body.get("refresh_token") != self.refresh_token:
            return Answer({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        self.given += 1
        return Answer({"access_token": f"access-{self.given}", "expires_in": 3599, "token_type": "Bearer"})

    def _row(self, day: str, campaign: str, cost: int) -> dict[str, Any]:
        return {
            "segments": {"date": day},
            # Performance Max has no ads: at ad level its cost would be missing
            "campaign": {"id": campaign, "name": self.names.get(campaign, f"C{campaign}"), "advertisingChannelType": "PERFORMANCE_MAX"},
            "customer": {"id": self.account, "currencyCode": "EUR", "timeZone": "Europe/Berlin"},
            "metrics": {"costMicros": str(cost), "impressions": str(cost // 1000), "clicks": "3"},
        }
