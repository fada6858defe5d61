"""Every block-level expectation of gate 2 has data that makes it fail; and fault 21: a gate that cannot evaluate has failed.

The data is the published demo night, broken in one place per case. A case is made from the expectation where its type says how to break it,
and written by hand for queries; a query without a case fails the test.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onefunnel.config import Quality
from onefunnel.quality.gates import funnel_parameters
from onefunnel.quality.result import CheckResult
from onefunnel.quality.suites import Expectation, Suite, read_suites

pytestmark = pytest.mark.slow
SUITES = read_suites("gate_marts")
CASES = [
    pytest.param(suite, expectation, id=f"{suite.relation}-{number}-{expectation.check}")
    for suite in SUITES
    for number, expectation in enumerate(suite.expectations)
    if expectation.severity == "block"
]
FUNNEL = funnel_parameters({})
FIRST = "rowid = (select min(rowid) from {relation})"

# (relation, the words of the expectation) -> SQL that breaks it
BROKEN_BY = {
    "no attempt reaches a stage without all the stages before it": (
        "update facts.fct_lead_funnel set sal_reached = true, sql_reached = false"
    ),
    "every channel is in dim_channel": "update facts.fct_lead_funnel set channel_key = 'pigeon' where attempt_number = 1",
    "every stage entry belongs to an attempt": (
        "delete from facts.fct_lead_funnel where lead_month = (select min(lead_month) from facts.fct_lead_funnel)"
    ),
    "payments and money that came back are positive and refunds negative": "update facts.fct_payment set amount_base = -amount_base",
    "0 <= paid on time <= paid <= planned": "update facts.fct_payment_plan set paid_base = planned_base + 1",
    "landed = valid + quarantined + superseded": "update facts.fct_row_count set rows_valid = rows_valid - 1",
    "rows landed by the load manifests = rows counted by the build": "update facts.fct_row_count set rows_landed = rows_landed + 1",
    "money landed = valid + quarantined + superseded": "update facts.fct_row_count set money_valid_original = money_valid_original + 1",
    "every valid payment is published once": "delete from facts.fct_payment where is_first_payment",
    "of every entity that was delivered at least one row counts": "update facts.fct_row_count set rows_valid = 0 where entity = 'payments'",
    "per source and entity at most max_quarantined_rows_pct of the rows": (
        "update facts.fct_row_count set rows_quarantined = rows_landed, rows_left_out = 0"
    ),
    "per source at most max_quarantined_money_pct of the money": (
        "update facts.fct_quarantine set amount_base = 1e9, severity = 'quarantine'"
    ),
    "no days that BI shows are gone from a source; where it delivers the newest days only, its entity says `delivery: delta`, "
    "and where older ones are to go, `quality: {history_from: DAY}`": (
        "delete from facts.fct_payment where paid_month < (select max(paid_month) from facts.fct_payment)"
    ),
    "no tenth of the rows that BI shows is gone from a source, and no quarter of a month; where it delivers a part only, "
    "its entity says `delivery: delta`, and where they are to go, `quality: {history_from: DAY}`": (
        "delete from facts.fct_payment where payment_number % 2 = 0"
    ),
    "no key comes twice with other content in one delivery unless sources.yml says what counts": (
        "insert into facts.fct_disputed_key by name select 'demo' as source_name, 'payments' as entity, 'payment_id 1' as named_key, "
        "'a.csv' as first_file, 1 as first_row, 'b.csv' as last_file, 1 as last_row, 5 as money_base, 'say so' as remedy"
    ),
    "the marts were built for the day that is published": "update marts.mart_publication set as_of = date '2020-01-01'",
    "no column that holds a person or a company": "alter table facts.dim_client add column contact_email varchar",
    "a ratio without denominator is null": "update marts.mart_kpi_monthly set denominator = 0, value = 0 where kpi = 'cpl'",
    "counts and costs are not negative": "update marts.mart_kpi_monthly set value = -1 where kpi = 'leads'",
    "leads of all months = leads in the funnel fact": (
        "update marts.mart_kpi_monthly set value = value + 1 where kpi = 'leads' and channel_key = 'all'"
    ),
    "revenue of all months = the payments ledger": "update marts.mart_kpi_monthly set numerator = numerator + 1 where kpi = 'revenue'",
    "cost of all months = the spend fact": "update marts.mart_kpi_monthly set numerator = numerator * 2 where kpi = 'cost'",
    "the channels sum up to all": "update marts.mart_kpi_monthly set numerator = numerator + 5 where kpi = 'sql' and channel_key = 'all'",
    "a later stage is never reached more often than the one before": "update marts.mart_funnel_cohort set reached = leads + 1",
    "cost of all channels = the spend fact": "update marts.mart_channel_economics set cost = cost + 1",
    "income of all clients = the payments ledger": "update marts.mart_customer_value set ltv_gross = ltv_gross + 1",
    "the effects of all factors sum up to the change": "update marts.mart_change_factors set effect = effect + 1",
    "the drivers of a channel sum up to the change in its leads": "update marts.mart_lead_drivers set effect = effect + 1",
    "a signal is an average outside its limits": "update marts.mart_signal set is_out = not is_out",
    "marketing + sales + market + undivided = the change": "update marts.mart_verdict set sales_effect = sales_effect + 1",
}


def breaking_sql(suite: Suite, expectation: Expectation) -> str:
    """SQL after which the expectation no longer holds of its relation."""
    relation, kwargs = suite.relation, expectation.kwargs
    column, first = kwargs.get("column"), FIRST.format(relation=suite.relation)
    match expectation.type:
        case "expect_table_columns_to_match_set":
            named = kwargs["column_set"]
            columns = FUNNEL[named["$PARAMETER"]] if isinstance(named, dict) else named
            return f"alter table {relation} rename column {columns[-1]} to gone"
        case "expect_table_row_count_to_be_between" | "expect_table_row_count_to_equal":
            return f"delete from {relation}"
        case "expect_compound_columns_to_be_unique" if relation == "marts.mart_restatements":
            # nothing is restated on a first night
            row = "date '2026-01-01' as month, 'leads' as kpi, 'all' as channel_key, 'v' as then_version"
            return f"insert into {relation} by name select {row} from range(2)"
        case "expect_column_values_to_be_unique" | "expect_compound_columns_to_be_unique":
            return f"insert into {relation} select * from {relation} limit 1"
        case "expect_column_values_to_not_be_null":
            return f"update {relation} set {column} = null where {first}"
        case "expect_column_values_to_be_in_set":
            return f"update {relation} set {column} = 'nonsense' where {first}"
        case "expect_column_values_to_be_between":
            return f"update {relation} set {column} = {kwargs['min_value']} - 1 where {column} is not null"
        case _:
            return BROKEN_BY[expectation.expected]


@pytest.fixture(scope="session")
def evaluate_copy(demo_home: Path, demo_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Evaluate suites on a copy of what the demo night published, after breaking it with SQL."""
    from onefunnel.config import load_config
    from onefunnel.quality import engine
    from onefunnel.quality.gates import read_sources
    from onefunnel.quality.history import lost_rows
    from onefunnel.quality.landed import landed_rows
    from onefunnel.settings import Settings

    folder = tmp_path_factory.mktemp("broken")
    settings = Settings(home=demo_home)
    config = load_config(demo_source / "sources.yml")
    known = {"landed_rows": landed_rows(config, settings), "read_sources": read_sources(config)}

    def evaluate(suites: list[Suite], sql: str = "", path: Path | None = None, **more: object) -> list[CheckResult]:
        copy = folder / "copy.duckdb"
        copy.unlink(missing_ok=True)
        shutil.copyfile(path or (demo_home / "published" / "current.duckdb"), copy)
        with duckdb.connect(str(copy)) as db:
            db.execute(sql or "select 1")
        lost = lost_rows(settings, copy) if any(suite.relation == "facts.fct_row_count" for suite in suites) else ""
        parameters = {**Quality().model_dump(), **FUNNEL, "lookback_days": 35, **known, "lost_rows": lost, **more}
        return engine.evaluate(copy, "candidate", suites, parameters)[0]

    return evaluate


