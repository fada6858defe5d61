"""Agencies with another funnel: five stages, and the eleven of a SaaS company. Nothing but CSV files makes the difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from nights import RunCli

from onefunnel.demo.funnels import SAME_AS, demo_funnel

pytestmark = pytest.mark.slow

INCIDENT = ("--incident", "lost_at_contract", "--incident-month", "2026-01")
Answers = Callable[[str], list[tuple]]


@pytest.fixture(scope="module", params=list(SAME_AS))
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> tuple[str, Path]:
    """A funnel's name and the folder with the source and home of its published night."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    run_cli("demo-data", "--out", folder / "source", "--funnel", name, "--months", 8, "--leads-per-month", 600, *INCIDENT)
    run_cli("run", "--sources", folder / "source/sources.yml", "--home", folder / "home", "--as-of", "2026-03-31")
    return name, folder


@pytest.fixture(scope="module")
def ask(night: tuple[str, Path]) -> Answers:
    """Rows of a question to what BI reads."""

    def asked(question: str) -> list[tuple]:
        with duckdb.connect(str(night[1] / "home/published/current.duckdb"), read_only=True) as db:
            return db.execute(question).fetchall()

    return asked


@pytest.fixture(scope="module")
def truth(night: tuple[str, Path]) -> dict:
    """What the agency was made of, month by month."""
    return json.loads((night[1] / "source/demo_facts.json").read_text())["months"]


def test_every_stage_is_counted_as_it_happened(night: tuple[str, Path], ask: Answers, truth: dict) -> None:
    stages = demo_funnel(night[0]).stages
    assert [key for (key,) in ask("select stage_key from facts.dim_stage where not is_terminal order by stage_order")] == list(stages)
    reached = dict(
        ((month, stage), count)
        for month, stage, count in ask(
            "select strftime(lead_month, '%Y-%m'), stage_key, count(*) from facts.fct_lead_stage where is_reached group by all"
        )
    )
    expected = {
        (month, stage): known[f"cohort_{stage}"] for month, known in truth.items() for stage in stages[1:] if known[f"cohort_{stage}"]
    }
    assert {key: count for key, count in reached.items() if key[1] != stages[0]} == expected
    entered = {
        (month, stage): count
        for month, stage, count in ask(
            "select strftime(event_month, '%Y-%m'), stage_key, entries from marts.mart_funnel_period "
            "where channel_key = 'all' and entries > 0"
        )
    }
    # the ledger, not the stage, dates a client
    for stage in stages[1:-1]:
        assert {month: count for (month, key), count in entered.items() if key == stage and month in truth} == {
            month: known[f"{stage}_in_month"] for month, known in truth.items() if known[f"{stage}_in_month"]
        }


def test_every_ending_is_whose_it_is(ask: Answers, truth: dict) -> None:
    ended = {
        (month, outcome): count
        for month, outcome, count in ask(
            "select strftime(outcome_month, '%Y-%m'), outcome, count(*) from facts.fct_lead_funnel "
            "where outcome in ('rejected', 'returned', 'lost') group by all"
        )
    }
    outcomes = ("rejected", "returned", "lost")
    assert ended == {
        (month, key): known[f"{key}_in_month"] for month, known in truth.items() for key in outcomes if known[f"{key}_in_month"]
    }
    owners = dict(ask("select distinct outcome, lost_department from facts.fct_lead_funnel where lost_department is not null"))
    assert owners == {"rejected": "marketing", "returned": "marketing", "lost": "sales"}


def test_kpis_are_those_that_the_roles_allow(night: tuple[str, Path], ask: Answers, truth: dict) -> None:
    funnel = demo_funnel(night[0])
    kpis = dict(ask("select kpi_key, unknown_because from facts.dim_kpi"))
    assert {key for key in kpis if key.startswith("step_conversion_") and not key.endswith("_cohort")} == {
        f"step_conversion_{stage}" for stage in funnel.stages[1:]
    }
    of_roles = {"brief_conversion", "first_contact_minutes", "brief_fill_hours", "contract_prep_days"}
    assert of_roles & set(kpis) == (of_roles if night[0] == "saas" else set())
    assert {"sql", "sal", "sal_ratio", "demos_held", "cost_per_sql"} <= set(kpis)
    for kpi, stage in {"sql": funnel.handoff, "sal": funnel.accepted}.items():
        shown = dict(ask(f"select strftime(month, '%Y-%m'), value from marts.mart_kpi_monthly where kpi = '{kpi}' and channel_key = 'all'"))
        assert {month: shown[month] for month in truth} == {month: known[f"{stage}_in_month"] for month, known in truth.items()}


def test_the_turned_fact_says_what_the_wide_one_says(night: tuple[str, Path], ask: Answers) -> None:
    for stage in demo_funnel(night[0]).stages[1:]:
        ((differing,),) = ask(
            f"select count(*) from facts.fct_lead_funnel as wide join facts.fct_lead_stage as turned using (lead_attempt_key) "
            f"where stage_key = '{stage}' and ({stage}_reached, {stage}_at, {stage}_is_imputed, {stage}_lag_minutes) "
            "is distinct from (is_reached, reached_at, turned.is_imputed, turned.lag_minutes)"
        )
        assert differing == 0


def test_the_verdict_names_the_planted_incident_in_the_agencys_words(ask: Answers) -> None:
    ((department, factor, headline),) = ask(
        "select main_department, main_factor, headline_ru from marts.mart_verdict "
        "where month = '2026-01-01' and comparison = 'previous_month' and metric = 'new_clients' and basis = 'cohort'"
    )
    last = ask("select stage_key, label_ru from facts.dim_stage where not is_terminal order by stage_order desc limit 1")[0]
    assert (department, factor) == ("sales", f"step_{last[0]}")
    assert f"-> {last[1]}" in headline
