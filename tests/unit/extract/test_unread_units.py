"""A rate of several units and ad spend of several days are never counted as of one in silence; exports by day and rates of one are read."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

RATES = "date,currency,rate_to_base,{}\n2026-03-02,USD,78.10,{}\n2026-03-02,SEK,84.10,{}\n"


@pytest.mark.parametrize(
    ("column", "one", "many"),
    [
        ("nominal", "1", "10"),
        ("Номинал", "1.0000", "100"),
        ("Units", "1 USD", "10 SEK"),
        ("Per", "", "100"),
        ("Multiplier", "1,0", "0.01"),
        ("Einheit", "1", "1000"),
        ("Amount", "USD", "10"),
    ],
)
def test_a_rate_of_several_units_is_asked_for(csv: Landing, column: str, one: str, many: str) -> None:
    csv.system, csv.entity = "template", "fx_rates"
    csv.write("a.csv", RATES.format(column, f'"{one}"', f'"{one}"'))
    assert csv.land().rows == 2
    csv.write("a.csv", RATES.format(column, f'"{one}"', f'"{many}"'))
    with pytest.raises(
        ConfigError, match=rf"column {column} is read by nobody and says \S+ in 1 row\(s\): rates of SEK would[\s\S]*of one unit"
    ):
        csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == 2


@pytest.mark.parametrize("column", ["Base", "base_currency", "To", "Quote Currency", "Target", "Базовая валюта", "currency_to"])
def test_a_rate_in_another_currency_is_asked_for(csv: Landing, column: str) -> None:
    csv.system, csv.entity = "template", "fx_rates"
    csv.write("a.csv", RATES.format(column, "EUR", "eur"))
    assert csv.land().rows == 2
    csv.write("a.csv", RATES.format(column, "USD", "EUR"))
    told = rf"column {column} is read by nobody and says USD in 1 row\(s\): their rates would count as told in EUR[\s\S]*`ignore_columns"
    with pytest.raises(ConfigError, match=told):
        csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == 2


PAID = "payment_id,paid_at,amount,currency,{}\n1,2026-03-02,100.00,EUR,{}\n2,2026-03-02,250.50,EUR,{}\n"


@pytest.mark.parametrize("column", ["Amount Paid", "paid_amount", "Оплачено", "Сумма оплаты", "Total received", "Bezahlter Betrag"])
def test_an_invoice_of_which_a_part_was_paid_is_asked_for(csv: Landing, column: str) -> None:
    csv.system, csv.entity = "template", "payments"
    for paid in (("100", "250.50"), ("84.03", "210.50"), ("", "250.50"), ("120", "250.50")):
        csv.write("a.csv", PAID.format(column, *paid))
        assert csv.land().rows == 2, paid
    csv.write("a.csv", PAID.format(column, "100.00", "200"))
    told = rf"column {column} is read by nobody and says less than amount in 1 row\(s\): 250.50 would count, where it says 200.00"
    with pytest.raises(ConfigError, match=told):
        csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == 2


def _spend(csv: Landing, column: str, *rows: str) -> Landing:
    csv.system, csv.entity = "template", "ad_spend"
    csv.write("a.csv", "\n".join([f"date,channel,cost,currency,campaign,{column}", *rows, ""]))
    return csv


def _row(day: str, *ends: str, cost: str = "2800.00", campaign: str = "Brand") -> str:
    return ",".join([day, "facebook", cost, "EUR", campaign, *ends])


SPANS = [
    pytest.param("Reporting ends", [_row("2026-02-15", "2026-03-14"), _row("2026-02-15", "2026-03-14", campaign="Leads")], id="a month"),
    pytest.param("date_stop", [_row("2026-03-02", "2026-03-08"), _row("2026-03-09", "2026-03-15")], id="weeks"),
    pytest.param(
        "End date", [_row("2026-03-02", "2026-03-08"), _row("2026-03-09", "2026-03-15")], id="weeks of a name that may be a campaign's"
    ),
    pytest.param("End date,Start date", [_row("2026-03-02", "2026-03-31", "2026-03-02")] * 2, id="a month with its start"),
    pytest.param("по", [_row("01.03.2026", "31.03.2026")], id="in numbers"),
    pytest.param("Конец периода", [_row("2026-03-01 00:00", "2026-03-31 23:59")], id="moments"),
]
DAYS = [
    pytest.param("Reporting ends", [_row("2026-03-01", "2026-03-01"), _row("2026-03-02", "2026-03-02")], id="by day"),
    pytest.param(
        "Reporting ends", [_row(f"2026-03-0{day}", "2026-03-09") for day in range(1, 10)], id="by day, with the range of the report"
    ),
    pytest.param("End date", [_row(f"2026-03-0{day}", "2026-12-31") for day in range(1, 5)], id="ends of campaigns"),
    pytest.param("End date", [_row("2026-03-01", "2026-12-31"), _row("2026-03-01", "")], id="a campaign without an end"),
    pytest.param(
        "End date,Start date", [_row("2026-03-01", "2026-12-31", "2026-01-05"), _row("2026-03-01", "2026-06-30", "2026-01-06")], id="a day"
    ),
    pytest.param("Campaign end date", [_row("2026-03-01", "2026-12-31")], id="named after its campaign"),
    pytest.param("Ends", [_row("2026-03-01", "Ongoing"), _row("2026-03-02", "Ongoing")], id="words"),
    pytest.param("date_stop", [_row("01/03/2026", "01/03/2026")], id="in numbers"),
    pytest.param("to", [_row("2026-03-01 00:00", "2026-03-01 23:59")], id="the end of its day"),
]


@pytest.mark.parametrize(("column", "rows"), SPANS)
def test_spend_of_several_days_is_asked_for(csv: Landing, column: str, rows: list[str]) -> None:
    end = column.split(",")[0]
    told = (
        rf"column {end} is read by nobody and says a later day than `date` in {len(rows)} row\(s\), such as 2026-0\d-\d\d to 2026-03-\d\d: "
        rf"{len(rows) * 2800:,}.00 would count as spent on their first day[\s\S]*time increment: 1 day[\s\S]*`channel_costs`"
    )
    with pytest.raises(ConfigError, match=told):
        _spend(csv, column, *rows).land()
    csv.options["ignore_columns"] = column.split(",")
    csv.options["overlap"] = "add"
    assert csv.land().rows == len(rows)


@pytest.mark.parametrize(("column", "rows"), DAYS)
def test_spend_by_day_is_read(csv: Landing, column: str, rows: list[str]) -> None:
    csv.source = {"date_order": "dmy"} if "/" in rows[0] else {}
    assert not [warning for warning in _spend(csv, column, *rows).land().warnings if "later day" in warning]


def test_one_day_of_one_end_is_told(csv: Landing) -> None:
    (warning,) = (
        _spend(csv, "End date", _row("2026-03-01", "2026-03-31"), _row("2026-03-01", "2026-03-31", campaign="Leads")).land().warnings
    )
    assert "column End date is read by nobody and says a later day than `date` in 2 row(s)" in warning
