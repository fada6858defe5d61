"""HubSpot's CRM v3 as its documentation has it: deals with history and associations, archived ones apart, a search of at most 10,000."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
)
SOURCES = ("PAID_SEARCH", "PAID_SOCIAL", "ORGANIC_SEARCH", "DIRECT_TRAFFIC", "REFERRALS")
SEARCH_LIMIT = 10_000


class FakeHubSpot(FakeApi):
    """deals: id -> record as the API shows it, history included. more: further properties of each, for size."""

    def __init__(self, deals: int = 0, seed: int = 1, more: int = 0, token: str = "") -> None:
        super().__init__()
        self.random, self.token, self.more = Random(seed), token, more  # noqa: S311  test data
        self.deals: dict[str, dict[str, Any]] = {}
        for number in range(deals):
            self.add(str(1000 + number))

    def add(self, deal_id: str, **properties: str) -> dict[str, Any]:
        """A new deal that went some way through the stages."""
        created = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.random.randrange(60 * 24 * 80))
        way = self.random.randrange(1, len(STAGES))
        history = [(stage, created + timedelta(days=step, minutes=step)) for step, stage in enumerate(STAGES[:way])]
        if way == len(STAGES) - 1 and self.random.random() < 0.5:
            history[-1] = ("closedlost", history[-1][1])
        deal = {
            "id": deal_id,
            "createdAt": iso(created),
            "archived": False,
            "properties": {
                "createdate": iso(created),
                "pipeline": "default",
                "amount": f"{self.random.randrange(10, 5000)}.50",
                "hs_analytics_source": self.random.choice(SOURCES),
                "hs_analytics_source_data_1": "spring",
                "hubspot_owner_id": str(self.random.randrange(1, 5)),
                **{f"more_{number}": f"value {number}" for number in range(self.more)},
                **properties,
            },
            "associations": {"contacts": {"results": [{"id": f"c{deal_id}", "type": "deal_to_contact"}]}},
        }
        self.deals[deal_id] = deal
        self._moved(deal, history)
        return deal

    def move(self, deal_id: str, stage: str, at: datetime) -> None:
        """The deal enters a stage."""
        deal = self.deals[deal_id]
        told = [
            (entry["value"], datetime.fromisoformat(entry["timestamp"])) for entry in reversed(deal["propertiesWithHistory"]["dealstage"])
        ]
        self._moved(deal, [*told, (stage, at)])

    def archive(self, deal_id: str, at: datetime) -> None:
        """The deal leaves the lists and searches of those that are not archived."""
        self.deals[deal_id] |= {"archived": True, "archivedAt": iso(at), "updatedAt": iso(at)}

    def merge(self, deal_id: str, into: str, at: datetime) -> None:
        """The deal is gone; the one that is left names it."""
        del self.deals[deal_id]
        left = self.deals[into]
        left["properties"]["hs_merged_object_ids"] = deal_id
        left["updatedAt"] = left["properties"]["hs_lastmodifieddate"] = iso(at)

    def _moved(self, deal: dict[str, Any], history: list[tuple[str, datetime]]) -> None:
        # newest first, as the vendor tells it
        deal["propertiesWithHistory"] = {
            "dealstage": [
                {"value": stage, "timestamp": iso(at), "sourceType": "CRM_UI", "sourceId": "userId:7"} for stage, at in reversed(history)
            ]
        }
        deal["properties"]["dealstage"] = history[-1][0]
        deal["updatedAt"] = deal["properties"]["hs_lastmodifieddate"] = iso(history[-1][1])

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"status": "error", "message": "Authentication credentials not found", "category": "INVALID_AUTHENTICATION"}, 401)
        path = asked.path.removeprefix("/crm/v3/objects/deals")
        if path == "/search":
            return self._search(asked.body)
        if path:
            deal = self.deals.get(path[1:])
            return Answer(deal) if deal and not deal["archived"] else Answer({"status": "error", "message": "resource not found"}, 404)
        shown = [deal for deal in self.deals.values() if deal["archived"] == (asked.params.get("archived") == "true")]
        return self._page(shown, int(asked.params.get("after", 0)), min(int(asked.params["limit"]), 50))

    def _search(self, body: dict[str, Any]) -> Answer:
        (condition,) = body["filterGroups"][0]["filters"]
        since = datetime.fromtimestamp(int(condition["value"]) / 1000, UTC)
        found = [deal for deal in self.deals.values() if not deal["archived"] and datetime.fromisoformat(deal["updatedAt"]) >= since]
        found.sort(key=lambda deal: deal["updatedAt"])
        start = int(body.get("after", 0))
        if start + body["limit"] > SEARCH_LIMIT:
            return Answer({"status": "error", "message": "paging limit exceeded"}, 400)
        shown = [{key: deal[key] for key in ("id", "properties", "createdAt", "updatedAt", "archived")} for deal in found]
        return self._page(shown, start, body["limit"])

    def _page(self, deals: list[dict[str, Any]], start: int, size: int) -> Answer:
        page: dict[str, Any] = {"results": deals[start : start + size]}
        if start + size < len(deals):
            page["paging"] = {"next": {"after": str(start + size)}}
        return Answer(page)


def iso(moment: datetime) -> str:
    """As HubSpot writes a moment."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
