"""Rates of dollars, euros and pounds that are told the other way round are told of; those on their side are not."""

from __future__ import annotations

import pytest
from conftest_landing import Landing


def _told(csv: Landing, currency: str, *rates: str) -> list[str]:
    csv.system, csv.entity = "template", "fx_rates"
    rows = [f"2026-03-{day:02},{currency},{rate}" for day, rate in enumerate(rates, start=1)]
    csv.write("a.csv", "\n".join(["date,currency,rate_to_base", *rows, "2026-03-01,SEK,0.09", ""]))
    return [warning for warning in csv.land().warnings if "has not been since 2003" in warning]


@pytest.mark.parametrize(("currency", "rates"), [("USD", ("1.0812", "1.1", "1.16")), ("usd", ("1.08",)), ("GBP", ("0.84", "0.86"))])
def test_the_other_side_is_told(csv: Landing, currency: str, rates: tuple[str, ...]) -> None:
    (warning,) = _told(csv, currency, *rates)
    assert f"all {len(rates)} rates of {currency.upper()}, {float(rates[0]):g} to {float(rates[-1]):g}," in warning
    assert f"what one {currency.upper()} is worth in EUR" in warning


@pytest.mark.parametrize(
    ("currency", "rates"),
    [
        ("USD", ("0.92", "0.86")),
        ("USD", ("1.06", "0.99")),
        ("USD", ("92", "93")),
        ("GBP", ("1.16",)),
        ("CHF", ("0.94",)),
        ("USD", ("0", "")),
    ],
)
def test_rates_on_their_side_are_not(csv: Landing, currency: str, rates: tuple[str, ...]) -> None:
    assert not _told(csv, currency, *rates)