def test_the_demo_night_passes_every_expectation(evaluate_copy: Any) -> None:
    checks = evaluate_copy(SUITES)
    assert [check.sentence for check in checks if check.is_blocking] == []
    assert len(checks) == sum(len(suite.expectations) for suite in SUITES)


@pytest.mark.parametrize(("suite", "expectation"), CASES)
def test_bad_data_closes_the_gate(suite: Suite, expectation: Expectation, evaluate_copy: Any) -> None:
    only = Suite(suite.relation, (expectation,), allow_empty=suite.allow_empty)
    (check,) = evaluate_copy([only], breaking_sql(suite, expectation))
    assert check.outcome == "fail", check.sentence
    assert check.is_blocking


@pytest.mark.parametrize(
    ("sql", "outcome"),
    [
        ("drop table marts.mart_verdict", "not_evaluated"),
        ("alter table marts.mart_verdict rename column confidence to sureness", "error"),
        ("alter table marts.mart_verdict rename column delta to difference", "error"),
    ],
    ids=["missing relation", "missing column", "a query that raises"],
)
def test_what_cannot_be_evaluated_has_failed(sql: str, outcome: str, evaluate_copy: Any) -> None:
    suite = next(suite for suite in SUITES if suite.relation == "marts.mart_verdict")
    checks = evaluate_copy([suite], sql)
    assert outcome in {check.outcome for check in checks}
    assert any(check.is_blocking for check in checks)


