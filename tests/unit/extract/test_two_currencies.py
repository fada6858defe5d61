"""A report of ad spend beside the same one in another currency is asked for; campaigns that were paid in two are told."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

COSTS = (12.34, 56.78, 90.12, 33.33)


def _land(csv: Landing, *rows: str) -> list[str]:
    csv.system, csv.entity, csv.options["ignore_columns"] = "template", "ad_spend", []
    csv.write("a.csv", "\n".join(["date,channel,campaign,cost,currency", *rows, ""]))
    return [warning for warning in csv.land().warnings if "as one report told twice" in warning]


def _rows(code: str, rates: tuple[float, ...], days: int = 1) -> list[str]:
    """The costs of each campaign on so many days, at the rate of each campaign, which moves from day to day."""
    return [
        f"2026-01-0{day},google,Campaign {place},{cost * rates[place % len(rates)] * (1 + day / 50):.2f},{code}"
        for day in range(1, days + 1)
        for place, cost in enumerate(COSTS)
    ]


@pytest.mark.parametrize("days", [1, 3])
def test_a_report_in_two_currencies_is_asked_for(csv: Landing, days: int) -> None:
    dollars = [row.replace("EUR", "USD") for row in _rows("EUR", (1.1,), days)]
    told = rf"{4 * days} campaigns of a day are there in EUR and in USD, in one proportion each day[\s\S]*`overlap: add`"
    with pytest.raises(ConfigError, match=told):
        _land(csv, *_rows("EUR", (1,), days), *dollars)
    csv.options["overlap"] = "add"
    assert csv.land().rows == 8 * days


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(_rows("EUR", (1,)) + _rows("USD", (1.1, 2.5)), id="other proportions"),
        pytest.param([f"2026-01-0{day},google,Brand,{10 + day},{code}" for day in (1, 2, 3) for code in ("EUR", "USD")], id="one a day"),
    ],
)
def test_campaigns_in_two_currencies_are_told(csv: Landing, rows: list[str]) -> None:
    assert len(_land(csv, *rows)) == 1


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(_rows("EUR", (1,), 3), id="one currency"),
        pytest.param([*_rows("EUR", (1,)), *(row.replace("google", "yandex") for row in _rows("RUB", (90,)))], id="two channels"),
        pytest.param([*_rows("EUR", (1,)), *(row.replace("Campaign", "US") for row in _rows("USD", (1.1,)))], id="other campaigns"),
        pytest.param(_rows("EUR", (1,)) + _rows("USD", (1.1,))[:2], id="two campaigns alone"),
        pytest.param(_rows("EUR", (1,)) + _rows("USD", (0,)), id="nothing spent in the other"),
    ],
)
def test_ordinary_reports_are_not(csv: Landing, rows: list[str]) -> None:
    assert not _land(csv, *rows)
