"""Which days are lost: those that BI shows of a source and a candidate has not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from small_home import publish_number, settings_of

from onefunnel.publish.manifest import current_version, version_file
from onefunnel.quality.history import lost_days

FIRST = date(2026, 1, 1)
FACTS = """
create or replace table facts.fct_lead_funnel (source_name varchar, created_date date, attempt_number integer);
create or replace table facts.fct_ad_spend (source_name varchar, spend_date date, cost_base decimal(18, 2), cost_kind varchar);
create or replace table facts.fct_payment (source_name varchar, paid_date date, amount_base decimal(18, 2))
"""


def _fill(db: duckdb.DuckDBPyConnection, leads: list[int], spend: list[int], payments: list[int]) -> None:
    """Rows of these days, counted from FIRST, of a source called crm."""
    db.execute(FACTS)
    for day in leads:
        db.execute("insert into facts.fct_lead_funnel values ('crm', ?, 1)", [FIRST + timedelta(day)])
    for day in spend:
        db.execute("insert into facts.fct_ad_spend values ('crm', ?, 10, 'ad_spend')", [FIRST + timedelta(day)])
    for day in payments:
        db.execute("insert into facts.fct_payment values ('crm', ?, -7)", [FIRST + timedelta(day)])


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        pytest.param(([0, 1, 1, 2, 5], [0, 1, 2], [0, 4, 9]), [], id="all is there"),
        pytest.param(([0, 1, 1, 2, 5, 6], [0, 1, 2, 3], [0, 4, 9, 9]), [], id="and more"),
        pytest.param(([0, 1, 2, 5], [0, 1, 2], [0, 4, 9]), [], id="a row less of a day"),
        pytest.param(([0, 1, 1, 2, 5], [1, 2, 3], [0, 4, 9]), [("ad_spend", 0, 0, 1, 10.0, True)], id="a day of spend"),
        pytest.param(([1, 1, 2, 5], [0, 1, 2], [0, 4, 9]), [("leads", 0, 0, 1, 0.0, False)], id="a lead, perhaps deleted"),
        pytest.param(([2, 5], [0, 1, 2], [0, 4, 9]), [("leads", 0, 1, 3, 0.0, True)], id="neighbouring days of leads"),
        pytest.param(
            ([0, 1, 1, 2, 5], [0, 1, 2], [4]), [("payments", 0, 0, 1, 7.0, False), ("payments", 9, 9, 1, 7.0, False)], id="payments"
        ),
        pytest.param(([0, 1, 1, 2, 5], [0, 1, 2], []), [], id="a source that delivers no payments any more is another check's"),
    ],
)
def test_days_that_are_gone(tmp_path: Path, now: tuple[list[int], ...], lost: list[tuple[object, ...]]) -> None:
    settings = settings_of(tmp_path / "home")
    publish_number(settings, 1)
    shown = version_file(settings, current_version(settings) or "")
    shown.chmod(0o600)
    with duckdb.connect(str(shown)) as db:
        _fill(db, [0, 1, 1, 2, 5], [0, 1, 2], [0, 4, 9])
    with duckdb.connect() as db:
        db.execute("create schema facts")
        _fill(db, *now)
        found = db.execute(f"from {lost_days(settings, tmp_path)} order by 1, 3").fetchall()
    assert [(entity, (first - FIRST).days, (last - FIRST).days, *rest) for entity, _, first, last, *rest in found] == lost


def test_before_the_first_publication_nothing_is_lost(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.execute("create schema facts")
        _fill(db, [0], [0], [0])
        assert db.execute(f"from {lost_days(settings_of(tmp_path), tmp_path)}").fetchall() == []
