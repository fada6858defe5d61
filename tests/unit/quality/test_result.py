"""A gate passes only when something was evaluated and nothing blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onefunnel.quality.result import CheckResult, GateResult, unproven

CHECK = CheckResult("key_unique", "candidate", "marts.m", "block", "pass", "data-team", "docs/runbook.md#key_unique", rows=1234)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((), "fail"),
        (("pass",), "pass"),
        (("pass", "warn"), "warn"),
        (("warn", "fail"), "fail"),
        (("pass", "error"), "fail"),
        (("pass", "not_evaluated"), "fail"),
    ],
)
def test_status(outcomes: tuple[str, ...], status: str) -> None:
    result = GateResult("candidate", "run", tuple(replace(CHECK, outcome=outcome) for outcome in outcomes))
    assert (result.status, result.passed) == (status, status != "fail")


def test_a_warning_that_was_not_evaluated_blocks_too() -> None:
    assert replace(CHECK, severity="warn", outcome="not_evaluated").is_blocking


def test_a_result_survives_being_saved(tmp_path: Path) -> None:
    result = GateResult("candidate", "run", (replace(CHECK, outcome="fail"),), "file", "ab12", "2026-04-01", 1.5)
    result.save(tmp_path / "gate.json")
    assert GateResult.load(tmp_path / "gate.json") == result


def test_a_gate_that_crashed_has_failed_and_says_why() -> None:
    result = unproven("candidate", "run", "out of memory")
    assert result.status == "fail"
    assert "out of memory" in result.failures[0].sentence


def test_the_sentence_says_what_where_and_how_much() -> None:
    assert (
        replace(CHECK, outcome="fail", observed="3", expected="0").sentence
        == "marts.m: key_unique fail; 1,234 rows; observed 3; expected 0"
    )
