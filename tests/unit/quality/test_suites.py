"""The suites are complete data: every check has an owner, a severity and an entry of the runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onefunnel.alerts.kinds import KINDS
from onefunnel.errors import ConfigError
from onefunnel.project import project_root
from onefunnel.quality.suites import Expectation, read_suites

ALL = [expectation for gate in ("gate_landing", "gate_marts") for suite in read_suites(gate) for expectation in suite.expectations]
RUNBOOK = (project_root() / "docs" / "runbook.md").read_text(encoding="utf-8")
ENTRIES = set(re.findall(r"^#{2,3} `?([a-z_]+)`?$", RUNBOOK, re.MULTILINE))


@pytest.mark.parametrize("check", sorted({expectation.check for expectation in ALL}))
def test_every_check_has_a_runbook_entry(check: str) -> None:
    assert check in ENTRIES


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_alert_has_a_runbook_entry(kind: str) -> None:
    assert kind in ENTRIES


def test_every_alert_of_a_check_is_known() -> None:
    assert {expectation.alert for expectation in ALL} <= set(KINDS)


@pytest.mark.parametrize("mart", ["kpi_monthly", "kpi_daily", "funnel_cohort", "funnel_period", "speed", "channel_economics", "rejections"])
def test_every_mart_has_a_unique_key(mart: str) -> None:
    (suite,) = [suite for suite in read_suites("gate_marts") if suite.relation == f"marts.mart_{mart}"]
    assert any(expectation.check == "key_unique" and expectation.severity == "block" for expectation in suite.expectations)


def test_every_mart_of_the_project_is_in_the_gate() -> None:
    built = {path.stem for path in (project_root() / "models" / "marts").glob("*.sql")}
    assert {f"marts.{name}" for name in built} <= {suite.relation for suite in read_suites("gate_marts")}


@pytest.mark.parametrize(
    "text",
    [
        "suites: [",
        "suites: [{relation: a.b, expectations: [{type: expect_column_values_to_be_unique, meta: {check: x, severity: fatal, owner: y}}]}]",
        "suites: [{relation: a.b, expectations: [{type: expect_column_values_to_be_unique, meta: {check: x, severity: block}}]}]",
    ],
    ids=["unparsable", "unknown severity", "no owner"],
)
def test_a_damaged_suite_is_an_error_with_its_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "gate.yml").write_text(text)
    with pytest.raises(ConfigError, match=r"gate\.yml"):
        read_suites("gate", tmp_path)


def test_row_wise_expectations_need_rows() -> None:
    row_wise: list[Expectation] = [expectation for expectation in ALL if expectation.needs_rows]
    assert {expectation.type for expectation in row_wise} >= {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
