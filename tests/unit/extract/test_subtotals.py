"""A file that divides whole into rows and their sums is one with subtotals: asked for, unless few prices or instalments do that."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

SUBTOTALS = (10, 25, 35, 40, 12, 52, 13, 8, 21)
HEADS = {
    "payments": ("payment_id,paid_at,amount,currency,client_id", "P{0},2026-01-05,{1},EUR,{2}"),
    "payment_plan": ("plan_id,due_date,amount,currency,client_id", "P{0},2026-01-05,{1},EUR,{2}"),
    "ad_spend": ("date,channel,campaign,cost,currency,note", "2026-01-05,google,Campaign {0},{1},EUR,{2}"),
    "channel_costs": ("channel,from_date,to_date,note,cost,currency,by", "seo,2026-01-01,2026-01-31,Text {0},{1},EUR,{2}"),
}


def _table(csv: Landing, entity: str, amounts: tuple[float, ...], payers: str = "") -> Landing:
    """Rows of these amounts; payers: a letter for each, none where it is `-`."""
    csv.system, csv.entity = "template", entity
    header, row = HEADS[entity]
    told = payers.replace("-", " ").ljust(len(amounts))
    rows = [row.format(number, amount, told[number].strip()) for number, amount in enumerate(amounts)]
    csv.write("a.csv", "\n".join([header, *rows, ""]))
    return csv


def _warned(csv: Landing) -> list[str]:
    return [warning for warning in csv.land().warnings if "add up to, and no row is left over" in warning]


@pytest.mark.parametrize("entity", HEADS)
@pytest.mark.parametrize(("amounts", "first", "place"), [(SUBTOTALS, 3, "before"), (SUBTOTALS[::-1], 1, "after")])
def test_subtotals_are_asked_for(csv: Landing, entity: str, amounts: tuple[float, ...], first: int, place: str) -> None:
    _table(csv, entity, amounts, "aa-bb-cc-"[:: 1 if place == "before" else -1])
    told = rf"3 rows, the first of them row {first} with {amounts[first - 1]}.00, are what the rows {place} each add up to.*108.00 of"
    with pytest.raises(ConfigError, match=told + r"[\s\S]*`skip_rows_matching`[\s\S]*`overlap: add`"):
        csv.land()
    csv.options["overlap"] = "add"
    assert csv.land().rows == 9


@pytest.mark.parametrize(
    ("amounts", "payers"),
    [
        pytest.param((50, 50, 100) * 3, "", id="two prices"),
        pytest.param((50, 50, 100) * 30, "", id="two prices in a long file"),
        pytest.param((50, 100, 150, 100, 50, 150, 50, 50, 100), "", id="three prices"),
        pytest.param((297.25, 297.25, 594.5, 312.5, 312.5, 625, 450.75, 450.75, 901.5), "", id="instalments of nobody"),
        pytest.param((190, 100, 290, 100, 190, 290, 100, 100, 90, 290), "", id="few prices"),
        pytest.param(SUBTOTALS, "aaabbbcc-", id="some are of their payers"),
    ],
)
def test_what_may_be_chance_is_told(csv: Landing, amounts: tuple[float, ...], payers: str) -> None:
    assert len(_warned(_table(csv, "payments", amounts, payers))) == 1


@pytest.mark.parametrize(
    ("amounts", "payers"),
    [
        pytest.param((500, 1500, 2000, 500, 1000, 1500, 500, 750, 1250), "aaabbbccc", id="a deposit, up to half, the rest"),
        pytest.param((297, 198, 495, 300, 200, 500, 450, 300, 750), "aaabbbccc", id="30, 20 and 50 percent"),
        pytest.param(SUBTOTALS[:6], "", id="two groups"),
        pytest.param((*SUBTOTALS, 7), "", id="a row is left over"),
        pytest.param((7, *SUBTOTALS), "", id="the first row belongs to none"),
        pytest.param((10, 10, 25, 25, 40, 40), "", id="equal pairs are no sums"),
        pytest.param((100, 100, 100, 100, 100), "", id="one price"),
    ],
)
def test_ordinary_files_are_not(csv: Landing, amounts: tuple[float, ...], payers: str) -> None:
    assert not _warned(_table(csv, "payments", amounts, payers))
