"""From leads and payments to the cells: windows of equal age, undated stages, flows, and the season."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import duckdb
import pandas as pd
import pytest
from lmdi_reference import STAGES
from verdict_bench import COUNTING, Bench

from benchmarks.compiled_models import run_models

Lead = dict


def lead(
    created: datetime, channel: str = "seo", source: str = "crm", undated: Iterable[str] = (), keeps: bool = True, **days: float
) -> Lead:
    """A lead created at a UTC moment; days after which each stage was entered.

    undated: stages that a status proves, at an unknown time; keeps: whether the days are those of events, not of a status.
    """
    return {"created": created, "channel": channel, "source": source, "days": days, "undated": set(undated), "keeps": keeps}


Count = Callable[..., dict]


@pytest.fixture
def count(bench: Bench) -> Count:
    """Runs the counting models over leads, payments (lead number, UTC moment, amount) and rows of fct_market_index, as of a day in UTC."""

    def run(leads: list[Lead], as_of: date, payments: Iterable[tuple[int, datetime, float]] = (), demand: Iterable[tuple] = ()) -> dict:
        db = bench.connection
        for schema in ("landing", "intermediate"):
            db.execute(f"drop schema if exists {schema} cascade; create schema {schema}")
        for name in ("dim_date", "fct_lead_funnel", "fct_payment", "fct_market_index"):
            db.execute(f"drop table if exists facts.{name}")
        end = datetime.combine(as_of, datetime.min.time()) + timedelta(days=1)
        db.execute(
            "create table landing.pipeline_run as select ?::date as as_of, 'UTC' as reporting_time_zone, ?::timestamp as as_of_end_at, "
            "1 as build_number",
            [as_of, end],
        )
        db.execute(
            "create table facts.dim_date as select day::date as date_day, date_trunc('month', day)::date as month "
            "from generate_series(timestamp '2020-01-01', timestamp '2028-01-01', interval 1 day) as days(day)"
        )
        stages = ", ".join(
            f"{stage}_reached boolean, {stage}_is_imputed boolean, {stage}_at timestamp, {stage}_date date" for stage in STAGES
        )
        db.execute(
            "create table facts.fct_lead_funnel (lead_attempt_key varchar, source_name varchar, channel_key varchar, created_at timestamp, "
            f"created_date date, lead_month date, {stages})"
        )
        db.execute("create table intermediate.int_stage_events (source_name varchar, stage_key varchar)")
        _insert(db, leads)
        db.execute(
            "create table facts.fct_payment (lead_attempt_key varchar, client_key varchar, channel_key varchar, paid_at timestamp, "
            "paid_date date, paid_month date, amount_base decimal(28, 2), is_first_payment boolean, kind varchar)"
        )
        db.execute(
            "create table facts.fct_market_index "
            "(starts_on date, is_whole_month boolean, channel_key varchar, service varchar, index_value double)"
        )
        for row in demand:
            db.execute("insert into facts.fct_market_index values (?, ?, ?, ?, ?)", list(row))
        first: set[int] = set()
        for number, at, amount in sorted(payments, key=lambda payment: payment[1]):
            is_first = amount > 0 and number not in first
            first |= {number} if is_first else set()
            db.execute(
                "insert into facts.fct_payment values (?, ?, ?, ?, ?, ?, ?, ?, if(? > 0, 'payment', 'refund'))",
                [str(number), str(number), leads[number]["channel"], at, at.date(), at.date().replace(day=1), amount, is_first, amount],
            )
        run_models(db, [bench.models[name] for name in ("int_stage_recording", *(f"int_verdict_{name}" for name in COUNTING))])
        rows = bench.rows("select * from intermediate.int_verdict_cells")
        return {(row["basis"], row["month"], row["comparison"], row["side"], row["channel_key"]): row for row in rows}

    return run


def _insert(db: duckdb.DuckDBPyConnection, leads: list[Lead]) -> None:
    rows = []
    for number, one in enumerate(leads):
        at = {stage: one["created"] + timedelta(days=days) for stage, days in one["days"].items()}
        known = {"lead", *at, *one["undated"]}
        furthest = max(STAGES.index(stage) for stage in known)
        day = one["created"].date()
        values = [str(number), one["source"], one["channel"], one["created"], day, day.replace(day=1)]
        for order, stage in enumerate(STAGES):
            moment = pd.Timestamp(one["created"]) if stage == "lead" else pd.Timestamp(at[stage]) if stage in at else pd.NaT
            is_reached = order <= furthest
            values += [is_reached, is_reached and stage not in known, moment, moment if moment is pd.NaT else moment.normalize()]
        rows.append(values)
        if one["keeps"] and at:
            db.executemany("insert into intermediate.int_stage_events values (?, ?)", [[one["source"], stage] for stage in at])
    db.register("given", pd.DataFrame(rows))
    db.execute("insert into facts.fct_lead_funnel select * from given")
    db.unregister("given")


JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("as_of", "kind", "days"),
    [
        (date(2026, 3, 29), "to_date", None),
        (date(2026, 3, 30), "full", 30),
        (date(2026, 4, 29), "full", 60),
        (date(2026, 5, 29), "full", 90),
        (date(2026, 8, 27), "full", 180),
        (date(2027, 2, 28), "full", 365),
    ],
)
def test_the_largest_window_that_both_have_lived(bench: Bench, count: Count, as_of: date, kind: str, days: int | None) -> None:
    """February's last lead is 30 days old on 30 March."""
    count([lead(datetime(2026, 1, 5)), lead(datetime(2026, 2, 5))], as_of)
    sides = bench.rows(
        f"select * from intermediate.int_verdict_sides where basis = 'cohort' and comparison = 'previous_month' and month = '{FEBRUARY}'"
    )
    assert {(row["window_kind"], row["window_days"]) for row in sides} == {(kind, days)}


