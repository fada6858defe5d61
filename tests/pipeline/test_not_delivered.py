"""What no source delivers or records is said to be so: in the marts, on the page and by the command line. No figure stands for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow


def _kpis(home: Path) -> dict[str, tuple[float | None, str | None]]:
    """Value of February 2026 over all channels, and why there is none, by KPI."""
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as db:
        rows = db.execute(
            "select kpi, value, unknown_because from marts.mart_kpi_monthly where channel_key = 'all' and month = '2026-02-01'"
        ).fetchall()
    return {kpi: (value, because) for kpi, value, because in rows}


MONEY = ("revenue", "new_clients", "payments_count", "average_check", "ltv", "ltv_30d", "romi", "plan_fulfilment")
COSTS = ("cost", "cpl", "cac", "cost_per_sql", "romi")
UNRECORDED = (
    "brief_conversion", "brief_conversion_cohort", "brief_fill_hours", "sal", "sal_ratio", "sal_ratio_cohort", "deals_opened", "demos_held",
    "proposal_prep_days", "contract_prep_days", "step_conversion_sql_cohort", "step_conversion_paid_cohort", "rejected_leads", "lost_deals",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("no payments", dict.fromkeys(MONEY, "not_delivered")),
        ("no spend", dict.fromkeys(COSTS, "not_delivered")),
        ("three stages", dict.fromkeys(UNRECORDED, "not_recorded")),
        (
            "statuses only",
            dict.fromkeys((*MONEY, *COSTS), "not_delivered")
            | dict.fromkeys(UNRECORDED, "not_recorded")
            | dict.fromkeys(("sql", "deals_won", "first_contact_minutes", "lt_days"), "not_dated"),
        ),
    ],
)
def test_no_figure_stands_for_what_is_not_known(little_home: Callable[[str], Path], name: str, unknown: dict[str, str]) -> None:
    kpis = _kpis(little_home(name))
    assert {kpi: kpis[kpi] for kpi in unknown} == {kpi: (None, because) for kpi, because in unknown.items()}
    known = {"no payments": "cpl", "no spend": "revenue", "three stages": "sql", "statuses only": "leads"}[name]
    assert kpis[known][0] > 0
    assert kpis[known][1] is None


def test_a_step_is_compared_with_the_last_recorded_stage_and_nobody_waits_for_one_that_is_not(little_home: Callable[[str], Path]) -> None:
    with duckdb.connect(str(little_home("three stages") / "published/current.duckdb"), read_only=True) as db:
        cohort = db.execute(
            "select stage_key, reached, reached_previous, step_conversion from marts.mart_funnel_cohort "
            "where channel_key = 'all' and window_days = 0 and lead_month = '2025-12-01' order by stage_order"
        ).fetchall()
        late = db.execute("select distinct step_key from marts.mart_speed where owner = 'all' and overdue_open > 0").fetchall()
    reached = {stage: count for stage, count, _, _ in cohort}
    unrecorded = ["brief_filled", "sal", "demo_held", "proposal_sent", "contract_sent"]
    assert [stage for stage, count in reached.items() if count is None] == unrecorded
    before = {stage: count for stage, _, count, _ in cohort}
    assert (before["sql"], before["paid"]) == (reached["first_contact"], reached["sql"])
    assert {step for stage, _, _, step in cohort if stage in unrecorded} == {None}
    assert not {stage for (stage,) in late} & set(unrecorded)


def test_the_command_says_why_the_quality_is_no_plain_pass(little_home: Callable[[str], Path]) -> None:
    said = (little_home("no payments").parent / "said.txt").read_text(encoding="utf-8").splitlines()
    assert any("quality warn" in line for line in said)
    assert any(line.strip().startswith("warning:") and "carrier pigeon" in line for line in said)


def test_without_payments_no_verdict_on_money_is_given(little_home: Callable[[str], Path]) -> None:
    with duckdb.connect(str(little_home("no payments") / "published/current.duckdb"), read_only=True) as db:
        said = db.execute("select metric, basis, count(*) from marts.mart_verdict group by all").fetchall()
        first = db.execute("select distinct metric, basis from marts.mart_verdict where is_first_line order by all").fetchall()
    assert {(metric, basis) for metric, basis, _ in said} == {
        *(("new_clients", "cohort"), ("sql", "cohort"), ("leads", "cohort")),
        *(("sql", "period"), ("leads", "period")),
    }
    assert first == [("new_clients", "cohort"), ("sql", "period")]


def test_a_plan_alone_is_published_and_what_was_paid_of_it_is_unknown(little_home: Callable[[str], Path]) -> None:
    home = little_home("a plan only")
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as db:
        columns = "month::varchar, planned::double, overdue::double, paid, fulfilment"
        plan = db.execute(f"select {columns} from marts.mart_payment_plan where plan_key = 'all' order by 1").fetchall()
        months = db.execute("select distinct month::varchar from marts.mart_kpi_monthly order by 1").fetchall()
    assert plan == [("2026-02-01", 100, 100, None, None), ("2026-04-01", 50, 0, None, None)]
    assert months == [("2026-02-01",), ("2026-03-01",)]
    assert {value for value, _ in _kpis(home).values()} == {None}
    assert _kpis(home)["plan_fulfilment"] == (None, "not_delivered")


def test_stage_entries_without_any_leads_keep_nothing_back(little_home: Callable[[str], Path]) -> None:
    home = little_home("payments, a plan and stages of nobody")
    kpis = _kpis(home)
    assert kpis["revenue"] == (100, None)
    assert kpis["sql"] == (None, "not_delivered")
    said = (home.parent / "said.txt").read_text(encoding="utf-8")
    assert "stage_events unknown_lead 1 ids 1 rows" in said
