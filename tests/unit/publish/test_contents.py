"""What makes two tables the same content."""

from __future__ import annotations

import duckdb

from onefunnel.publish.contents import TableContent, content_of


def content(rows: str) -> TableContent:
    with duckdb.connect() as db:
        db.execute(f"create table main.t as select * from (values {rows}) as rows(name, amount)")
        return content_of(db, "main.t", [("name", "VARCHAR"), ("amount", "DOUBLE")])


def test_the_order_of_rows_and_the_sign_of_zero_are_no_content() -> None:
    assert content("('a', 0.0::double), ('b', 1.5)") == content("('b', 1.5::double), ('a', -0.0::double)")


def test_any_other_value_null_or_repeated_row_is() -> None:
    known = [content(rows) for rows in ("('a', 1.0::double)", "('a', 1.0000000001::double)", "('a', null::double)", "('a', 0.0::double)")]
    assert len({item.content for item in [*known, content("('a', 1.0::double), ('a', 1.0)")]}) == 5
