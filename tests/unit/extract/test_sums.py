"""A row that is what the others of its file add up to is a total: asked for, wherever it stands and whatever it is called."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

PARTS = ("120.00", "80.50", "99.99", "120.00", "0.00", "310.25", "45.00")
TOTAL = "775.74"
FORMS = {
    "payments": ("payment_id,paid_at,amount,currency", "P{0},2026-01-0{1},{2},EUR"),
    "payment_plan": ("plan_id,due_date,amount,currency", "P{0},2026-01-0{1},{2},EUR"),
    "ad_spend": ("date,channel,campaign,cost,currency", "2026-01-0{1},google,Campaign {0},{2},EUR"),
    "channel_costs": ("channel,from_date,to_date,note,cost,currency", "seo,2026-01-0{1},2026-01-0{1},Text {0},{2},EUR"),
}


def _table(csv: Landing, entity: str, amounts: list[str]) -> Landing:
    csv.system, csv.entity = "template", entity
    header, row = FORMS[entity]
    rows = [row.format(number, number % 7 + 1, amount) for number, amount in enumerate(amounts)]
    csv.write("a.csv", "\n".join([header, *rows, ""]))
    return csv


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_total_among_the_rows_is_asked_for(csv: Landing, entity: str, place: int) -> None:
    assert _table(csv, entity, list(PARTS)).land().rows == len(PARTS)
    _table(csv, entity, [*PARTS[:place], TOTAL, *PARTS[place:]])
    with pytest.raises(ConfigError, match=rf"row {place + 1}: its \w+ of 775.74 is what the 6 others add up to[\s\S]*`overlap: add`"):
        csv.land()
    csv.options["overlap"] = "add"
    assert csv.land().rows == len(PARTS) + 1


@pytest.mark.parametrize("amounts", [["100", "200", "300", "600"], ["10"] * 9 + ["90"]])
def test_what_may_be_chance_is_told(csv: Landing, amounts: list[str]) -> None:
    (warning,) = [each for each in _table(csv, "payments", amounts).land().warnings if "add up to" in each]
    assert f"row {len(amounts)}: its amount of {float(amounts[-1]):,.2f}" in warning


@pytest.mark.parametrize("amounts", [["100", "100", "200"], ["1", "2", "3", "4", "10.5"], ["600", "100", "200", "300", "-1"]])
def test_other_rows_are_none(csv: Landing, amounts: list[str]) -> None:
    assert not [each for each in _table(csv, "payments", amounts).land().warnings if "add up to" in each]
