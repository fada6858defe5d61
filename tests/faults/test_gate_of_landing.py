"""Faults 7 and 9 at gate 1: empty, header only, collapsed or multiplied volume, missing ids, changed columns, late sources."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_home import build_warehouse, passing_gate, settings_of

from onefunnel.config import load_config
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.publication import publish
from onefunnel.quality import CheckResult, GateResult, check_landing
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow
FIRST = date(2026, 3, 1)
SOURCES = """
version: 1
sources:
  - name: crm
    system: template
    connector: files
    owner: sales-ops
    {extra}
    entities:
      leads: {{path: leads.csv}}
"""
HEADER = "lead_id,created_at,channel,country\n"
Land = Callable[..., GateResult]


def leads(count: int, *, header: str = HEADER, without_id: int = 0) -> str:
    lines = [f"{'' if number < without_id else number},2026-02-01 10:00:00,seo,DE" for number in range(count)]
    return header + "\n".join(lines) + ("\n" if lines else "")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


@pytest.fixture
def land(tmp_path: Path, settings: Settings) -> Land:
    """Deliver a file on a night (0 is the first), land it, and ask gate 1."""

    def deliver(night: int, text: str | None, *, extra: str = "") -> GateResult:
        (tmp_path / "sources.yml").write_text(SOURCES.format(extra=extra))
        if text is not None:
            (tmp_path / "leads.csv").write_text(text)
        config, as_of = load_config(tmp_path / "sources.yml"), FIRST + timedelta(days=night)
        if text is not None:
            extract_source(config, config.source("crm"), Interval.for_as_of(as_of, "UTC"), settings)
        return check_landing(config, settings, as_of, f"night-{night}")

    return deliver


def failing(result: GateResult) -> dict[str, CheckResult]:
    return {check.name: check for check in (*result.failures, *result.warnings)}


def test_a_good_delivery_passes_and_every_check_was_evaluated(land: Land) -> None:
    result = land(0, leads(100))
    assert result.status == "pass"
    assert {check.name for check in result.checks} == {
        "columns_present",
        "ids_present",
        "not_empty",
        "volume",
        "source_fresh",
        "columns_changed",
        "export_whole",
    }
    assert {check.source for check in result.checks} == {"crm"}
    assert {check.owner for check in result.checks} == {"sales-ops"}


def test_a_header_only_is_blocked_unless_declared_normal(land: Land) -> None:
    result = land(0, HEADER)
    assert "not_empty" in failing(result)
    assert not result.passed
    assert land(0, None, extra="expected: normal_empty").passed


def test_nothing_landed_at_all_is_blocked(land: Land) -> None:
    result = land(0, None)
    assert not result.passed


@pytest.mark.parametrize(("rows", "blocked"), [(150, True), (250, False), (9_000, False), (11_000, True)])
def test_volume_is_compared_with_the_load_before(land: Land, rows: int, blocked: bool) -> None:
    assert land(0, leads(1_000)).passed
    result = land(1, leads(rows))
    assert ("volume" in failing(result)) is blocked
    assert result.passed is not blocked


def test_a_few_rows_more_or_less_say_nothing(land: Land) -> None:
    land(0, leads(15))
    assert land(1, leads(2)).passed


def test_a_good_load_after_a_collapsed_one_passes_because_bi_never_saw_the_collapse(land: Land, settings: Settings) -> None:
    land(0, leads(1_000))
    build_warehouse(settings, 1, FIRST)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create table facts.fct_row_count as select 'crm' as source_name, 'leads' as entity, 1000::bigint as rows_landed")
    candidate = make_candidate(settings, None, FIRST, "run")
    publish(candidate, passing_gate(candidate), settings)
    assert "volume" in failing(land(1, leads(20)))
    assert land(2, leads(1_001)).passed


def test_what_bi_shows_of_a_source_that_nobody_names_any_more_is_told_before_it_counts_no_more(land: Land, settings: Settings) -> None:
    assert land(0, leads(100)).status == "pass"
    build_warehouse(settings, 1, FIRST)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        rows = (
            "('crm', 'leads', 100), ('old_crm', 'leads', 1234), ('crm', 'payments', 7), ('crm', 'targets', 0), ('crm', 'made_of_leads', 5)"
        )
        db.execute(f"create table facts.fct_row_count as from (values {rows}) as counts (source_name, entity, rows_landed)")
    candidate = make_candidate(settings, None, FIRST, "run")
    publish(candidate, passing_gate(candidate), settings)
    result = land(1, leads(100))
    assert result.passed
    told = {check.relation: check for check in result.warnings}
    assert set(told) == {"old_crm.leads", "crm.payments"}
    assert "not in sources.yml, and 1,234 rows of it in what BI shows" in told["old_crm.leads"].sentence
    assert {(check.name, check.alert_kind) for check in told.values()} == {("sources_stay", "figures_moved")}


def test_rows_without_an_id_are_blocked_above_five_percent(land: Land) -> None:
    assert land(0, leads(100, without_id=5)).passed
    assert "ids_present" in failing(land(1, leads(100, without_id=6)))


def test_a_new_and_an_absent_column_are_named_and_do_not_block(land: Land) -> None:
    land(0, leads(100))
    result = land(1, leads(100, header="lead_id,created_at,channel,land\n"))
    assert result.passed
    told = " ".join(check.sentence for check in result.warnings)
    assert "new: land" in told
    assert "gone: country" in told
    assert {check.alert_kind for check in result.warnings} == {"columns_changed"}


def test_a_column_that_is_empty_all_at_once_is_named(land: Land) -> None:
    """A right was lost in the CRM, or a field moved: the header is the same, and the figures that used it are gone."""
    land(0, leads(100))
    emptied = leads(100).replace(",DE\n", ",\n")
    result = land(1, emptied)
    assert result.passed
    assert "empty now: country" in " ".join(check.sentence for check in result.warnings)
    assert {check.alert_kind for check in result.warnings} == {"columns_changed"}
    assert land(2, emptied.replace("seo", "direct")).status == "pass"


def test_a_column_that_few_rows_fill_may_be_empty(land: Land) -> None:
    few = leads(97, header=HEADER.replace("country", "reason")).replace(",DE\n", ",\n")
    land(0, few + "97,2026-02-01 10:00:00,seo,price\n98,2026-02-01 10:00:00,seo,price\n")
    assert land(1, few).status == "pass"


def test_a_file_that_ends_where_exports_are_cut_is_told(land: Land) -> None:
    assert land(0, leads(999)).status == "pass"
    result = land(1, leads(1000))
    assert result.passed
    check = failing(result)["export_whole"]
    assert (check.alert_kind, check.owner) == ("export_cut", "sales-ops")
    assert "exactly 1,000" in check.expected


def test_a_late_source_is_a_warning_for_its_owner(land: Land) -> None:
    assert land(0, leads(100)).status == "pass"
    result = land(3, None)
    assert result.status == "warn"
    assert failing(result)["source_fresh"].alert_kind == "source_stale"


def test_a_delta_compares_with_the_loads_before_it(tmp_path: Path, settings: Settings) -> None:
    def night(number: int, rows: int) -> Any:
        text = SOURCES.format(extra="").replace("{path: leads.csv}", "{path: 'leads-*.csv', delivery: delta}")
        (tmp_path / "sources.yml").write_text(text)
        (tmp_path / f"leads-{number}.csv").write_text(leads(rows).replace("2026-02-01", f"2026-02-{number + 1:02d}"))
        config, as_of = load_config(tmp_path / "sources.yml"), FIRST + timedelta(days=number)
        extract_source(config, config.source("crm"), Interval.for_as_of(as_of, "UTC"), settings)
        return check_landing(config, settings, as_of, f"night-{number}")

    assert night(0, 100).passed
    assert night(1, 120).passed
    assert "volume" in failing(night(2, 10))
    assert night(3, 110).passed
