"""Rows of one id that only an unread column tells apart are asked for: lines of an order would count once, with the money of one."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

FORMS = {
    "payments": ("payment_id,paid_at,amount,currency,Item,City", "P{},2026-01-05,40.50,EUR,{},Omsk"),
    "payment_plan": ("plan_id,due_date,amount,currency,Item,City", "P{},2026-01-05,40.50,EUR,{},Omsk"),
}


def _table(csv: Landing, entity: str, *rows: tuple[int, str]) -> Landing:
    csv.system, csv.entity = "template", entity
    header, row = FORMS[entity]
    csv.write("a.csv", "\n".join([header, *(row.format(*each) for each in rows), ""]))
    return csv


@pytest.mark.parametrize("entity", FORMS)
def test_lines_of_one_order_are_asked_for(csv: Landing, entity: str) -> None:
    _table(csv, entity, (1, "logo"), (2, "site"), (2, "texts"), (2, ""), (3, "logo"))
    with pytest.raises(
        ConfigError, match=r"2 row\(s\), the first after row 2,[\s\S]*\(Item\)[\s\S]*amount of 81.00[\s\S]*`overlap: add`"
    ) as raised:
        csv.land()
    assert '`ignore_columns: ["Item"]`' in str(raised.value)


@pytest.mark.parametrize("says", [{"overlap": "add"}, {"overlap": "replace"}, {"ignore_columns": ["Item"]}])
def test_each_line_of_the_message_answers_it(csv: Landing, says: dict[str, object]) -> None:
    csv.options |= says
    assert _table(csv, "payments", (1, "logo"), (2, "site"), (2, "texts")).land().rows == 3


@pytest.mark.parametrize("rows", [[(1, "logo"), (1, "logo")], [(1, "logo"), (2, "site")]])
def test_equal_rows_and_other_ids_are_none(csv: Landing, rows: list[tuple[int, str]]) -> None:
    assert _table(csv, "payments", *rows).land().rows == len(rows)
