"""Bitrix24's REST as its documentation has it: the secret in the address, lists of 50 after an id, their total where it is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE = 50
STAGES = ("NEW", "PREPARATION", "WON", "LOSE")
STATUSES = (
    ("DEAL_STAGE", "NEW", "New", None),
    ("DEAL_STAGE_2", "C2:UC_ABC", "Waits for the board", None),
    ("DEAL_STAGE_2", "C2:WON", "Won", "S"),
    ("STATUS", "IN_PROCESS", "In work", None),
    ("STATUS", "JUNK", "Spam", "F"),
    ("SOURCE", "WEB", "Site", None),
    ("SOURCE", "UC_FAIR", "Fair in May", None),
)
LISTS = {"crm.deal.list": "deals", "crm.lead.list": "leads", "crm.contact.list": "contacts"}


class FakeBitrix24(FakeApi):
    """deals, leads, contacts: id -> record; history: by entity type. Values are texts, times have the zone of the portal."""

    def __init__(self, deals: int = 0, seed: int = 1, secret: str = "") -> None:
        super().__init__()
        self.random, self.secret = Random(seed), secret  # noqa: S311  test data
        self.deals: dict[int, dict[str, Any]] = {}
        self.leads: dict[int, dict[str, Any]] = {}
        self.contacts: dict[int, dict[str, Any]] = {}
        self.history: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
        begin = datetime.fromisoformat("2026-03-01T10:00:00+03:00")
        for number in range(deals):
            self.add(number + 1, begin + timedelta(hours=number))

    def add(self, deal_id: int, at: datetime) -> None:
        """A lead, the deal it became, and their contact."""
        told = {"ID": str(deal_id), "DATE_CREATE": at.isoformat(), "DATE_MODIFY": at.isoformat()}
        money = {"OPPORTUNITY": f"{self.random.randrange(100, 9000)}.00", "CURRENCY_ID": "RUB"}
        self.leads[deal_id] = told | money | {"STATUS_ID": "CONVERTED", "SOURCE_ID": "WEB"}
        self.deals[deal_id] = told | money | {"LEAD_ID": str(deal_id), "CATEGORY_ID": "0", "STAGE_ID": "NEW", "SOURCE_ID": "WEB"}
        self._told(1, deal_id, {"STATUS_ID": "CONVERTED", "STATUS_SEMANTIC_ID": "S"}, at)
        self.contacts[deal_id] = told | {"NAME": "Ivan", "EMAIL": [{"VALUE": f"p{deal_id}@client.test", "VALUE_TYPE": "WORK"}]}
        self.move(deal_id, "NEW", at + timedelta(minutes=1))
        self.move(deal_id, self.random.choice(STAGES[1:]), at + timedelta(minutes=9))

    def move(self, deal_id: int, stage: str, at: datetime) -> None:
        """The deal enters a stage."""
        told = {"STAGE_ID": stage, "STAGE_SEMANTIC_ID": {"WON": "S", "LOSE": "F"}.get(stage, "P")}
        self.deals[deal_id] |= told | {"DATE_MODIFY": at.isoformat()}
        self._told(2, deal_id, told, at)

    def _told(self, kind: int, owner: int, stage: dict[str, str], at: datetime) -> None:
        row = {"ID": str(len(self.history[kind]) + 1), "OWNER_ID": str(owner), "CREATED_TIME": at.isoformat(), "TYPE_ID": "2"}
        self.history[kind].append(row | stage)

    def route(self, asked: Asked) -> Answer:
        prefix, _, method = asked.path.rpartition("/")
        if prefix != f"/rest/1/{self.secret}":
            return Answer({"error": "INVALID_CREDENTIALS", "error_description": "Invalid request credentials"}, 401)
        if method == "crm.status.list":
            names = ("ENTITY_ID", "STATUS_ID", "NAME", "SEMANTICS")
            return Answer({"result": [{"ID": str(number), **dict(zip(names, each, strict=True))} for number, each in enumerate(STATUSES)]})
        if method == "crm.stagehistory.list":
            return Answer({"result": {"items": self._found(asked.body, self.history[asked.body["entityTypeId"]])}})
        rows = list(getattr(self, LISTS[method]).values())
        if "start" in asked.body:
            return Answer({"result": self._found(asked.body, rows)})
        # without `start: -1` all are counted
        last = int(asked.body["filter"]["<=ID"])
        found = [row for row in rows if int(row["ID"]) <= last]
        total = sum(int(row["ID"]) > int(asked.body["filter"][">ID"]) for row in found)
        return Answer({"result": [{"ID": row["ID"]} for row in self._found(asked.body, found)], "total": total})

    def _found(self, body: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert (body.get("start", -1), body["order"]) == (-1, {"ID": "ASC"})
        (name, since) = next(((key[2:], value) for key, value in body["filter"].items() if key.startswith(">=")), ("", ""))
        found = [row for row in rows if int(row["ID"]) > int(body["filter"][">ID"])]
        if since:
            found = [row for row in found if datetime.fromisoformat(row[name]) >= datetime.fromisoformat(since)]
        return sorted(found, key=lambda row: int(row["ID"]))[:PAGE]
