"""Pipedrive's API as its documentation has it, as far as its tap asks: deals and persons v2 by cursor, the flow of a deal v1, fields."""

from __future__ import annotations

from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE = 2


class FakePipedrive(FakeApi):
    """deals: id -> record; flow: changes by deal."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.deals: dict[int, dict[str, Any]] = {}
        self.flow: dict[int, list[dict[str, Any]]] = {}
        mail = [{"value": "ann@client.test", "primary": True, "label": "work"}]
        self.persons = [{"id": 7, "name": "Ann", "update_time": "2026-03-01T10:00:00.000000Z", "emails": mail, "phones": []}]

    def add(self, deal_id: int, at: str) -> None:
        """A deal in the first stage."""
        deal = {"id": deal_id, "add_time": at, "update_time": at, "stage_change_time": None, "stage_id": 1, "status": "open"}
        self.deals[deal_id] = deal | {"person_id": 7, "value": 1234567.89, "currency": "EUR", "custom_fields": {"0a1b2c": "fair"}}
        self.flow[deal_id] = []
        self._told(deal_id, "add_time", None, at, at)

    def move(self, deal_id: int, stage: int, at: str) -> None:
        """The deal enters a stage."""
        deal = self.deals[deal_id]
        self._told(deal_id, "stage_id", str(deal["stage_id"]), str(stage), at)
        deal |= {"stage_id": stage, "update_time": at, "stage_change_time": at}

    def _told(self, deal_id: int, field: str, old: str | None, new: str, at: str) -> None:
        change = {"id": sum(map(len, self.flow.values())) + 1, "item_id": deal_id, "user_id": 3, "field_key": field}
        self.flow[deal_id].append(change | {"old_value": old, "new_value": new, "log_time": at.replace("T", " ").rstrip("Z")})

    def route(self, asked: Asked) -> Answer:
        if asked.params.get("api_token") != self.token:
            return Answer({"success": False, "error": "unauthorized access"}, 401)
        if asked.path == "/v1/dealFields":
            return Answer({"success": True, "data": [{"key": "0a1b2c", "name": "Heard at", "field_type": "varchar"}]})
        if asked.path.endswith("Fields"):
            return Answer({"success": True, "data": []})
        if asked.path == "/api/v2/deals":
            found = [deal for deal in self.deals.values() if deal["update_time"] >= asked.params.get("updated_since", "")]
            found.sort(key=lambda deal: deal["update_time"])
            start = int(asked.params.get("cursor", 0))
            more = {"next_cursor": str(start + PAGE)} if start + PAGE < len(found) else {}
            return Answer({"success": True, "data": found[start : start + PAGE], "additional_data": more})
        if asked.path == "/api/v2/persons":
            return Answer({"success": True, "data": self.persons, "additional_data": {}})
        deal_id = int(asked.path.split("/")[3])
        return Answer({"success": True, "data": [{"object": "dealChange", "data": each} for each in self.flow[deal_id]]})
