"""A home small enough to publish hundreds of times: a warehouse of a few marts whose every value says which version it belongs to."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import duckdb

from onefunnel.durable import sha256_of
from onefunnel.publish.candidate import Candidate, make_candidate
from onefunnel.publish.publication import Publication, publish
from onefunnel.quality.result import CheckResult, GateResult
from onefunnel.settings import Settings

PASSED = CheckResult("check", "candidate", "marts.mart_kpi_monthly", "block", "pass", "data-team", "docs/runbook.md#check")
FAILED = CheckResult("key_unique", "candidate", "marts.mart_kpi_monthly", "block", "fail", "data-team", "docs/runbook.md#key_unique")


def settings_of(home: Path, **overrides: object) -> Settings:
    return Settings(home=home, **overrides)


def build_warehouse(settings: Settings, number: int, as_of: date = date(2026, 3, 31)) -> None:
    """Every value of every row is `number`: a reader that meets two numbers saw a mixture of two versions."""
    settings.paths.home.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.paths.warehouse), config={"threads": 1}) as db:
        db.execute("begin; create schema if not exists marts; create schema if not exists facts; create schema if not exists landing")
        db.execute(f"create or replace table landing.pipeline_run as select date '{as_of}' as as_of")
        db.execute(
            "create or replace table marts.mart_kpi_monthly as select date '2026-01-01' as month, 'leads' as kpi, "
            f"'channel' || range as channel_key, {number}.0::double as value from range(50) order by random()"
        )
        db.execute(
            f"create or replace table facts.fct_payment as select range as payment_key, {number} as amount_base, "
            "'ann@x.io' as contact_email from range(50)"
        )
        db.execute(
            f"create or replace table facts.dim_channel as select 'channel' || range as channel_key, 'Channel {number}' as label_en, "
            f"'Канал {number}' as label_ru from range(50)"
        )
        db.execute(
            "create or replace table marts.mart_publication as select ''::varchar as version, null::timestamp as published_at, "
            f"date '{as_of}' as as_of, date '{as_of}' as data_through, '{{\"demo\": \"{as_of}\"}}' as data_through_by_source, "
            "''::varchar as quality_status"
        )
        db.execute(
            "create or replace table facts.fct_quarantine as select 'demo' as source_name, 'payments' as entity, 'missing_rate' as rule, "
            "'quarantine' as severity, 10.5::decimal(18, 2) as amount_base, 1234567.5::decimal(18, 2) as amount_original, "
            "'GBP' as currency "
            "from range(2) union all select 'demo', 'payments', 'missing_rate', 'quarantine', null, 1234567.5, 'GBP'"
        )
        db.execute("commit")


def passing_gate(candidate: Candidate, run_id: str = "run") -> GateResult:
    return GateResult("candidate", run_id, (PASSED,), str(candidate.path), sha256_of(candidate.path))


def publish_number(settings: Settings, number: int, as_of: date = date(2026, 3, 31), *, force: bool = False) -> Publication:
    """Build, copy and publish one version whose every value is `number`."""
    build_warehouse(settings, number, as_of)
    candidate = make_candidate(settings, None, as_of, f"run-{number}", now=datetime.now(UTC))
    return publish(candidate, passing_gate(candidate), settings, force=force)


def shown_numbers(path: Path) -> set[float]:
    """The numbers a reader meets across the file: one, unless it saw a mixture."""
    with duckdb.connect(str(path), read_only=True) as db:
        return {
            float(number)
            for (number,) in db.execute(
                "select distinct value from marts.mart_kpi_monthly union select distinct amount_base from facts.fct_payment"
            ).fetchall()
        }


def read_until(path: Path, stop: Path, told: SimpleQueue) -> None:
    """Read again and again until `stop` is there; tell how often, and how many versions were met."""
    reads, seen, deadline = 0, set(), time.monotonic() + 500
    while not stop.exists() and time.monotonic() < deadline:
        numbers = shown_numbers(path)
        assert len(numbers) == 1, numbers
        seen |= numbers
        reads += 1
        time.sleep(1.5)
    told.put((reads, len(seen)))
