"""A name proposes, what stands in the cells disposes, and what neither decides is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefunnel.drafts.guess import (
    Undecided,
    decide_date_order,
    decide_decimal_separator,
    guess_entity,
    match_columns,
    matched_columns,
    mixed_dates,
    suits,
)
from onefunnel.drafts.sample import Column, landed_sample

HISTORY = "Deal ID,Stage,Changed at\n" + "".join(f"{n},{s},2026-01-0{d}\n" for n in (1, 2, 3) for d, s in enumerate(("New", "Won"), 1))
RELISTED = "Deal ID,Stage,Changed at\n1,New,2026-01-01\n1,New,2026-01-02\n2,New,2026-01-02\n"


def dates(name: str, *values: str, tmp_path: Path) -> Column:
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join(["x;Day", *(f"1;{value}" for value in values)]) + "\n")
    with landed_sample(path) as sample:
        return sample.columns["Day"]


def numbers(*values: str, tmp_path: Path, name: str = "Cost") -> Column:
    path = tmp_path / "numbers.csv"
    path.write_text("\n".join([f"x;{name}", *(f"1;{value}" for value in values)]) + "\n")
    with landed_sample(path) as sample:
        return sample.columns[name]


def guessed(text: str, tmp_path: Path) -> str | None:
    path = tmp_path / "sample.csv"
    path.write_text(text)
    with landed_sample(path) as sample:
        found = guess_entity(sample)
    return found[0] if found else None


def test_columns_are_matched_by_name_synonym_and_resemblance() -> None:
    delivered = [
        "Record ID",
        "Create Date",
        "Original Source",
        "E-Mail",
        "Created At",
        "Requested services",
        "Colour",
        "Amount spent (EUR)",
    ]
    contract = ["lead_id", "created_at", "channel", "contact_email", "requested_service", "closed_at", "cost"]
    assert match_columns(contract, delivered) == {
        "lead_id": "Record ID",
        "created_at": "Created At",
        "channel": "Original Source",
        "contact_email": "E-Mail",
        "requested_service": "Requested services",
        "cost": "Amount spent (EUR)",
    }


@pytest.mark.parametrize(
    ("column", "cells", "is_suited"),
    [
        ("created_at", {"dates": 6}, True),
        ("created_at", {"dates": 4}, False),
        ("cost", {"numbers": 4}, False),
        ("event_id", {"distinct": 9}, False),
        ("payment_id", {"distinct": 9}, True),
        ("payment_id", {"distinct": 4}, False),
        # the name of a person would be published as an id
        ("contact_id", {"with_digits": 0}, False),
        ("contact_id", {"with_digits": 10, "of_words": 9}, False),
        ("contact_id", {"with_digits": 10}, True),
    ],
)
def test_what_stands_in_the_cells_disposes(column: str, cells: dict[str, int], is_suited: bool) -> None:
    assert suits(column, Column("x", filled=10, **({"distinct": 10} | cells))) is is_suited
    assert suits(column, Column("x"))


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("Day,Campaign,Cost,Impr.,Clicks\n2026-01-01,Brand,5.00,10,1\n", "ad_spend"),
        ("Date,Source,Campaign,Spend\n2026-01-01,Google,Brand,5.00\n", "ad_spend"),
        ("Payment ID,Paid on,Amount,Currency,Deal\n1,2026-01-01,5,EUR,7\n", "payments"),
        ("date,currency,rate\n2026-01-01,USD,0.9\n", "fx_rates"),
        ("month,kpi,target\n2026-01,leads,9\n", "targets"),
        ("Record ID,Create Date,Original Source,Deal Stage\n1,2026-01-01,Google,New\n", "leads"),
        ("date,name\n2026-01-01,New Year\n", "holidays"),
        (HISTORY, "stage_events"),
        ("Id,Created,Source,Stage,Modified Time\n1,2026-01-01,Google,New,2026-01-01\n1,2026-01-01,Google,Won,2026-01-02\n", "leads"),
        ("День;Кампания;Расход (руб.);Показы;Клики\n2026-01-01;Brand;5.00;10;1\n", "ad_spend"),
        ("ID;Дата создания;Источник;Этап сделки;Ответственный\n1;2026-01-01;Google;Новый;Ева\n", "leads"),
        # one stage each, delivered again: no history
        (RELISTED, None),
        ("Case ID,Created,Activity,Resource\n1,yes,Call,Eve\n", None),
        ("Sensor,Reading,Date\na,1,2026-01-01\n", None),
    ],
)
def test_the_entity_is_guessed_by_what_stands_there_and_nothing_is_proposed_where_nothing_fits(
    text: str, entity: str | None, tmp_path: Path
) -> None:
    assert guessed(text, tmp_path) == entity


def test_the_id_of_a_lead_is_none_of_an_event(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(HISTORY.replace("Deal ID", "ID"))
    with landed_sample(path) as sample:
        assert matched_columns("stage_events", sample)["lead_id"] == "ID"
        assert sample.repeats("ID") == (6, 3, "1", 2)


def test_a_report_is_read_below_its_titles(tmp_path: Path) -> None:
    text = 'Campaign report\n"1 January 2026 - 31 March 2026"\nDay,Campaign,Cost,Clicks\n2026-01-01,Brand,5.00,1\n'
    assert guessed(text, tmp_path) == "ad_spend"
    assert guessed("Kind,When\nmeeting,soon\n", tmp_path) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "order", "others"),
    [
        ([["2023-07-03"]], "ymd", {}),
        ([["5 Jan 2026"]], "ymd", {}),
        ([["7/31/2023", "1/2/2023"]], "mdy", {}),
        # any column decides for those that could be both
        ([["01.02.2023", "03.04.2023 10:00"], ["31.07.23"]], "dmy", {}),
        # the same day and month says nothing and needs nothing
        ([["05.05.2026"]], "ymd", {}),
        ([["31/7/2023"], ["30/6/2023"], ["7/31/2023"]], "dmy", {("f", "2"): "mdy"}),
        ([[]], "ymd", {}),
        # one odd cell among many decides nothing
        ([[*["2026-01-05"] * 30, "31.02.2026"]], "ymd", {}),
    ],
)
def test_any_column_decides_the_order_of_dates(
    columns: list[list[str]], order: str, others: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    every = [("f", Column(**{**vars(dates("d", *values, tmp_path=tmp_path)), "name": str(n)})) for n, values in enumerate(columns)]
    assert decide_date_order(every) == (order, others)


@pytest.mark.slow
@pytest.mark.parametrize(
    "columns", [[["01/02/2026"]], [[*["1/7/2026"] * 30, "13/01/2026"]], [["31/7/2023"], ["7/31/2023"], ["01/02/2026"]]]
)
def test_an_order_that_nothing_decides_is_asked(columns: list[list[str]], tmp_path: Path) -> None:
    every = [("f", Column(**{**vars(dates("d", *values, tmp_path=tmp_path)), "name": str(n)})) for n, values in enumerate(columns)]
    with pytest.raises(Undecided, match="can be read both ways") as raised:
        decide_date_order(every)
    assert (raised.value.option, raised.value.choices) == ("date-order", ("dmy", "mdy"))
    assert decide_date_order(every, "mdy")[0] == "mdy"


@pytest.mark.slow
def test_a_column_of_both_orders_is_told(tmp_path: Path) -> None:
    column = dates("d", "31.01.2026", "30.01.2026", "01/31/2026", tmp_path=tmp_path)
    assert mixed_dates(column) == "Day: 2 dates have the day first, 1 the month: the fewer cannot be read"
    assert mixed_dates(dates("d", "31.01.2026", tmp_path=tmp_path)) == ""


@pytest.mark.parametrize(
    ("values", "separator"),
    [
        (["1.234,56", "7"], ","),
        (["1,234.56", "7"], "."),
        (["10,5"], ","),
        (["0,125"], ","),
        (["1,234,567"], "."),
        (["1,234", "9.5"], "."),
        (["€ 1.234,5"], ","),
        (["7"], "."),
        ([], "."),
    ],
)
def test_numbers_prove_the_decimal_separator(values: list[str], separator: str, tmp_path: Path) -> None:
    assert decide_decimal_separator([("f", numbers(*values, tmp_path=tmp_path))]) == separator


@pytest.mark.slow
def test_a_separator_that_nothing_decides_is_asked_and_counts_decide_it(tmp_path: Path) -> None:
    cost = ("f", numbers("1,234", tmp_path=tmp_path))
    with pytest.raises(Undecided, match='1 numbers such as "1,234" can be read both ways'):
        decide_decimal_separator([cost])
    assert decide_decimal_separator([cost], ",") == ","
    assert decide_decimal_separator([cost, ("f", numbers("5,120", name="Clicks", tmp_path=tmp_path))]) == "."
    with pytest.raises(Undecided, match="can be read both ways"):
        decide_decimal_separator([("f", numbers(*["1,234"] * 30, "1,5", tmp_path=tmp_path))])
    with pytest.raises(Undecided, match="a source has one decimal separator"):
        decide_decimal_separator([("f", numbers("1,5", tmp_path=tmp_path)), ("f", numbers("1.5", tmp_path=tmp_path))])
