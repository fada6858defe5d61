"""amoCRM's API v4 as its documentation has it: next links, 204 for nothing, deleted leads only when asked for, events apart."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import urlencode

from fake_server import Answer, Asked, FakeApi

DAY = 86_400
STATUSES = (101, 102, 103, 142, 143)


class FakeAmoCrm(FakeApi):
    """leads, contacts: id -> record; events: of status changes; deleted: ids of leads in the bin."""

    def __init__(self, leads: int = 0, seed: int = 1, token: str = "", first: int = 1_772_000_000) -> None:
        super().__init__()
        self.random, self.token, self.first = Random(seed), token, first  # noqa: S311  test data
        self.leads: dict[int, dict[str, Any]] = {}
        self.contacts: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.deleted: set[int] = set()
        for number in range(leads):
            self.add(1 + number, first + number * DAY // 20)

    def add(self, lead_id: int, at: int) -> dict[str, Any]:
        """A new lead with its contact."""
        contact = 50_000 + lead_id
        fields = [{"field_code": code, "values": [{"value": value}]} for code, value in (("UTM_SOURCE", "google"), ("UTM_CAMPAIGN", "x"))]
        self.leads[lead_id] = {
            "id": lead_id,
            "created_at": at,
            "updated_at": at,
            "closed_at": None,
            "is_deleted": False,
            "pipeline_id": 7,
            "status_id": 101,
            "responsible_user_id": 9,
            "price": self.random.randrange(100, 9000),
            "custom_fields_values": fields if lead_id % 2 else None,
            "_embedded": {"contacts": [{"id": 1}, {"id": contact, "is_main": True}], "companies": [], "loss_reason": [], "source": None},
        }
        told = [
            {"field_code": code, "values": [{"value": value}]}
            for code, value in (("EMAIL", f"p{lead_id}@client.test"), ("PHONE", "+7 900"))
        ]
        self.contacts[contact] = {"id": contact, "name": "Ivan", "created_at": at, "updated_at": at, "custom_fields_values": told}
        self.move(lead_id, self.random.choice(STATUSES), at + 60)
        return self.leads[lead_id]

    def move(self, lead_id: int, status: int, at: int) -> None:
        """The lead enters a status."""
        lead = self.leads[lead_id]
        lead |= {"status_id": status, "updated_at": at, "closed_at": at if status in (142, 143) else None}
        lead["_embedded"]["loss_reason"] = [{"id": 3, "name": "Too dear"}] if status == 143 else []
        after = [{"lead_status": {"id": status, "pipeline_id": lead["pipeline_id"]}}]
        event = {"id": f"ev{len(self.events):06d}", "type": "lead_status_changed", "entity_id": lead_id, "created_at": at, "created_by": 9}
        self.events.append(event | {"value_after": after})

    def delete(self, lead_id: int, at: int) -> None:
        """Into the bin, from which it can still be restored."""
        self.leads[lead_id] |= {"is_deleted": True, "updated_at": at}
        self.deleted.add(lead_id)

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"title": "Unauthorized", "status": "401", "detail": "Unauthorized"}, 401)
        name = asked.path.removeprefix("/api/v4/")
        if name == "account":
            return Answer({"id": 1, "name": "Agency"})
        if name == "leads/pipelines":
            statuses = {"statuses": [{"id": each, "name": str(each)} for each in STATUSES]}
            return Answer({"_embedded": {"pipelines": [{"id": 7, "name": "Sales", "is_main": True, "_embedded": statuses}]}})
        if name == "users":
            return self._page(asked, name, [{"id": 9, "name": "Olga", "email": "olga@agency.test"}])
        return self._page(asked, name, self._found(asked, name))

    def _found(self, asked: Asked, name: str) -> list[dict[str, Any]]:
        if name == "events":
            first, last = int(asked.params["filter[created_at][from]"]), int(asked.params["filter[created_at][to]"])
            return [event for event in reversed(self.events) if first <= event["created_at"] <= last]
        known = {"leads": self.leads, "contacts": self.contacts}[name]
        in_bin = "only_deleted" in asked.params.get("with", "")
        since = int(asked.params.get("filter[updated_at][from]", 0))
        assert asked.params["order[id]"] == "asc"
        rows = [known[key] for key in sorted(known) if (key in self.deleted) == in_bin]
        return [row for row in rows if row["updated_at"] >= since]

    def _page(self, asked: Asked, name: str, found: list[dict[str, Any]]) -> Answer:
        page, size = int(asked.params.get("page", 1)), min(int(asked.params.get("limit", 50)), 100 if name == "events" else 250)
        shown = found[(page - 1) * size : page * size]
        if not shown:
            return Answer(None, 204)
        answer: dict[str, Any] = {"_page": page, "_links": {"self": {"href": "x"}}, "_embedded": {name: shown}}
        if page * size < len(found):
            answer["_links"]["next"] = {"href": f"{self.url}{asked.path}?{urlencode(asked.params | {'page': page + 1})}"}
        return Answer(answer)
