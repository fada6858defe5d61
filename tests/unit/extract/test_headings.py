"""A line that says Refunds or Planned and nothing else says it of the rows below: they are asked for. A name or a month says nothing."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

HEADS = {
    "payments": ("payment_id,paid_at,amount,currency,client_id", "P{0},2026-01-05,{1},EUR,c"),
    "payment_plan": ("plan_id,due_date,amount,currency,client_id", "P{0},2026-01-05,{1},EUR,c"),
    "ad_spend": ("date,channel,campaign,cost,currency", "2026-01-0{0},google,Text,{1},EUR"),
    "channel_costs": ("channel,from_date,to_date,note,cost,currency", "seo,2026-01-01,2026-01-31,Text {0},{1},EUR"),
}
HEADINGS = {
    "payments": "Refunds | Cancelled | Unpaid | Возвраты | Отменено | Planned | Draft | — Refunded — | Pending: | Failed (2) | плановые",
    "payment_plan": "Cancelled | Draft | Отменено | On hold",
    "ad_spend": "Forecast | Planned | Refunds",
    "channel_costs": "Budget | Planned: | Rejected | Credit notes | Возвраты | План | Черновик",
}
ORDINARY = {
    "payments": "Paid | January | Anna Void-Meier | Refundable deposits | Budgetreisen GmbH | Voiding & Sons | Capital Partners | Open day",
    "payment_plan": "Planned | Unpaid | Pending | Overdue | Anna",
    "ad_spend": "January | Facebook | Search",
    "channel_costs": "Plan B Agency | Budget Rent a Car | Paid | Q1 | Events",
}


def _land(csv: Landing, entity: str, *lines: str, place: int = 0) -> list[str]:
    """A table with two rows before these lines and two behind; place: of the column in which they stand."""
    csv.system, csv.entity = "template", entity
    head, row = HEADS[entity]
    alone = ["," * place + line + "," * (head.count(",") - place) for line in lines]
    csv.write("a.csv", "\n".join([head, row.format(1, 10), row.format(2, 20.5), *alone, row.format(3, 30), row.format(4, 40.5), ""]))
    return csv.land().warnings


def _cases(texts: dict[str, str]) -> list[tuple[str, str]]:
    return [(entity, text) for entity, said in texts.items() for text in said.split(" | ")]


@pytest.mark.parametrize(("entity", "heading"), _cases(HEADINGS))
@pytest.mark.parametrize("place", [0, 1])
def test_rows_below_a_heading_are_asked_for(csv: Landing, entity: str, heading: str, place: int) -> None:
    with pytest.raises(ConfigError, match=r"row 3 says '.*' and nothing else: 2 row\(s\) below, 70.50, would count as") as refused:
        _land(csv, entity, heading, place=place)
    csv.options["skip_rows_matching"] = str(refused.value).partition("skip_rows_matching: '")[2].rpartition("'`")[0]
    assert csv.land().rows == 4


@pytest.mark.parametrize(("entity", "heading"), _cases(ORDINARY))
def test_rows_below_a_name_or_a_month_are_not(csv: Landing, entity: str, heading: str) -> None:
    assert not [warning for warning in _land(csv, entity, heading) if "nothing else" in warning]


def test_the_next_line_ends_what_one_says(csv: Landing) -> None:
    assert not [warning for warning in _land(csv, "payments", "Refunds", "Paid") if "nothing else" in warning]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("Refunds,,,,\nP1,2026-01-05,10,EUR,refund\n", id="each row says its kind"),
        pytest.param("Refunds,,,,\nP1,2026-01-05,-10,EUR,\n", id="what is below zero is set aside"),
        pytest.param("P1,2026-01-05,10,EUR,payment\nRefunds,,,,\n", id="nothing below"),
        pytest.param("Refunds,2026-01-05,,,\nP1,2026-01-05,10,EUR,payment\n", id="a row without an amount"),
    ],
)
def test_rows_that_say_it_themselves_are_not_asked_for(csv: Landing, rows: str) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", f"payment_id,paid_at,amount,currency,kind\nP0,2026-01-04,5,EUR,payment\n{rows}")
    assert not [warning for warning in csv.land().warnings if "nothing else" in warning]
