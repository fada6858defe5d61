"""A figure beside the one that counts, in a column that nobody reads: asked for where it says another sum, day or currency."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

FORMS = {
    "payments": ("payment_id,paid_at,amount,currency,client_id", "P{0},{1},{2},EUR,C{0}"),
    "payment_plan": ("plan_id,due_date,amount,currency,client_id", "P{0},{1},{2},EUR,C{0}"),
    "ad_spend": ("date,channel,campaign,cost,currency", "{1},google,Campaign {0},{2},EUR"),
    "channel_costs": ("channel,from_date,to_date,note,cost,currency", "seo,{1},{1},Text {0},{2},EUR"),
    "targets": ("month,kpi,value,channel", "2026-0{0},revenue,{2},"),
}
DAYS = ("2026-01-05", "2026-01-07", "2026-01-11", "2026-01-12", "2026-01-20", "2026-01-22")
SUMS = ("100.00", "250.50", "80.00", "310.25", "45.00", "99.00")


def _table(csv: Landing, entity: str, column: str, *cells: str, days: tuple[str, ...] = DAYS, sums: tuple[str, ...] = SUMS) -> Landing:
    csv.system, csv.entity = "template", entity
    header, row = FORMS[entity]
    rows = [f"{row.format(place + 1, days[place], sums[place])},{cell}" for place, cell in enumerate(cells)]
    csv.write("a.csv", "\n".join([f"{header},{column}", *rows, ""]))
    return csv


@pytest.mark.parametrize(
    ("entity", "column", "cells"),
    [
        ("payments", "Line item price", ("50.00", "100")),
        ("payments", "Split amount", ("50.00", "100")),
        ("payment_plan", "Installment amount", ("50.00", "250.50")),
        ("payments", "Сумма позиции", ("50.00", "100")),
        ("ad_spend", "Actual cost", ("100.00", "120")),
        ("channel_costs", "Расход факт", ("90", "250.50")),
        ("payments", "Amount Paid", ("100.00", "120")),
        ("ad_spend", "Cost currency", ("EUR", "USD")),
        ("channel_costs", "amount_currency", ("usd", "usd")),
        ("targets", "currency", ("USD", "USD")),
        ("payments", "Payment date", ("2026-02-05", "2026-02-07", "2026-02-11")),
    ],
)
def test_another_figure_is_asked_for(csv: Landing, entity: str, column: str, cells: tuple[str, ...]) -> None:
    _table(csv, entity, column, *cells)
    with pytest.raises(ConfigError, match=rf"column {column} is read by nobody and says [\s\S]*`ignore_columns"):
        csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == len(cells)


@pytest.mark.parametrize(
    ("entity", "column", "cells"),
    [
        ("payments", "Total", ("100.00", "751.50")),
        ("payments", "Original amount", ("110.00", "260")),
        ("ad_spend", "Amount spent (EUR)", ("90", "240")),
    ],
)
def test_what_may_be_another_measure_is_told(csv: Landing, entity: str, column: str, cells: tuple[str, ...]) -> None:
    (warning,) = [each for each in _table(csv, entity, column, *cells).land().warnings if "is read by nobody and says" in each]
    assert f"another sum than {'cost' if entity == 'ad_spend' else 'amount'}" in warning


@pytest.mark.parametrize(
    ("entity", "column", "cells"),
    [
        ("payments", "Line item price", ("100.00", "250.50")),
        ("payments", "Total", ("100", "250.50")),
        ("payments", "Item value", ("", "n/a")),
        ("ad_spend", "Actual cost", ("100.00", "250.5")),
        ("ad_spend", "Cost currency", ("EUR", "eur")),
        ("ad_spend", "Cost per click", ("0.50", "0.20")),
        ("targets", "currency", ("EUR", "")),
        ("payments", "Payment date", ("2026-01-05", "2026-01-08", "2026-02-11")),
        ("payments", "Settlement currency", ("USD", "USD")),
        # what a bank passes on is there some days later
        ("payments", "Дата зачисления", ("2026-01-07", "2026-01-09", "2026-01-13")),
        ("payments", "Received date", ("2026-01-08", "2026-01-12", "2026-01-13")),
        # the row says itself what lies between: a fee, a tax and a discount, a quantity
        ("payments", "Amount received,Fee", ("97.00,3.00", "250.50,0", "78.5,1.50")),
        ("payments", "Получено,Комиссия", ("97.00,3.00", "250.50,")),
        ("payments", "Item price,Tax,Shipping", ("80.00,15.00,5.00", "250.50,0,0")),
        ("payments", "Line item price,Quantity", ("50.00,2", "250.50,1", "20.00,4")),
        ("payments", "Lineitem price,Lineitem quantity,Taxes", ("40.00,2,20.00", "250.50,1,0", "38.00,2,4.00")),
        ("payments", "Total,VAT", ("120.00,20.00", "250.50,")),
    ],
)
def test_what_says_the_same_is_not(csv: Landing, entity: str, column: str, cells: tuple[str, ...]) -> None:
    assert not [each for each in _table(csv, entity, column, *cells).land().warnings if "is read by nobody and says" in each]


@pytest.mark.parametrize("column", ["Original create date", "Дата заявки", "inquiry_date", "Erstellt am"])
def test_leads_that_came_on_another_day_are_told(csv: Landing, column: str) -> None:
    csv.system, csv.entity = "template", "leads"

    def told(*cells: str) -> list[str]:
        rows = [f"L{place},2026-01-05 10:00,seo,{cell}" for place, cell in enumerate(cells)]
        csv.write("a.csv", "\n".join([f"lead_id,created_at,channel,{column}", *rows, ""]))
        return [each for each in csv.land().warnings if "says another day than created_at" in each]

    (warning,) = told("2025-06-01", "2025-06-02", "2025-07-01 09:00")
    assert "in 3 row(s), such as 2025-06-01 where 2026-01-05 counts" in warning
    assert not told("2026-01-05", "2026-01-06", "2025-06-02")


def test_cents_of_an_api_are_asked_for(csv: Landing) -> None:
    cents = ("10000", "25050", "8000")
    for sums, cells in ((SUMS, SUMS[:3]), (("100", "200", "1300"), ("100", "200", "1300"))):
        assert _table(csv, "payments", "amount_captured", *cells, sums=sums).land().rows == 3
    _table(csv, "payments", "amount_captured", *cents, sums=cents)
    with pytest.raises(ConfigError, match=r"all 3 values are whole numbers, 43,050 together, beside amount_captured[\s\S]*`stripe`"):
        csv.land()
    csv.options["ignore_columns"] = ["amount_captured"]
    assert csv.land().rows == 3


@pytest.mark.parametrize(("column", "ending"), [("Amount Refunded", ""), ("amount_refunded", ".00"), ("Amount Received", "")])
def test_a_dashboard_tells_whole_units(csv: Landing, column: str, ending: str) -> None:
    sums = ("1250", "490", "1990")
    cells = sums if column == "Amount Received" else ("0", "0", "0")
    assert not _table(csv, "payments", column, *cells, sums=tuple(f"{each}{ending}" for each in sums)).land().warnings


@pytest.mark.parametrize("column", ["Order ID", "Invoice No", "Opportunity ID", "Номер заказа", "Rechnungsnummer"])
def test_the_whole_order_in_each_of_its_lines_is_asked_for(csv: Landing, column: str) -> None:
    csv.system, csv.entity = "template", "payments"
    header = f"payment_id,paid_at,amount,currency,client_id,{column}"

    def land(rows: list[str]) -> int:
        csv.write("a.csv", "\n".join([header, *rows, ""]))
        return csv.land().rows

    orders = [(f"#{number}", day, money) for number, (day, money) in enumerate(zip(DAYS, SUMS, strict=True))]
    lines = [f"{number}{line},{day},{money},EUR,C{number},{number}" for number, day, money in orders for line in "ab"]
    # by installments, or each line by itself
    assert land([f"{number}{line},2026-0{line}-05,{money},EUR,C{number},{number}" for number, _, money in orders for line in "12"]) == 12
    assert land([f"{number}{line},{day},{money[:-1]}{line},EUR,C{number},{number}" for number, day, money in orders for line in "12"]) == 12
    with pytest.raises(ConfigError, match=rf"column {column} is read by nobody, and 12 rows are of 6 of it[\s\S]*`ignore_columns"):
        land(lines)
    csv.options["ignore_columns"] = [column]
    assert land(lines) == 12
