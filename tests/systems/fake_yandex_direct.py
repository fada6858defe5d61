"""Yandex Direct's reports as its documentation has them: 201 and 202 until a report is made, then tab-separated lines."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

from fake_server import Answer, Asked, FakeApi


class FakeYandexDirect(FakeApi):
    """cost: (day, ad) -> hundredths. queued: how often a report is not ready when asked for."""

    def __init__(self, first: date, days: int, seed: int = 1, token: str = "", queued: int = 2) -> None:
        super().__init__()
        self.random, self.token, self.queued = Random(seed), token, queued  # noqa: S311  test data
        self.cost: dict[tuple[date, str], int] = {}
        self.waited: Counter[str] = Counter()
        for number in range(days):
            self.spend(first + timedelta(days=number))

    def spend(self, day: date) -> None:
        """What every ad cost on a day; said again, the figures are corrected."""
        for ad in ("501", "502", "--"):
            self.cost[day, ad] = self.random.randrange(1, 900_000)

    def error(self, code: int, status: int = 400) -> Answer:
        """As Yandex says that something is wrong."""
        return Answer({"error": {"request_id": "1", "error_code": str(code), "error_string": "Error", "error_detail": "why"}}, status)

    def route(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.token}":
            return self.error(53)
        assert asked.headers["returnMoneyInMicros"] == "false"
        wanted = asked.body["params"]
        name = wanted["ReportName"]
        self.waited[name] += 1
        if self.waited[name] <= self.queued:
            return Answer(b"", 201 if self.waited[name] == 1 else 202, {"retryIn": "0"})
        days = wanted["SelectionCriteria"]
        return Answer(self._table(wanted["FieldNames"], days), headers={"Content-Type": "text/tab-separated-values"})

    def _table(self, names: list[str], days: dict[str, str]) -> bytes:
        first, last = (date.fromisoformat(days.get(name, "2026-03-01")) for name in ("DateFrom", "DateTo"))
        lines = ["\t".join(names)]
        for (day, ad), cost in sorted(self.cost.items()):
            if first <= day <= last:
                row: dict[str, Any] = {"Date": day.isoformat(), "CampaignId": "31", "CampaignName": 'Поиск "весна"', "AdGroupId": "41"}
                row |= {"AdGroupName": "Group", "AdId": ad, "Impressions": cost, "Clicks": cost // 100, "Cost": f"{cost / 100:.2f}"}
                lines.append("\t".join(str(row[name]) for name in names))
        return ("\n".join(lines) + "\n").encode()