def test_a_stage_after_the_window_does_not_count(count: Count) -> None:
    """January has lived longer than February: what it did after the window must not make it look better."""
    leads = [
        lead(datetime(2026, 1, 5), first_contact=1, brief_filled=2, sql=29.9),
        lead(datetime(2026, 1, 5), first_contact=1, brief_filled=2, sql=30.1),
        lead(datetime(2026, 2, 5), first_contact=1),
    ]
    cell = count(leads, date(2026, 3, 31))["cohort", FEBRUARY, "previous_month", "base", "seo"]
    assert (cell["lead_count"], cell["first_contact_count"], cell["brief_filled_count"], cell["sql_count"]) == (2, 2, 2, 1)


def test_a_later_stage_in_the_window_proves_the_earlier(count: Count) -> None:
    cell = count([lead(datetime(2026, 1, 5)), lead(datetime(2026, 2, 5), sal=10)], date(2026, 4, 15))[
        "cohort", FEBRUARY, "previous_month", "current", "seo"
    ]
    assert [cell[f"{stage}_count"] for stage in STAGES] == [1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_a_source_that_dates_no_stage_counts_them_at_any_age(count: Count) -> None:
    leads = [
        lead(datetime(2026, 1, 5), source="status_only", undated=["sql"], first_contact=1),
        lead(datetime(2026, 1, 6), source="status_only", undated=["sal"], paid=80),
        lead(datetime(2026, 2, 5), source="status_only"),
    ]
    cell = count(leads, date(2026, 4, 29))["cohort", FEBRUARY, "previous_month", "base", "seo"]
    assert [cell[f"{stage}_count"] for stage in STAGES] == [2, 2, 2, 2, 1, 0, 0, 0, 0]
    assert cell["undated_count"] == 2


def test_what_a_later_stage_proves_counts_when_that_does(count: Count) -> None:
    """A source of leads and payments: a client of day 80 has passed every stage, and within 60 days nothing says so."""
    leads = [lead(datetime(2026, 1, 5), paid=80), lead(datetime(2026, 1, 6), paid=20), lead(datetime(2026, 2, 5))]
    cell = count(leads, date(2026, 4, 29))["cohort", FEBRUARY, "previous_month", "base", "seo"]
    assert [cell[f"{stage}_count"] for stage in STAGES] == [2, *[1] * 8]
    assert cell["undated_count"] == 0


def test_a_forgotten_stage_counts_with_the_one_that_proves_it(count: Count) -> None:
    """The brief was forgotten and is proven by an SQL of day 80: within 60 days, nothing says that it was filled."""
    leads = [
        lead(datetime(2026, 1, 5), first_contact=1, sql=80),
        lead(datetime(2026, 1, 6), first_contact=1, brief_filled=2),
        lead(datetime(2026, 2, 5)),
    ]
    cell = count(leads, date(2026, 4, 29))["cohort", FEBRUARY, "previous_month", "base", "seo"]
    assert (cell["first_contact_count"], cell["brief_filled_count"], cell["sql_count"]) == (2, 1, 0)


def compared(bench: Bench, month: date, basis: str = "cohort", comparison: str = "previous_month") -> dict[str, tuple[bool, bool]]:
    """Of each stage, whether it is recorded in both months, and whether it can be seen at equal age."""
    rows = bench.rows(
        f"select * from intermediate.int_verdict_stages where basis = '{basis}' and month = '{month}' and comparison = '{comparison}'"
    )
    return {row["stage_key"]: (row["is_recorded"], row["has_age"]) for row in rows}


def test_a_stage_that_nobody_recorded_is_not_compared(bench: Bench, count: Count) -> None:
    """January recorded no SQL, February did; proposals were recorded by neither, and nobody came to a contract."""
    leads = [lead(datetime(2026, 1, 5), demo_held=9), lead(datetime(2026, 2, 5), sql=3, demo_held=9)]
    count(leads, date(2026, 4, 15))
    found = compared(bench, FEBRUARY)
    assert {stage for stage, (is_recorded, _) in found.items() if is_recorded} == {
        "lead", "demo_held", "proposal_sent", "contract_sent", "paid"
    }  # fmt: skip
    assert all(has_age for _, has_age in found.values())


@pytest.mark.parametrize(("as_of", "has_age"), [(date(2026, 4, 15), False), (date(2026, 8, 27), True)])
@pytest.mark.parametrize("status", [{"undated": ["sql"]}, {"sql": 4, "keeps": False}], ids=["undated", "dated"])
def test_what_a_status_proves_is_compared_when_both_months_are_old(
    bench: Bench, count: Count, as_of: date, has_age: bool, status: dict
) -> None:
    """The older month shows more of it, or less, once leads have gone on from there: at 180 days it has settled."""
    leads = [lead(datetime(2026, month, 5), source="statuses", **status) for month in (1, 2)]
    leads += [lead(datetime(2026, month, 5), demo_held=9) for month in (1, 2)]
    count(leads, as_of)
    assert compared(bench, FEBRUARY)["sql"] == (True, has_age)
    assert compared(bench, FEBRUARY)["demo_held"] == (True, True)
    assert compared(bench, FEBRUARY, basis="period")["sql"] == (True, False)


def test_clients_of_a_period_are_those_of_the_ledger(bench: Bench, count: Count) -> None:
    count([lead(datetime(2026, month, 5), undated=["paid"]) for month in (1, 2)], date(2026, 4, 15))
    assert compared(bench, FEBRUARY)["paid"] == (True, False)
    assert compared(bench, FEBRUARY, basis="period")["paid"] == (True, True)


def test_an_undated_client_counts_and_brings_no_revenue(count: Count) -> None:
    cell = count([lead(datetime(2026, 1, 5)), lead(datetime(2026, 2, 5), undated=["paid"])], date(2026, 4, 29))[
        "cohort", FEBRUARY, "previous_month", "current", "seo"
    ]
    assert (cell["paid_count"], cell["new_revenue"], cell["undated_count"]) == (1, 0, 1)


def test_money_of_a_cohort_is_that_of_the_window(count: Count) -> None:
    leads = [lead(datetime(2026, 1, 5), paid=10), lead(datetime(2026, 2, 5))]
    paid = [
        (0, datetime(2026, 1, 15), 100.0),
        (0, datetime(2026, 2, 1), 50.0),
        (0, datetime(2026, 2, 2), -30.0),
        (0, datetime(2026, 4, 20), 999.0),
    ]
    cell = count(leads, date(2026, 4, 29), paid)["cohort", FEBRUARY, "previous_month", "base", "seo"]
    assert (cell["new_revenue"], cell["refunds"], cell["existing_revenue"]) == (150, -30, 0)
    assert cell["new_revenue_squares"] == 150**2


def test_young_cohorts_are_seen_at_the_same_mixture_of_ages(count: Count) -> None:
    """As of 31 March, a lead of 1 March has lived 31 days and one of 31 March none: February (28 days) is seen likewise."""
    first, last = datetime(2026, 2, 1), datetime(2026, 2, 28, 12)
    leads = [
        lead(first, first_contact=27.9),
        lead(first, first_contact=28.5),
        lead(last, first_contact=0.4),
        lead(last, first_contact=0.6),
        # March: its first lead is seen for 28 days as well, though it has lived 31
        lead(datetime(2026, 3, 1), channel="blog", first_contact=27.9),
        lead(datetime(2026, 3, 1), channel="blog", first_contact=28.5),
    ]
    cells = count(leads, date(2026, 3, 31))
    assert cells["cohort", MARCH, "previous_month", "base", "seo"]["first_contact_count"] == 2
    assert cells["cohort", MARCH, "previous_month", "current", "blog"]["first_contact_count"] == 1


def test_a_running_month_is_compared_with_the_same_days(count: Count) -> None:
    leads = [lead(datetime(2026, 2, day, 12), first_contact=0.1) for day in (1, 10, 11)] + [lead(datetime(2026, 3, 2))]
    cells = count(leads, date(2026, 3, 10))
    for basis in ("cohort", "period"):
        assert cells[basis, MARCH, "previous_month", "base", "seo"]["lead_count"] == 2


def test_flows_are_counted_in_the_month_they_happened(count: Count) -> None:
    leads = [lead(datetime(2026, 1, 20), first_contact=1, sql=20, paid=50), lead(datetime(2026, 2, 5))]
    paid = [
        (0, datetime(2026, 3, 11), 100.0),
        (0, datetime(2026, 3, 20), 40.0),
        (0, datetime(2026, 4, 2), 60.0),
        (0, datetime(2026, 4, 3), -10.0),
    ]
    cells = count(leads, date(2026, 4, 30), paid)
    assert cells["period", FEBRUARY, "previous_month", "current", "seo"]["sql_count"] == 1
    march = cells["period", MARCH, "previous_month", "current", "seo"]
    assert (march["lead_count"], march["paid_count"], march["new_revenue"], march["existing_revenue"]) == (0, 1, 140, 0)
    april = cells["period", date(2026, 4, 1), "previous_month", "current", "seo"]
    assert (april["paid_count"], april["new_revenue"], april["existing_revenue"], april["refunds"]) == (0, 0, 60, -10)


def monthly(counts: list[int], first: date = date(2023, 1, 1)) -> list[Lead]:
    """So many leads in each month from the first on."""
    leads = []
    for place, size in enumerate(counts):
        year, month = first.year + (first.month - 1 + place) // 12, (first.month - 1 + place) % 12 + 1
        leads += [lead(datetime(year, month, 1 + number % 28, number % 24)) for number in range(size)]
    return leads


def season(bench: Bench, month: date) -> dict:
    return bench.rows(f"select * from intermediate.int_verdict_season where month = '{month}' and comparison = 'previous_month'")[0]


def test_a_dip_of_every_year_is_a_season(bench: Bench, count: Count) -> None:
    year = [60, 60, 60, 60, 60, 60, 30, 60, 60, 60, 60, 60]
    count(monthly(year * 3), date(2025, 12, 31))
    found = season(bench, date(2025, 7, 1))
    assert found["has_season"]
    assert 0.5 < found["current_index"] / found["base_index"] < 0.72
    assert found["log_variance"] > 0


def test_a_dip_does_not_explain_itself(bench: Bench, count: Count) -> None:
    """Only the month that is judged was low: that is no season."""
    count(monthly([60] * 30 + [30] + [60] * 8), date(2026, 3, 31))
    found = season(bench, date(2025, 7, 1))
    assert found["has_season"]
    assert abs(found["current_index"] / found["base_index"] - 1) < 0.05


def test_without_two_years_no_season_is_claimed(bench: Bench, count: Count) -> None:
    count(monthly([40] * 23), date(2024, 11, 30))
    found = season(bench, date(2024, 11, 1))
    assert not found["has_season"]
    assert (found["base_index"], found["current_index"]) == (1, 1)


def test_against_the_previous_year_the_season_cancels(bench: Bench, count: Count) -> None:
    count(monthly([30, 60] * 15), date(2025, 6, 30))
    rows = bench.rows("select * from intermediate.int_verdict_season where comparison = 'previous_year'")
    assert rows
    assert all((row["base_index"], row["current_index"], row["log_variance"]) == (1, 1, 0) for row in rows)


def indices(bench: Bench) -> dict[tuple[str, str], tuple[float, float]]:
    """Index of demand on both sides, by comparison and channel, of February."""
    rows = bench.rows(f"select * from intermediate.int_verdict_market_index where month = '{FEBRUARY}'")
    return {(row["comparison"], row["channel_key"]): (row["base_index"], row["current_index"]) for row in rows}


TWO_MONTHS = [lead(datetime(2026, 1, 5)), lead(datetime(2026, 2, 5))]


def test_an_index_counts_where_both_months_have_it(bench: Bench, count: Count) -> None:
    demand = [(JANUARY, True, "all", "all", 80.0), (FEBRUARY, True, "all", "all", 60.0), (FEBRUARY, True, "seo", "all", 9.0)]
    count(TWO_MONTHS, date(2026, 3, 31), demand=demand)
    assert indices(bench) == {("previous_month", "all"): (80.0, 60.0)}


def test_an_index_of_days_counts_for_the_days_compared(bench: Bench, count: Count) -> None:
    """Two weeks of each month are delivered; February is three days shorter. A figure of the whole month says nothing of a running one."""
    days = [(date(2026, month, day), False, "seo", "all", 10.0 * month) for month in (1, 2) for day in (1, 8)]
    months = [(month, True, "all", "all", 5.0) for month in (JANUARY, FEBRUARY)]
    count(TWO_MONTHS, date(2026, 2, 10), demand=[*days, *months])
    assert indices(bench) == {("previous_month", "seo"): (10.0 * 10, 20.0 * 10)}
    count(TWO_MONTHS, date(2026, 3, 31), demand=[*days, *months])
    assert indices(bench) == {("previous_month", "seo"): (10.0 * 31, 20.0 * 28), ("previous_month", "all"): (5.0, 5.0)}


def test_a_reading_counts_for_the_days_up_to_the_next(bench: Bench, count: Count) -> None:
    """Also for the first days of the next month; days before the first of all are as the others. A month without a reading has no index."""
    january = [(date(2026, 1, 2), 50.0), (date(2026, 1, 25), 200.0)]
    february = [(date(2026, 2, 1), 100.0), *((date(2026, 2, day), 200.0) for day in (26, 27, 28)), (MARCH, 100.0)]
    demand = [(day, False, "seo", "all", value) for day, value in [*january, *february]]
    count(TWO_MONTHS, date(2026, 3, 31), demand=demand)
    assert indices(bench) == {("previous_month", "seo"): ((50.0 * 23 + 200.0 * 7) * 31 / 30, 100.0 * 25 + 200.0 * 3)}
    moved = [(date(2026, 2, 6), *reading) if day == FEBRUARY else (day, *reading) for day, *reading in demand]
    count(TWO_MONTHS, date(2026, 3, 31), demand=moved)
    assert indices(bench)["previous_month", "seo"][1] == 200.0 * 5 + 100.0 * 20 + 200.0 * 3
    count(TWO_MONTHS, date(2026, 2, 10), demand=moved)
    assert indices(bench)["previous_month", "seo"][1] == 200.0 * 5 + 100.0 * 5
    count(TWO_MONTHS, date(2026, 3, 31), demand=[reading for reading in demand if reading[0].month != 2])
    assert indices(bench) == {}


def test_services_are_added_where_no_index_is_of_all(bench: Bench, count: Count) -> None:
    services = [("ppc", 4.0, 3.0), ("audit", 6.0, 2.0), ("email", 9.0, None)]
    demand = [
        (month, True, "all", service, value)
        for service, *values in services
        for month, value in zip((JANUARY, FEBRUARY), values, strict=True)
        if value
    ]
    count(TWO_MONTHS, date(2026, 3, 31), demand=demand)
    assert indices(bench) == {("previous_month", "all"): (10.0, 5.0)}
    count(TWO_MONTHS, date(2026, 3, 31), demand=[*demand, (JANUARY, True, "all", "all", 7.0), (FEBRUARY, True, "all", "all", 8.0)])
    assert indices(bench) == {("previous_month", "all"): (7.0, 8.0)}
