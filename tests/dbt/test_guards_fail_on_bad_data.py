"""Every assert_*.sql of dbt_project/tests is quiet on a sound warehouse and speaks when its fault is put in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from onefunnel.project import project_root

pytestmark = pytest.mark.slow

# Guard -> (what went wrong, the statement that does it). Each is undone after its test.
FAULTS: dict[str, tuple[str, str]] = {
    "assert_additive_kpis_have_no_gap": (
        "a month of a channel is missing",
        "delete from marts.mart_kpi_monthly where kpi = 'leads' and channel_key = 'seo' and month = date '2025-06-01'",
    ),
    "assert_channels_sum_to_all": (
        "a channel counts one lead twice",
        "update marts.mart_kpi_monthly set numerator = numerator + 1 where kpi = 'leads' and channel_key = 'seo'",
    ),
    "assert_days_sum_to_months": (
        "a payment is missing in the days",
        "update marts.mart_kpi_daily set numerator = 0 where kpi = 'revenue'",
    ),
    "assert_kpis_tie_to_facts": (
        "costs are rounded to whole cents on the way",
        "update marts.mart_kpi_monthly set numerator = numerator + 0.01 where kpi = 'cost' and channel_key = 'all'",
    ),
    "assert_marts_keep_every_lead": (
        "a join multiplies rejected leads",
        "insert into marts.mart_rejections select * from marts.mart_rejections limit 1",
    ),
    "assert_cohorts_narrow_by_stage": (
        "more leads reach SAL than SQL",
        "update marts.mart_funnel_cohort set reached = leads + 1 where stage_key = 'sal' and window_days = 30",
    ),
    "assert_economics_agree_with_kpis": (
        "one of two ROMI is computed without costs",
        "update marts.mart_channel_economics set romi = romi + 1 where channel_key = 'all'",
    ),
    "assert_ltv_cohorts_tie_to_clients": (
        "a client's income is missing in its cohort",
        "update marts.mart_ltv_cohort set cumulative_net_income = cumulative_net_income - 1 where channel_key = 'all'",
    ),
    "assert_ratios_have_no_zero_denominator": (
        "a ratio without denominator is shown as 0",
        "update marts.mart_kpi_monthly set value = 0 where kpi = 'cpl' and denominator = 0",
    ),
    "assert_lead_drivers_sum_to_delta": (
        "a driver's effect is left out",
        "update marts.mart_lead_drivers set effect = effect + 0.001 where driver = 'budget'",
    ),
    "assert_publication_is_one_row": (
        "two publications at once",
        "insert into marts.mart_publication select * from marts.mart_publication",
    ),
    "assert_plan_payments_sum_to_paid": (
        "a day's payment against a plan line is lost",
        "delete from intermediate.int_kpi_plan_payments",
    ),
    "assert_plan_payments_within_plan": (
        "a line is paid beyond its amount",
        "update facts.fct_payment_plan set paid_base = planned_base + 1",
    ),
    "assert_stages_never_increase": (
        "a lead reaches SAL without SQL",
        "update facts.fct_lead_funnel set sql_reached = false where sal_reached",
    ),
    "assert_imputed_stages_have_no_date": (
        "a skipped stage is dated",
        "update facts.fct_lead_funnel set sql_is_imputed = true where sql_at is not null",
    ),
    "assert_every_attempt_is_in_the_funnel_once": (
        "a join multiplies an attempt",
        "insert into facts.fct_lead_funnel select * from facts.fct_lead_funnel limit 1",
    ),
    "assert_landed_rows_balance": (
        "a row is neither valid nor quarantined",
        "update facts.fct_row_count set rows_valid = rows_valid - 1 where entity = 'payments'",
    ),
    "assert_landed_money_balances": (
        "money is neither valid nor quarantined",
        "update facts.fct_row_count set money_valid_original = money_valid_original - 1 where entity = 'payments'",
    ),
    "assert_change_factors_sum_to_delta": (
        "a factor is missing from the explanation",
        "delete from marts.mart_change_factors where abs(effect) = (select max(abs(effect)) from marts.mart_change_factors)",
    ),
    "assert_departments_sum_to_delta": (
        "marketing is blamed for more than happened",
        "update marts.mart_verdict set marketing_effect = marketing_effect - 10",
    ),
    "assert_verdict_agrees_with_kpis": (
        "the verdict explains another revenue than BI shows",
        "update marts.mart_kpi_monthly set numerator = numerator + 1 where kpi = 'revenue' and channel_key = 'all'",
    ),
    "assert_nobody_is_blamed_within_noise": (
        "a headline names a factor whose effect is noise",
        "update intermediate.int_verdict_factors set stderr = 1e12",
    ),
}


# (a test of dbt_project/tests/generic as one model uses it, what went wrong, the statement that does it)
KEY_OF_CLIENTS, KEY_OF_KPIS = "primary_key_dim_client_client_key", "unique_combination_mart_kpi_monthly_month__kpi__channel_key"
KEY_FAULTS: tuple[tuple[str, str, str], ...] = (
    (KEY_OF_CLIENTS, "a client is there twice", "insert into facts.dim_client select * from facts.dim_client limit 1"),
    (
        KEY_OF_CLIENTS,
        "a client has no key",
        "update facts.dim_client set client_key = null where client_key = (select min(client_key) from facts.dim_client)",
    ),
    (KEY_OF_KPIS, "a figure is there twice", "insert into marts.mart_kpi_monthly select * from marts.mart_kpi_monthly limit 1"),
    (
        KEY_OF_KPIS,
        "a figure has no channel",
        "update marts.mart_kpi_monthly set channel_key = null where channel_key = 'seo' and kpi = 'leads' and month = date '2025-06-01'",
    ),
    (
        "known_measure_kpis_numerator__True",
        "a KPI is made of what nothing computes",
        "update seeds.kpis set numerator = 'stage_sqll' where kpi_key = 'sql'",
    ),
)


@dataclass(frozen=True)
class Guarded:
    """A private copy of a built warehouse and the guards as dbt compiled them for it."""

    db: duckdb.DuckDBPyConnection
    compiled: Path

    def rows(self, guard: str) -> int:
        (path,) = self.compiled.rglob(f"{guard}.sql")
        query = path.read_text(encoding="utf-8")
        return self.db.execute(f"select count(*) from ({query}\n) as found").fetchone()[0]


@pytest.fixture(scope="module")
def guarded(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    copy = tmp_path_factory.mktemp("guards") / "warehouse.duckdb"
    shutil.copyfile(demo_home / "warehouse.duckdb", copy)
    with duckdb.connect(str(copy)) as db:
        yield Guarded(db, demo_home / "target" / "compiled")


def test_every_guard_has_a_fault() -> None:
    generic = {path.stem for path in (project_root() / "dbt_project" / "tests" / "generic").glob("*.sql")}
    assert generic == {name for name in generic for guard, *_ in KEY_FAULTS if guard.startswith(name)}
    written = {path.stem for path in (project_root() / "dbt_project" / "tests").glob("assert_*.sql")}
    assert written == set(FAULTS)


def test_every_guard_says_what_a_row_means() -> None:
    for path in (project_root() / "dbt_project" / "tests").glob("assert_*.sql"):
        assert re.match(r"-- A row here is ", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize(("guard", "fault", "statement"), [*((guard, *fault) for guard, fault in FAULTS.items()), *KEY_FAULTS])
def test_guard_is_quiet_until_its_fault_is_put_in(guarded: Guarded, guard: str, fault: str, statement: str) -> None:
    assert guarded.rows(guard) == 0
    guarded.db.execute("begin")
    try:
        guarded.db.execute(statement)
        assert guarded.rows(guard) > 0, f"unnoticed: {fault}"
    finally:
        guarded.db.execute("rollback")
