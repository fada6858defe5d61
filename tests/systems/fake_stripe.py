"""Stripe's balance transactions as its documentation has them: newest first, by starting_after, the source expanded, minor units."""

from __future__ import annotations

from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi

# What each reporting category does to money, and the object its source is.
KINDS = (("charge", 1, "charge"), ("charge", 1, "charge"), ("refund", -1, "refund"), ("dispute", -1, "dispute"), ("payout", -1, "payout"))
# Minor units of one unit.
UNITS = {"eur": 100, "usd": 100, "jpy": 1, "kwd": 1000}
DAY = 86_400


class FakeStripe(FakeApi):
    """rows: transactions, oldest first."""

    def __init__(self, rows: int = 0, first: int = 1_772_000_000, seed: int = 1, key: str = "") -> None:
        super().__init__()
        self.random, self.key, self.rows = Random(seed), key, []  # noqa: S311  test data
        for number in range(rows):
            self.add(first + number * DAY // 10)

    def add(self, created: int) -> dict[str, Any]:
        """A transaction of some kind in some currency."""
        number = len(self.rows)
        category, sign, kind = self.random.choice(KINDS)
        amount = sign * self.random.randrange(100, 90_000)
        row = {
            "id": f"txn_{number:06d}",
            "object": "balance_transaction",
            "created": created,
            "available_on": created + 7 * DAY,
            "amount": amount,
            "fee": max(amount, 0) // 50,
            "net": amount - max(amount, 0) // 50,
            "currency": self.random.choice(list(UNITS)),
            "exchange_rate": None,
            "reporting_category": category,
            "type": category,
            "status": "available",
            "source": {"id": f"{kind[:2]}_{number}", "object": kind, "customer": f"cus_{number % 9}", "livemode": True},
        }
        if kind in ("refund", "dispute"):
            row["source"] |= {"charge": {"id": f"ch_{number - 1}", "customer": f"cus_{number % 9}"}, "customer": None}
        row["source"]["metadata"] = {"lead_id": f"L{number}"} if kind == "charge" else {}
        self.rows.append(row)
        return row

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            return Answer({"error": {"message": "Invalid API Key provided", "type": "invalid_request_error"}}, 401)
        shown = [row for row in reversed(self.rows) if row["created"] >= int(asked.params.get("created[gte]", 0))]
        ids = [row["id"] for row in shown]
        start = ids.index(asked.params["starting_after"]) + 1 if "starting_after" in asked.params else 0
        size = min(int(asked.params["limit"]), 100)
        return Answer({"object": "list", "data": shown[start : start + size], "has_more": start + size < len(shown)})
