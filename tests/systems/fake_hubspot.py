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


class FakeHubSpot(FakeApi):
    """deals, contacts: id -> record as the API shows it, history included. more: further properties of each deal, for size."""

    def __init__(self, deals: int = 0, seed: int = 1, more: int = 0, token: str = "") -> None:
        super().__init__()
        self.search_limit = 10_000
        self.random, self.token, self.more = Random(seed), token, more  # noqa: S311  test data
        self.deals: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.owners = [{"id": "1", "userId": 7, "email": "anna@agency.test", "firstName": "Anna", "lastName": "Berg", "archived": False}]
        self.pipelines = [{"id": "default", "label": "Sales", "displayOrder": 0, "archived": False, "stages": [{"id": s} for s in STAGES]}]
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
            "associations": {"contacts": {"results": [{"id": f"7{deal_id}", "type": "deal_to_contact"}]}},
        }
        self.deals[deal_id] = deal
        person = {"email": f"person{deal_id}@client.test", "phone": f"+49 30 {deal_id}", "firstname": "Max", "createdate": iso(created)}
        self.contacts[f"7{deal_id}"] = {
            "id": f"7{deal_id}", "createdAt": iso(created), "updatedAt": iso(created), "archived": False, "properties": person
        }  # fmt: skip
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
        """The deal is listed no more; the other one names it."""
        del self.deals[deal_id]
        winner = self.deals[into]
        winner["properties"]["hs_merged_object_ids"] = deal_id
        winner["updatedAt"] = winner["properties"]["hs_lastmodifieddate"] = iso(at)

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
        path = asked.path.removeprefix("/crm/v3/")
        if path == "pipelines/deals":
            return Answer({"results": self.pipelines})
        records = {"owners": {each["id"]: each for each in self.owners}, "objects/deals": self.deals, "objects/contacts": self.contacts}
        name = next(name for name in records if path.startswith(name))
        rest, known = path.removeprefix(name), records[name]
        if rest == "/search":
            return self._search(known, asked.body)
        if rest:
            found = known.get(rest[1:])
            return Answer(found) if found and not found["archived"] else Answer({"status": "error", "message": "resource not found"}, 404)
        shown = [each for each in known.values() if each["archived"] == (asked.params.get("archived") == "true")]
        size = 50 if "propertiesWithHistory" in asked.params else 100
        return self._page(shown, int(asked.params.get("after", 0)), min(int(asked.params["limit"]), size))

    def _search(self, known: dict[str, dict[str, Any]], body: dict[str, Any]) -> Answer:
        (since, after) = (int(each["value"]) for each in body["filterGroups"][0]["filters"])
        changed = datetime.fromtimestamp(since / 1000, UTC)
        found = [each for each in known.values() if not each["archived"] and datetime.fromisoformat(each["updatedAt"]) >= changed]
        found = sorted((each for each in found if int(each["id"]) > after), key=lambda each: int(each["id"]))
        start = int(body.get("after", 0))
        if start + body["limit"] > self.search_limit:
            return Answer({"status": "error", "message": "paging limit exceeded"}, 400)
        shown = [{key: each[key] for key in ("id", "properties", "createdAt", "updatedAt", "archived")} for each in found]
        return self._page(shown, start, body["limit"])

    def _page(self, deals: list[dict[str, Any]], start: int, size: int) -> Answer:
        page: dict[str, Any] = {"results": deals[start : start + size]}
        if start + size < len(deals):
            page["paging"] = {"next": {"after": str(start + size)}}
        return Answer(page)


def iso(moment: datetime) -> str:
    """As HubSpot writes a moment."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