def test_an_empty_relation_does_not_pass_by_having_nothing_to_check(evaluate_copy: Any) -> None:
    suite = next(suite for suite in SUITES if suite.relation == "marts.mart_kpi_monthly")
    checks = evaluate_copy([suite], "delete from marts.mart_kpi_monthly")
    by_row = [check for check in checks if check.name in ("key_unique", "key_not_null")]
    assert by_row
    assert {check.outcome for check in by_row} == {"not_evaluated"}


@pytest.mark.parametrize(("delivered", "outcome"), [(["leads", "stage_events"], "not_evaluated"), (["leads", "ad_spend"], "pass")])
def test_no_rows_are_normal_only_where_no_source_delivers_any(delivered: list[str], outcome: str, evaluate_copy: Any) -> None:
    suite = next(suite for suite in SUITES if suite.relation == "facts.fct_stage_event")
    events = "create or replace table facts.fct_stage_event as from facts.fct_stage_event where false"
    checks = evaluate_copy([suite], events, delivered_entities=delivered)
    assert {check.outcome for check in checks if check.name in ("key_unique", "key_not_null")} == {outcome}


SPEND_AGAIN = """
    insert into facts.fct_row_count by name select 'sheet' as source_name, 'ad_spend' as entity, 'ad_spend' as contract_entity;
    insert into facts.fct_ad_spend by name
    select 'sheet' as source_name, 'sheet' || ad_spend_key as ad_spend_key, '(none)' as campaign, null as impressions, null as clicks,
        round(cost_base, 1) as cost_base, * exclude (source_name, ad_spend_key, campaign, impressions, clicks, cost_base)
    from facts.fct_ad_spend where cost_kind = 'ad_spend' and channel_key = 'ppc_search'
"""
PAID_AGAIN = """
    insert into facts.fct_row_count by name select 'bank' as source_name, 'payments' as entity, 'payments' as contract_entity;
    insert into facts.fct_payment by name
    select 'bank' as source_name, 'bank:' || row_number() over () as payment_key, 'n' || row_number() over () as payment_id,
        paid_date + {days} as paid_date, * exclude (source_name, payment_key, payment_id, paid_date)
    from facts.fct_payment where kind = 'payment' and paid_month >= date '2026-01-01'
"""
INVOICED = """
    insert into facts.fct_ad_spend by name
    select 'invoice' as ad_spend_key, 'books' as source_name, 'channel_costs' as cost_kind, 'ppc_search' as channel_key,
        '(none)' as campaign, date '2026-02-03' as spend_date, sum(cost_base) as cost_base
    from facts.fct_ad_spend where cost_kind = 'ad_spend' and channel_key = 'ppc_search' and spend_month = date '2026-02-01'
"""
RETOLD = """
    insert into facts.fct_retold_row by name
    select 'r' as retold_row_key, 'demo' as source_name, 'payments' as entity, '{rule}' as rule, date '2026-03-01' as month,
        'EUR' as currency, 9 as row_count, 950 as money
"""
RESTATED = """
    insert into marts.mart_restatements by name
    select date '2026-01-01' as month, '{kpi}' as kpi, '{channel}' as channel_key, 'v' as then_version, false as is_maturing,
        {then} as "then", {now} as "now"
"""
WHOLE = "(select {share} * value from marts.mart_kpi_monthly where kpi = 'revenue' and channel_key = 'all' and month = date '2026-01-01')"


