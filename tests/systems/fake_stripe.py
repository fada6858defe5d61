"""Stripe's balance transactions as its documentation has them: newest first, a hundred a page, minor units, sources expanded."""

from __future__ import annotations

from typing import Any

from fake_server import Answer, Asked, FakeApi


class FakeStripe(FakeApi):
    """transactions: in order of time."""

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self.token = token
        self.transactions: list[dict[str, Any]] = []

    def add(self, created: int, amount: int, currency: str = "eur", category: str = "charge", fee: int = 0, **source: Any) -> str:
        """One movement of money; amount and fee in minor units. Returns its id."""
        number = len(self.transactions) + 1
        told = {"id": f"src_{number}", "livemode": True, **source}
        self.transactions.append(
            {
                "id": f"txn_{number}",
                "object": "balance_transaction",
                "created": created,
                "available_on": created + 86_400,
                "amount": amount,
                "fee": fee,
                "net": amount - fee,
                "currency": currency,
                "exchange_rate": None,
                "reporting_category": category,
                "type": "adjustment" if "dispute" in category else category,
                "status": "available",
                "source": told,
            }
        )
        return f"txn_{number}"

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_live_***"}}, 401)
        if asked.path != "/v1/balance_transactions" or asked.params.get("expand[]") != "data.source":
            return Answer({"error": {"message": "Unrecognized request URL"}}, 404)
        since = int(asked.params.get("created[gte]", 0))
        shown = sorted((each for each in self.transactions if each["created"] >= since), key=lambda each: -each["created"])
        if after := asked.params.get("starting_after"):
            shown = shown[[each["id"] for each in shown].index(after) + 1 :]
        limit = int(asked.params.get("limit", 10))
        return Answer({"object": "list", "data": shown[:limit], "has_more": len(shown) > limit, "url": "/v1/balance_transactions"})
