"""Runs suites against one DuckDB file with Great Expectations and translates its answers. Imported by gate processes only (seconds).

Three things GX would let pass are failures here: a row-wise expectation on no rows, an expectation that raised, an empty suite.
"""

from __future__ import annotations

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read once, at import: the gate never phones home

import datetime as dt
import decimal
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core import ExpectationSuite
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

from onefunnel.quality.dialect import close_all, register, url_of
from onefunnel.quality.result import CheckResult
from onefunnel.quality.suites import Expectation, Suite, filled

# Counts without examples: no value of a row leaves the engine, so none reaches a result, a page or an alert.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}

Evaluated = tuple[list[CheckResult], list[tuple[Suite, ExpectationSuiteValidationResult]]]


def evaluate(path: Path, gate: str, suites: list[Suite], parameters: dict[str, Any]) -> Evaluated:
    """Check every suite on the file, opened read-only. Returns one result per expectation, and GX's own results for its pages."""
    register()
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # it is kept nowhere, and would be written out as YAML for each relation, whole
    context._save_project_config = lambda: None
    checks: list[CheckResult] = []
    reports: list[tuple[Suite, ExpectationSuiteValidationResult]] = []
    try:
        source = context.data_sources.add_sql(name=gate, connection_string=url_of(path))
        for number, suite in enumerate(suites):
            report, found = _checked(source, f"{gate}_{number}", suite, {**parameters, **dict(suite.parameters)})
            checks += [replace(check, gate=gate) for check in found]
            reports += [(suite, report)] if report else []
    finally:
        close_all()
    return checks, reports


def _checked(
    source: Any, name: str, suite: Suite, parameters: dict[str, Any]
) -> tuple[ExpectationSuiteValidationResult | None, list[CheckResult]]:
    """One suite, whatever happens: without expectations, without its relation, or with an engine that raises, it was not evaluated."""
    if not suite.expectations:
        return None, [_result("", suite, _EMPTY_SUITE, "not_evaluated", detail="the suite has no expectations")]
    try:
        if _exists(source, suite.relation):
            return _evaluate_suite(source, name, suite, parameters)
        reason = "the relation is missing"
    except Exception as error:
        reason = without_values(str(error))
    return None, [_result("", suite, expectation, "not_evaluated", detail=reason) for expectation in suite.expectations]


def _exists(source: Any, relation: str) -> bool:
    schema, _, table = relation.rpartition(".")
    return sa.inspect(source.get_engine()).has_table(table, schema=schema or None)


_EMPTY_SUITE = Expectation("suite", {}, "gate_evaluated", "block", "data-team", "gate_failed", "at least one expectation", False)


def _evaluate_suite(
    source: Any, name: str, suite: Suite, parameters: dict[str, Any]
) -> tuple[ExpectationSuiteValidationResult, list[CheckResult]]:
    schema, _, table = suite.relation.rpartition(".")
    asset = source.add_table_asset(name=name, table_name=table, schema_name=schema or None)
    batch = asset.add_batch_definition_whole_table(name).get_batch()
    no_rows_is_normal = suite.may_be_empty(parameters.get("delivered_entities", suite.of))
    results: list[CheckResult] = []
    runnable: list[dict[str, Any]] = []
    for number, expectation in enumerate(suite.expectations):
        try:
            kwargs = filled(expectation.kwargs, parameters)
        except KeyError as unknown:
            results.append(_result("", suite, expectation, "not_evaluated", detail=f"parameter {unknown} is not known"))
            continue
        runnable.append({"type": expectation.type, "kwargs": kwargs, "meta": {"number": number}})
    gx_suite = ExpectationSuite(name=suite.relation, expectations=runnable)
    report = batch.validate(gx_suite, result_format=RESULT_FORMAT, expectation_parameters=parameters)
    answered = {answer.expectation_config.meta["number"]: answer for answer in report.results}
    for entry in runnable:
        expectation = suite.expectations[entry["meta"]["number"]]
        answer = answered.get(entry["meta"]["number"])
        if answer is None:
            results.append(_result("", suite, expectation, "not_evaluated", detail="Great Expectations gave no answer"))
            continue
        result = _translated(suite, expectation, answer, no_rows_is_normal=no_rows_is_normal)
        if expectation.names_rows and result.rows:
            result = replace(result, detail=_named_rows(batch, entry))
        results.append(result)
    return report, results


