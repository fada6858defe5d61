"""Meta's insights as its documentation has them: days of ads, next links that hold the token, its limit told by HTTP 400."""

from __future__ import annotations

import json
from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE_ROWS = 25
LIMITED = Answer({"error": {"message": "User request limit reached", "type": "OAuthException", "code": 17}}, 400)


class FakeMetaAds(FakeApi):
    """spend: (day, ad) -> amount as text; names: ad -> name. base_url is told once the server has it, for its next links."""

    def __init__(self, token: str = "", account: str = "42") -> None:
        super().__init__()
        self.token, self.account, self.base_url = token, account, ""
        self.spend: dict[tuple[str, str], str] = {}
        self.names: dict[str, str] = {}

    def route(self, asked: Asked) -> Answer:
        if self.token not in (asked.params.get("access_token"), asked.headers.get("Authorization", "").removeprefix("Bearer ")):
            return Answer({"error": {"message": "Error validating access token", "type": "OAuthException", "code": 190}}, 400)
        if asked.path != f"/v23.0/act_{self.account}/insights":
            return Answer({"error": {"message": "Unsupported get request", "code": 100}}, 400)
        window = json.loads(asked.params["time_range"])
        rows = [self._row(day, ad, spend) for (day, ad), spend in sorted(self.spend.items()) if window["since"] <= day <= window["until"]]
        start = int(asked.params.get("after", 0))
        page: dict[str, Any] = {"data": rows[start : start + PAGE_ROWS], "paging": {"cursors": {"after": str(start + PAGE_ROWS)}}}
        if start + PAGE_ROWS < len(rows):
            kept = "&".join(f"{name}={value}" for name, value in asked.params.items() if name not in ("after", "access_token"))
            page["paging"]["next"] = f"{self.base_url}{asked.path}?access_token={self.token}&{kept}&after={start + PAGE_ROWS}"
        return Answer(page)

    def _row(self, day: str, ad: str, spend: str) -> dict[str, Any]:
        told = {"account_id": self.account, "account_currency": "EUR", "campaign_id": "5", "campaign_name": "Spring", "adset_id": "6"}
        told |= {"adset_name": "Broad", "ad_id": ad, "ad_name": self.names.get(ad, f"Ad {ad}")}
        return {"date_start": day, "date_stop": day, **told, "spend": spend, "impressions": "100", "clicks": "9", "inline_link_clicks": "4"}
