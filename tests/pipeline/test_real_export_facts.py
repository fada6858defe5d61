"""The published file of the real CRM export holds the facts that were counted by hand in that export."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

pytestmark = pytest.mark.slow


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    ((value,),) = connection.execute(query).fetchall()
    return value


def test_leads_and_duplicates(real: duckdb.DuckDBPyConnection) -> None:
    assert _one(real, "select count(*) from facts.fct_lead_funnel") == 19_822
    assert _one(real, "select sum(value) from marts.mart_kpi_monthly where kpi = 'leads' and channel_key = 'all'") == 19_822
    assert _one(real, "select count(*) from facts.fct_excluded_lead where exclusion = 'duplicate'") == 21_593 - 19_822


def test_rows_without_an_id_are_quarantined(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute("select entity, rule, count(*) from facts.fct_quarantine where entity = 'deals' group by all").fetchall() == [
        ("deals", "missing_id", 2)
    ]
    assert _one(real, "select rows_landed from facts.fct_row_count where entity = 'deals'") == 21_595


@pytest.mark.parametrize(("month", "leads"), [("2023-07-01", 612), ("2023-12-01", 1_661), ("2024-04-01", 2_888)])
def test_leads_of_a_month(real: duckdb.DuckDBPyConnection, month: str, leads: int) -> None:
    query = f"select value from marts.mart_kpi_monthly where kpi = 'leads' and channel_key = 'all' and month = '{month}'"
    assert _one(real, query) == leads


@pytest.mark.parametrize(
    ("channel", "spend"),
    [("all", Decimal("149523.45")), ("ppc_search", Decimal("57798.60")), ("social_facebook", Decimal("33754.72"))],
)
def test_spend(real: duckdb.DuckDBPyConnection, channel: str, spend: Decimal) -> None:
    of_channel = "" if channel == "all" else f"where channel_key = '{channel}'"
    assert _one(real, f"select sum(cost_base) from facts.fct_ad_spend {of_channel}") == spend
    assert _one(real, f"select sum(cost) from marts.mart_channel_economics where channel_key = '{channel}'") == spend


@pytest.mark.parametrize(("channel", "cpl"), [("ppc_search", 14.0492), ("social_facebook", 7.1363), ("social_tiktok", 5.9839)])
def test_cost_per_lead_over_the_whole_time(real: duckdb.DuckDBPyConnection, channel: str, cpl: float) -> None:
    query = f"select sum(numerator) / sum(denominator) from marts.mart_kpi_monthly where kpi = 'cpl' and channel_key = '{channel}'"
    assert round(float(_one(real, query)), 4) == cpl


@pytest.mark.parametrize(("channel", "paid"), [("all", 856), ("social_facebook", 202), ("seo", 146)])
def test_leads_that_paid(real: duckdb.DuckDBPyConnection, channel: str, paid: int) -> None:
    query = f"select sum(reached) from marts.mart_funnel_cohort where stage_key = 'paid' and window_days = 0 and channel_key = '{channel}'"
    assert _one(real, query) == paid


def test_paid_amounts_are_published_or_quarantined(real: duckdb.DuckDBPyConnection) -> None:
    published = _one(real, "select sum(amount_base) from facts.fct_payment")
    rules = dict(
        (rule, (rows, money))
        for rule, rows, money in real.execute(
            "select rule, count(*), sum(amount_base) from facts.fct_quarantine "
            "where entity = 'deal_payments' and rule <> 'excluded_lead' group by rule"
        ).fetchall()
    )
    quarantined = sum(money or 0 for _, money in rules.values())
    assert published + quarantined == Decimal("977151.00")
    assert published > 0
    assert rules["missing_amount"] == (15, None)
    assert rules["zero_amount"] == (3, 0)
    assert rules["missing_date"][1] == quarantined
    assert sum(rows for rows, _ in rules.values()) + _one(real, "select count(*) from facts.fct_payment") == 856


def test_first_contacts(real: duckdb.DuckDBPyConnection) -> None:
    count, median = real.execute(
        "select count(first_contact_lag_minutes), median(first_contact_lag_minutes) "
        "from facts.fct_lead_funnel where first_contact_at is not null"
    ).fetchone()
    assert (count, round(median, 6)) == (14_995, 329.85)


@pytest.mark.parametrize(("reason", "leads"), [("price", 614), ("no_response", 4_074)])
def test_leads_lost_to_a_reason(real: duckdb.DuckDBPyConnection, reason: str, leads: int) -> None:
    assert _one(real, f"select sum(leads) from marts.mart_rejections where reason_key = '{reason}'") == leads
