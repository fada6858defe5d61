"""amoCRM's API v4 as its documentation has it: next links, 204 for an empty list, deleted leads apart, status changes as events."""

from __future__ import annotations

from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE_LEADS, PAGE_EVENTS = 20, 10
WON, LOST = 142, 143


class FakeAmoCrm(FakeApi):
    """leads: id -> record; events: in order of time. base_url is told once the server has it, for its next links."""

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self.token, self.base_url = token, ""
        self.leads: dict[int, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    def add(self, lead_id: int, created: int, channel: str = "yandex", contact: int | None = None) -> None:
        """A new lead in the first status of pipeline 1."""
        self.leads[lead_id] = {
            "id": lead_id,
            "created_at": created,
            "updated_at": created,
            "closed_at": None,
            "is_deleted": False,
            "pipeline_id": 1,
            "status_id": 11,
            "responsible_user_id": 7,
            "price": 1000,
            "custom_fields_values": [{"field_code": "UTM_SOURCE", "values": [{"value": channel}]}],
            "_embedded": {"contacts": [{"id": contact or lead_id + 5000, "is_main": True}], "companies": [], "loss_reason": []},
        }

    def move(self, lead_id: int, status: int, at: int) -> None:
        """The lead enters a status, which an event tells."""
        lead = self.leads[lead_id]
        lead |= {"status_id": status, "updated_at": at, "closed_at": at if status in (WON, LOST) else None}
        told = {"lead_status": {"id": status, "pipeline_id": 1}}
        self.events.append(
            {"id": f"ev{len(self.events):06}", "entity_id": lead_id, "created_at": at, "created_by": 7, "value_after": [told]}
        )

    def delete(self, lead_id: int, at: int) -> None:
        """The lead can still be restored, and is in the list of deleted ones only."""
        self.leads[lead_id] |= {"is_deleted": True, "updated_at": at}

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"title": "Unauthorized", "status": 401, "detail": "Token has been revoked"}, 401)
        if asked.path == "/api/v4/leads":
            wants_deleted = "only_deleted" in asked.params.get("with", "")
            since = int(asked.params.get("filter[updated_at][from]", 0))
            shown = [lead for lead in self.leads.values() if lead["is_deleted"] == wants_deleted and lead["updated_at"] >= since]
            return self._page(asked, "leads", sorted(shown, key=lambda lead: lead["updated_at"]), PAGE_LEADS)
        if asked.path == "/api/v4/events":
            since = int(asked.params.get("filter[created_at][from]", 0))
            return self._page(asked, "events", [event for event in self.events if event["created_at"] >= since], PAGE_EVENTS)
        return Answer({"title": "Not Found", "status": 404}, 404)

    def _page(self, asked: Asked, name: str, rows: list[dict[str, Any]], size: int) -> Answer:
        number = int(asked.params.get("page", 1))
        shown = rows[(number - 1) * size : number * size]
        if not shown:
            return Answer(status=204)
        links = {"self": {"href": self.base_url + asked.path}}
        if number * size < len(rows):
            kept = "&".join(f"{key}={value}" for key, value in asked.params.items() if key != "page")
            links["next"] = {"href": f"{self.base_url}{asked.path}?{kept}&page={number + 1}"}
        return Answer({"_page": number, "_links": links, "_embedded": {name: shown}})