def restated(kpi: str, then: object, now: object, channel: str = "all") -> str:
    return RESTATED.format(kpi=kpi, then=then, now=now, channel=channel)


@pytest.mark.parametrize(
    ("check", "sql", "named"),
    [
        ("days_go_on", "delete from facts.fct_ad_spend where spend_date > date '2026-03-20'", ["ad_spend", "no day after 2026-03-20"]),
        (
            "days_go_on",
            "delete from facts.fct_ad_spend where spend_date between date '2025-11-02' and date '2025-12-02'",
            ["ad_spend", "no day between 2025-11-01 and 2025-12-03"],
        ),
        (
            "contacts_follow_leads",
            "update facts.fct_lead_funnel set first_contact_at = first_contact_at - interval 3 hour where lead_month > date '2025-06-01'",
            ["demo", " leads"],
        ),
        (
            "refunds_have_one_sign",
            """update facts.fct_payment set delivered_amount = -delivered_amount
            where payment_key = (select min(payment_key) from facts.fct_payment where kind = 'refund')""",
            [" refunds above zero", "in money"],
        ),
        (
            "history_begins_together",
            "delete from facts.fct_payment where paid_date < date '2025-10-03'",
            ["payments", "from 2025-10-04 on, leads from 2024-02 on"],
        ),
        (
            "history_begins_together",
            "delete from facts.fct_lead_funnel where created_date < date '2025-11-12'",
            ["leads", "from 2025-11-12 on, within a month"],
        ),
        # growth is no beginning, and who never paid in the first two months may well be a young agency
        (
            "history_begins_together",
            """delete from facts.fct_payment where paid_date < date '2025-10-03'
            or (paid_month = date '2025-10-01' and paid_date > date '2025-10-06')""",
            [],
        ),
        ("days_told_once", SPEND_AGAIN, ["and sheet", "ppc_search", "in money"]),
        ("days_told_once", PAID_AGAIN.format(days=0), ["bank and ", "payments of the same days and amounts"]),
        ("days_told_once", SPEND_AGAIN.replace("round(cost_base, 1)", "1.2 * cost_base"), ["and sheet", "ppc_search", "in money"]),
        ("days_told_once", INVOICED, ["demo and channel costs ppc_search 2026-02"]),
        # with its tax, when it comes in the next month
        (
            "days_told_once",
            INVOICED.replace("sum(cost_base)", "1.19 * sum(cost_base)").replace("2026-02-03", "2026-03-03"),
            ["demo and channel costs ppc_search 2026-02"],
        ),
        ("days_told_once", INVOICED.replace("sum(cost_base)", "1.1834 * sum(cost_base)"), []),
        ("days_told_once", PAID_AGAIN.format(days=2), ["bank and ", "payments of the same amounts within five days"]),
        ("days_told_once", PAID_AGAIN.format(days=9), []),
        ("rows_told_once", RETOLD.format(rule="said_again"), ["demo", "payments", "9 rows of 2026-03 again", "950.00 EUR"]),
        (
            "money_valued",
            "update facts.fct_quarantine set amount_base = null, amount_original = 1e6, currency = 'GBP', severity = 'quarantine' "
            "where quarantine_key = (select min(quarantine_key) from facts.fct_quarantine)",
            ["demo", "1000000.00 GBP"],
        ),
        ("counted_once", RETOLD.format(rule="days_shared"), ["9 from 2026-03 on share days", "950.00 EUR"]),
        ("states_go_forward", RETOLD.format(rule="older_state"), ["demo", "payments", "9 in an older state"]),
        ("days_said_once", RETOLD.format(rule="days_again"), ["demo", "payments", "9 days of a channel from 2026-03 on", "950.00 EUR"]),
        ("dumps_replace", RETOLD.format(rule="not_said_again"), ["demo", "payments", "9 rows from 2026-03 on", "950.00 EUR"]),
        ("refunds_have_ids", RETOLD.format(rule="paid_turned_back"), ["demo", "payments", "9 paid before and refunds under the same ids"]),
        (
            "entries_follow_leads",
            """update facts.fct_lead_funnel set sql_at = sql_at - interval 10 year
            where lead_key = (select min(lead_key) from facts.fct_lead_funnel where sql_at is not null and attempt_number = 1)""",
            ["demo", "1 leads in a stage 36"],
        ),
        (
            "entries_follow_leads",
            """update facts.fct_lead_funnel set sql_at = sql_at - interval 3 month
            where lead_key = (select min(lead_key) from facts.fct_lead_funnel where sql_at is not null and attempt_number = 1)""",
            [],
        ),
        (
            "only_what_left_comes_back",
            """update facts.fct_payment set kind = 'chargeback_won'
            where payment_key = (select min(payment_key) from facts.fct_payment where kind = 'payment')""",
            ["demo", "chargeback_won", "1 clients", "in money"],
        ),
        (
            "only_what_left_comes_back",
            """insert into facts.fct_payment by name
            select 'b' || payment_key as payment_key, 'chargeback' as kind, -amount_original as amount_original,
                -0.9 * amount_base as amount_base, * exclude (payment_key, kind, amount_base, amount_original)
            from facts.fct_payment where payment_key = (select min(payment_key) from facts.fct_payment where kind = 'payment');
            update facts.fct_payment set kind = 'chargeback_won'
            where payment_key = (select min(payment_key) from facts.fct_payment where kind = 'payment')""",
            [],
        ),
        (
            "costs_fit_their_payments",
            "update facts.fct_payment set direct_cost_base = 100 * direct_cost_base",
            [" cost more than they bring"],
        ),
        ("ids_given_once", RETOLD.format(rule="id_given_again"), ["demo", "payments", "9 ids that were of others"]),
        ("restated_much", restated(kpi="revenue", then=100.0, now=89.0), ["revenue", "2026-01", "100.0 then", "89.0 now"]),
        ("restated_much", restated(kpi="sql", then=20.0, now="null"), ["sql", "2026-01", "20.0 then", "nothing now"]),
        ("restated_much", restated(kpi="revenue", then=100.0, now=91.0), []),
        ("restated_much", restated("revenue", WHOLE.format(share=0.2), "null", "seo"), ["revenue", "2026-01", "of seo", "nothing now"]),
        ("restated_much", restated("revenue", "null", WHOLE.format(share=0.2), "seo"), ["of seo", "nothing then"]),
        ("restated_much", restated("revenue", WHOLE.format(share=0.05), 0.0, "seo"), []),
        ("restated_much", restated("leads", 8.0, 0.0, "seo"), []),
        ("restated_much", restated(kpi="sql", then=20.0, now=12.0), []),
        ("restated_much", restated(kpi="average_check", then=100.0, now=10.0), []),
    ],
)  # fmt: skip
def test_what_publishes_with_a_warning_is_named(check: str, sql: str, named: list[str], evaluate_copy: Any) -> None:
    suites = [
        replace(suite, expectations=tuple(each for each in suite.expectations if each.check == check))
        for suite in SUITES
        if any(each.check == check for each in suite.expectations)
    ]
    warned = [found for found in evaluate_copy(suites, sql) if found.outcome != "pass"]
    assert [found.outcome for found in warned] == ["warn"][: len(named)]
    for words in named:
        assert words in warned[0].detail
    assert not any(found.is_blocking for found in warned)


def test_an_empty_suite_has_failed(evaluate_copy: Any) -> None:
    (check,) = evaluate_copy([Suite("marts.mart_verdict", ())])
    assert check.is_blocking


def test_no_value_of_a_row_leaves_the_gate(evaluate_copy: Any) -> None:
    checks = evaluate_copy(
        SUITES, "update facts.fct_lead_funnel set outcome = 'canary@example.com', lead_attempt_key = 'canary@example.com'"
    )
    assert any(check.is_blocking for check in checks)
    assert "canary@example.com" not in repr(checks)
