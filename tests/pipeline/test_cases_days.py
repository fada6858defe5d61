"""Days without a clock, beside moments; and money that is nobody's: a client's of whom there are tests alone, rates of another base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from nights import ROOT, RunCli

pytestmark = pytest.mark.slow
AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Iterator[duckdb.DuckDBPyConnection]:
    """One night, reported in New York: each case is a source."""
    home: Path = tmp_path_factory.mktemp("days")
    run_cli("run", "--sources", ROOT / "tests/cases/days/sources.yml", "--home", home, "--as-of", AS_OF)
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as connection:
        yield connection


def _leads(published: duckdb.DuckDBPyConnection, columns: str, source: str) -> list[tuple]:
    return published.execute(
        f"select lead_id, {columns} from facts.fct_lead_funnel where source_name = ? order by lead_attempt_key", [source]
    ).fetchall()


@pytest.mark.parametrize("source", ["utc", "midnight"])
def test_a_day_is_that_day_where_days_are_cut(published: duckdb.DuckDBPyConnection, source: str) -> None:
    """In New York the first of a month begins when it is five o'clock in the source's zone. Midnight is what programs write of a day."""
    assert _leads(published, "created_date, paid_date", source)[0] == ("A1", date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize("source", ["dmy", "mdy", "ymd"])
def test_a_day_is_that_day_however_it_is_written(published: duckdb.DuckDBPyConnection, source: str) -> None:
    """All say the first of February."""
    delivered = (ROOT / f"tests/cases/days/written/{source}.csv").read_text(encoding="utf-8").splitlines()[1:]
    query = "select paid_date, count(*) from facts.fct_payment where source_name = ? group by all"
    assert published.execute(query, [source]).fetchall() == [(date(2026, 2, 1), len(delivered))]


def test_a_moment_is_none(published: duckdb.DuckDBPyConnection) -> None:
    """A second after midnight, or midnight with its offset."""
    assert _leads(published, "created_date", "midnight")[1:] == [("A2", date(2026, 1, 31)), ("A3", date(2026, 1, 31))]


def test_who_paid_the_same_day_did_not_pay_before(published: duckdb.DuckDBPyConnection) -> None:
    """Else it is moments that are taken from one another: to midnight of a day before which the clock was put forward."""
    assert _leads(published, "lt_days", "paid") == [("A1", 0), ("A2", 0), ("A3", pytest.approx(27 + 13 / 24)), ("A4", None)]


def test_a_payment_of_a_day_is_of_the_lead_that_came_that_day(published: duckdb.DuckDBPyConnection) -> None:
    """A payment with an hour before the second lead is of the first. The source is called by a word of SQL."""
    query = "select payment_id, channel_key from facts.fct_payment where source_name = 'returning' order by 1"
    assert published.execute(query).fetchall() == [("P1", "blog"), ("P2", "seo")]


def test_an_ending_of_a_day_ends_what_was_done_that_day(published: duckdb.DuckDBPyConnection) -> None:
    assert _leads(published, "outcome, outcome_date, lost_after_stage_key", "rejected") == [
        ("A1", "rejected", date(2026, 3, 5), "first_contact")
    ]
    assert published.execute("select count(*) from marts.mart_open_leads where source_name = 'rejected'").fetchone() == (0,)


def test_stages_of_one_day_are_in_their_order(published: duckdb.DuckDBPyConnection) -> None:
    query = "select stage_key, is_regression from facts.fct_stage_event where source_name = 'ties' and stage_order > 3 order by stage_order"
    assert published.execute(query).fetchall() == [("sql", False), ("sal", False)]


def test_the_money_of_a_client_of_tests_alone_is_a_tests(published: duckdb.DuckDBPyConnection) -> None:
    """In the name of the client only. Who is a real lead's client as well has paid."""
    assert published.execute("select payment_id from facts.fct_payment where source_name = 'test_client'").fetchall() == [("P2",)]
    assert published.execute("select plan_id from facts.fct_payment_plan where source_name = 'test_client'").fetchall() == [("k2",)]
    shown = (
        "select entity, money_affected from marts.mart_data_quality where source_name = 'test_client' and rule = 'excluded_lead' order by 1"
    )
    assert published.execute(shown).fetchall() == [("payment_plan", 60), ("payments", 602)]


def test_no_rate_of_a_file_of_another_base_is_used(published: duckdb.DuckDBPyConnection) -> None:
    rules = (
        "select entity, rule, rows_affected from marts.mart_data_quality "
        "where source_name = 'foreign_rates' and severity = 'quarantine' and rule <> 'all' order by 1"
    )
    assert published.execute(rules).fetchall() == [("fx_rates", "currency_mismatch", 2), ("payments", "missing_rate", 1)]