def _named_rows(batch: Any, entry: dict[str, Any]) -> str:
    """Which sources and entities break a rule, for the few queries that return only such names."""
    answer = batch.validate(ExpectationSuite(name="names", expectations=[entry]), result_format="COMPLETE").results[0]
    rows = (answer.result.get("details") or {}).get("unexpected_rows") or []
    names = sorted({" ".join(str(value) for value in row.values()) for row in rows})
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _translated(suite: Suite, expectation: Expectation, answer: Any, *, no_rows_is_normal: bool) -> CheckResult:
    """GX's answer in our words."""
    if reason := _exception_of(answer.exception_info or {}):
        return _result("", suite, expectation, "error", detail=without_values(reason))
    result = answer.result or {}
    rows = int(result.get("unexpected_count") or 0)
    observed = _observed(result)
    if expectation.needs_rows and not result.get("element_count"):
        if no_rows_is_normal:
            return _result("", suite, expectation, "pass", observed="no rows, which is normal here")
        return _result("", suite, expectation, "not_evaluated", detail="there are no rows to check")
    if expectation.type == "expect_table_row_count_to_be_between" and no_rows_is_normal and result.get("observed_value") == 0:
        return _result("", suite, expectation, "pass", observed="no rows, which is normal here")
    if answer.success:
        return _result("", suite, expectation, "pass", observed=observed)
    if expectation.type == "unexpected_rows_expectation":
        rows = int(result.get("observed_value") or 0)
        observed = f"{rows} rows"
    outcome = "fail" if expectation.severity == "block" else "warn"
    return _result("", suite, expectation, outcome, observed=observed, rows=rows, detail=_missing_columns(result))


def _result(gate: str, suite: Suite, expectation: Expectation, outcome: Any, **facts: Any) -> CheckResult:
    column = expectation.kwargs.get("column") or ""
    return CheckResult(
        name=expectation.check,
        gate=gate,
        relation=f"{suite.relation}.{column}" if column else suite.relation,
        severity=expectation.severity,  # type: ignore[arg-type]
        outcome=outcome,
        owner=expectation.owner,
        runbook=expectation.runbook,
        expected=expectation.expected or _expected(expectation),
        alert_kind=expectation.alert,
        source=suite.source,
        **facts,
    )


def _expected(expectation: Expectation) -> str:
    """The expectation in words: its type and its plain arguments."""
    arguments = {key: value for key, value in expectation.kwargs.items() if key not in ("column", "unexpected_rows_query", "description")}
    words = expectation.type.removeprefix("expect_").replace("_", " ")
    return f"{words} {arguments}" if arguments else words


def _observed(result: dict[str, Any]) -> str:
    value = result.get("observed_value")
    if isinstance(value, (bool, int, float, decimal.Decimal, dt.date, dt.datetime)):
        return str(value)
    if "unexpected_count" in result and result.get("element_count"):
        return f"{result['unexpected_count']} of {result['element_count']} rows"
    return ""


def _missing_columns(result: dict[str, Any]) -> str:
    mismatched = (result.get("details") or {}).get("mismatched") or {}
    missing = mismatched.get("missing")
    return f"missing columns: {', '.join(missing)}" if missing else ""


def _exception_of(info: dict[str, Any]) -> str:
    """The first message in GX's exception info, which is flat for an expectation and nested for its metrics."""
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "it raised")
    for nested in info.values():
        if isinstance(nested, dict) and nested.get("raised_exception"):
            return str(nested.get("exception_message") or "it raised")
    return ""


def without_values(message: str) -> str:
    """An engine's message without the query and without literals, which may be a person's data; identifiers stay."""
    text = " ".join(message.split())
    for tail in (" LINE ", " [SQL", " Traceback"):
        text = text.split(tail, 1)[0]
    return re.sub(r"'(?:[^']|'')*'", "'…'", text)[:300]
