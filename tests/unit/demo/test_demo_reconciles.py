"""The pipeline finds in the generated agency what was put into it: every figure against demo_facts.json, which no model computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onefunnel.demo.catalogue import STAGES

pytestmark = pytest.mark.slow

KPIS = {
    "leads": "leads",
    "sql": "sql_in_month",
    "sal": "sal_in_month",
    "demos_held": "demo_held_in_month",
    "deals_won": "paid_in_month",
    "lost_deals": "lost_in_month",
    "rejected_leads": "rejected_in_month",
    "new_clients": "new_clients",
    "payments_count": "payments_count",
    "revenue": "revenue",
}


@pytest.fixture(scope="module")
def facts(demo_source: Path) -> dict[str, Any]:
    return json.loads((demo_source / "demo_facts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("kpi", "fact"), KPIS.items())
def test_monthly_figures_are_the_true_ones(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any], kpi: str, fact: str) -> None:
    query = "select strftime(month, '%Y-%m'), value from marts.mart_kpi_monthly where channel_key = 'all' and kpi = ?"
    found = {month: float(value or 0) for month, value in demo.execute(query, [kpi]).fetchall()}
    assert found == pytest.approx({month: known[fact] for month, known in facts["months"].items()}, abs=0.005)


def test_costs_are_the_true_ones(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    query = "select strftime(month, '%Y-%m'), value from marts.mart_kpi_monthly where channel_key = 'all' and kpi = 'cost'"
    found = {month: float(value) for month, value in demo.execute(query).fetchall()}
    # each bill is split into days of a hundredth of a cent
    assert found == pytest.approx({month: known["ad_spend"] + known["channel_costs"] for month, known in facts["months"].items()}, abs=0.05)


@pytest.mark.parametrize("stage", STAGES[1:])
def test_cohorts_reach_each_stage_as_they_did(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any], stage: str) -> None:
    query = f"select strftime(lead_month, '%Y-%m'), count(*) filter ({stage}_reached) from facts.fct_lead_funnel group by 1"
    assert dict(demo.execute(query).fetchall()) == {month: known[f"cohort_{stage}"] for month, known in facts["months"].items()}


def test_exactly_the_planted_rows_are_quarantined(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    rows = demo.execute("select entity, rule, count(*) from facts.fct_quarantine group by entity, rule").fetchall()
    planted = {(entity, rule): count for entity, fates in facts["planted"].items() for rule, count in fates.get("quarantined", {}).items()}
    assert {(entity, rule): count for entity, rule, count in rows} == planted


def test_exactly_the_planted_leads_are_excluded(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    rows = demo.execute("select exclusion, count(*) from facts.fct_excluded_lead group by exclusion").fetchall()
    assert dict(rows) == facts["planted"]["leads"]["excluded"]


def test_exactly_the_repeated_rows_are_superseded(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    found = dict(demo.execute("select entity, rows_superseded from facts.fct_row_count where rows_superseded > 0").fetchall())
    assert found == {entity: fates["superseded"]["superseded"] for entity, fates in facts["planted"].items() if "superseded" in fates}


def test_all_delivered_rows_are_accounted_for(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    assert dict(demo.execute("select entity, rows_landed from facts.fct_row_count").fetchall()) == facts["rows"]


def test_the_unknown_channel_is_unmapped_and_kept(demo: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    rows = demo.execute("select value, row_count from facts.fct_unmapped_value where entity = 'leads' and field = 'channel'").fetchall()
    assert dict(rows) == {value.lower(): count for value, count in facts["unknown_channel"].items()}
    by_channel = demo.execute(
        "select channel_key, count(*) from facts.fct_lead_funnel where not is_reopened group by channel_key"
    ).fetchall()
    assert dict(by_channel) == facts["leads_by_channel"]


def test_the_money_of_the_unknown_channel_is_that_of_its_leads(demo: duckdb.DuckDBPyConnection) -> None:
    shown = demo.execute("select sum(paid_base) from facts.fct_unmapped_value where entity = 'leads' and field = 'channel'").fetchone()[0]
    paid = demo.execute(
        "select sum(amount_base) from facts.fct_payment join facts.fct_lead_funnel using (lead_attempt_key) "
        "where fct_lead_funnel.channel_key = 'unmapped'"
    ).fetchone()[0]
    assert shown == paid > 0
