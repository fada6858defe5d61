"""Salesforce's REST as its documentation has it, as far as tap-salesforce asks: OAuth, describe, queryAll by pages, deleted records too."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

PAGE = 20
STAGES = ("Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost", "Lost to nobody")
ENDS = {"Closed Won": "won", "Closed Lost": "lost", "Lost to nobody": "lost"}
SYSTEM = {"Id": "id", "IsDeleted": "boolean", "CreatedDate": "datetime", "SystemModstamp": "datetime"}
PERSON = {"Name": "string", "Email": "email", "Phone": "phone", "MobilePhone": "phone"}
OBJECTS = {
    "Lead": SYSTEM | PERSON | {"MasterRecordId": "reference", "Status": "picklist", "LeadSource": "picklist", "OwnerId": "reference"}
    | {"IsConverted": "boolean", "ConvertedDate": "date", "ConvertedAccountId": "reference", "ConvertedContactId": "reference"}
    | {"ConvertedOpportunityId": "reference", "Shoe_Size__c": "double"},
    "Opportunity": SYSTEM | {"Name": "string", "AccountId": "reference", "ContactId": "reference", "CampaignId": "reference"}
    | {"OwnerId": "reference", "LeadSource": "picklist", "StageName": "picklist", "IsClosed": "boolean", "IsWon": "boolean"}
    | {"Amount": "currency", "CurrencyIsoCode": "picklist", "CloseDate": "date"},
    "OpportunityHistory": SYSTEM | {"OpportunityId": "reference", "StageName": "picklist", "CreatedById": "reference"},
    "LeadHistory": {"Id": "id", "IsDeleted": "boolean", "CreatedDate": "datetime", "LeadId": "reference", "Field": "picklist"}
    | {"OldValue": "anyType", "NewValue": "anyType", "CreatedById": "reference"},
    "Contact": SYSTEM | PERSON | {"AccountId": "reference"},
    "Account": SYSTEM | {"Name": "string"},
}  # fmt: skip
PREFIXES = {"Lead": "00Q", "Opportunity": "006", "OpportunityHistory": "008", "LeadHistory": "017", "Contact": "003", "Account": "001"}


class FakeSalesforce(FakeApi):
    """records: object -> id -> record. Of three leads one is converted, and its opportunity goes on to some stage; one is called."""

    def __init__(self, leads: int = 0, first: datetime | None = None, seed: int = 1, **secrets: str) -> None:
        super().__init__()
        self.random, self.secrets = Random(seed), secrets  # noqa: S311  test data
        self.records: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in OBJECTS}
        self.lists: list[list[dict[str, Any]]] = []
        begin = first or datetime(2026, 1, 10, 9, tzinfo=UTC)
        for number in range(leads):
            at = begin + timedelta(hours=7 * number)
            self.add_lead(number, at)
            if number % 3 == 1:
                self.set_status(number, "Working - Contacted", at + timedelta(minutes=40))
            if number % 3 == 0:
                self.convert(number, at + timedelta(hours=2))
                self.move(number, self.random.choice(STAGES), at + timedelta(hours=5))

    def add_lead(self, number: int, at: datetime) -> None:
        """A lead from the site that nobody has called."""
        person = {"Name": f"Person {number}", "Email": f"sf{number}@Client.test", "Phone": f"+49 30 55{number:04d}"}
        told = {"Status": "Open - Not Contacted", "LeadSource": "Web", "OwnerId": "005A", "IsConverted": False, "Shoe_Size__c": 42.5}
        self._write("Lead", number, at, **person, **told)

    def convert(self, number: int, at: datetime, into: int | None = None) -> None:
        """The lead becomes an account, a contact and an opportunity; `into`: the opportunity of that lead, which is there already."""
        if into is None:
            self._write("Account", number, at, Name=f"Client {number}")
            self._write("Contact", number, at, AccountId=made_id("Account", number), Email=f"office{number}@client.test")
            money = {"Amount": self.random.randrange(100, 9000) + 0.25, "CurrencyIsoCode": "EUR", "CloseDate": "2026-12-31"}
            told = {"AccountId": made_id("Account", number), "OwnerId": "005B", "LeadSource": "Web", "StageName": "Prospecting"}
            self._write("Opportunity", number, at, **money, **told, IsClosed=False, IsWon=False)
            self._tell(number, at)
        target = number if into is None else into
        self.set_status(number, "Closed - Converted", at)
        lead = {"IsConverted": True, "ConvertedDate": at.date().isoformat()}
        lead |= {f"Converted{name}Id": made_id(name, target) for name in ("Account", "Contact", "Opportunity")}
        self.change("Lead", number, at, **lead)

    def set_status(self, number: int, status: str, at: datetime) -> None:
        """The lead has another status, which its history tells."""
        before = self.records["Lead"][made_id("Lead", number)]["Status"]
        self.change("Lead", number, at, Status=status)
        told = {"LeadId": made_id("Lead", number), "Field": "Status", "OldValue": before, "NewValue": status, "CreatedById": "005A"}
        self._write("LeadHistory", len(self.records["LeadHistory"]), at, **told)
        # another field whose history is kept
        told |= {"Field": "Email", "OldValue": None, "NewValue": f"new{number}@client.test"}
        self._write("LeadHistory", len(self.records["LeadHistory"]), at, **told)

    def move(self, number: int, stage: str, at: datetime) -> None:
        """The opportunity enters a stage."""
        self.change("Opportunity", number, at, StageName=stage, IsClosed=stage in ENDS, IsWon=ENDS.get(stage) == "won")
        self._tell(number, at)

    def raise_amount(self, number: int, at: datetime) -> None:
        """Another amount, which the history tells in a row of its own."""
        self.change("Opportunity", number, at, Amount=self.records["Opportunity"][made_id("Opportunity", number)]["Amount"] + 100)
        self._tell(number, at)

    def delete(self, name: str, number: int, at: datetime, **more: Any) -> None:
        """Into the recycle bin; a lead that was merged names who is left (MasterRecordId)."""
        self.change(name, number, at, IsDeleted=True, **more)

    def change(self, name: str, number: int, at: datetime, **fields: Any) -> None:
        """Fields of a record, at this moment."""
        self.records[name][made_id(name, number)] |= fields | {"SystemModstamp": moment(at)}

    def next_day(self, at: datetime) -> None:
        """What a second night finds: new, converted, moved, deleted, merged records, and one of which only the amount is another."""
        self.add_lead(901, at)
        self.add_lead(902, at)
        self.convert(902, at + timedelta(minutes=1))
        self.convert(1, at)
        self.move(1, "Closed Won", at + timedelta(hours=1))
        self.convert(2, at, into=0)
        self.move(3, "Lost to nobody", at)
        self.raise_amount(6, at)
        self.delete("Lead", 4, at)
        self.delete("Lead", 5, at, MasterRecordId=made_id("Lead", 7))
        self.delete("Opportunity", 9, at)
        self.delete("Lead", 12, at)
        self.change("Contact", 15, at, Email="moved@client.test")

    def _write(self, name: str, number: int, at: datetime, **fields: Any) -> None:
        record = dict.fromkeys(OBJECTS[name]) | {"Id": made_id(name, number), "IsDeleted": False} | fields
        self.records[name][record["Id"]] = record | {"CreatedDate": moment(at), "SystemModstamp": moment(at)}

    def _tell(self, number: int, at: datetime) -> None:
        deal = self.records["Opportunity"][made_id("Opportunity", number)]
        told = {"OpportunityId": deal["Id"], "StageName": deal["StageName"], "CreatedById": "005B"}
        self._write("OpportunityHistory", len(self.records["OpportunityHistory"]), at, **told)

    def route(self, asked: Asked) -> Answer:
        if asked.path == "/services/oauth2/token":
            if any(asked.body.get(name) != value for name, value in self.secrets.items()):
                return Answer({"error": "invalid_grant", "error_description": "authentication failure"}, 400)
            return Answer({"access_token": f"{self.secrets.get('refresh_token', '')}-access", "instance_url": self.url})
        if not asked.headers.get("Authorization", "").endswith("-access"):
            return Answer([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}], 401)
        place = asked.path.removeprefix("/services/data/v61.0/")
        if place == "sobjects":
            return Answer({"sobjects": [{"name": name} for name in OBJECTS]})
        if found := re.fullmatch(r"sobjects/(\w+)/describe", place):
            return Answer({"fields": [{"name": name, "type": kind, "nillable": True} for name, kind in OBJECTS[found[1]].items()]})
        if place == "queryAll" and "q" in asked.params:
            self.lists.append(self._found(asked.params["q"]))
            return self._page(len(self.lists) - 1, 0)
        # the next page of a list, whatever its parameters
        number, start = place.removeprefix("query/").split("-")
        return self._page(int(number), int(start))

    def _found(self, soql: str) -> list[dict[str, Any]]:
        asked = re.fullmatch(r"SELECT (\S+) FROM (\w+)(?: WHERE (\w+) >= (\S+)\s+ORDER BY \w+ ASC)?", soql)
        assert asked, soql
        fields, name, cursor, since = asked.groups()
        rows = [
            {"attributes": {"type": name}} | {field: row[field] for field in fields.split(",")}
            for row in self.records[name].values()
            if not cursor or datetime.fromisoformat(row[cursor]) >= datetime.fromisoformat(since)
        ]
        return sorted(rows, key=lambda row: row[cursor]) if cursor else rows

    def _page(self, number: int, start: int) -> Answer:
        rows, following = self.lists[number], start + PAGE
        more = {"nextRecordsUrl": f"/services/data/v61.0/query/{number}-{following}"} if following < len(rows) else {}
        return Answer({"totalSize": len(rows), "done": not more, "records": rows[start:following]} | more)


def made_id(name: str, number: int) -> str:
    """An id of 18 characters: 15, and three that say which of them are capitals."""
    short = f"{PREFIXES[name]}5g0000{number:06d}"
    parts = [short[start : start + 5] for start in (0, 5, 10)]
    return short + "".join(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(each.isupper() << place for place, each in enumerate(part))] for part in parts
    )


def moment(at: datetime) -> str:
    """A moment as the API writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
