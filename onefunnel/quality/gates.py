"""The two gates as the night calls them: gate 1 on what landed, gate 2 on the very file that would be published.

A gate never raises: whatever keeps it from being evaluated is a failed gate with the reason, so that nothing passes by accident.
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from onefunnel import state
from onefunnel.durable import remove_quietly
from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal
from onefunnel.funnel import roles_of
from onefunnel.quality.process import GateProcessError, warm_process
from onefunnel.quality.result import CheckResult, GateResult, unproven
from onefunnel.quality.suites import Suite, read_suites
from onefunnel.words import OwnWords, stages_in_force

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.settings import Settings

LANDING, CANDIDATE = "landing", "candidate"


def run_folder(settings: Settings, run_id: str) -> Path:
    """Where a run keeps its quality results. A scheduler's run ids hold characters that do not belong in a path."""
    return settings.paths.quality / re.sub(r"[^A-Za-z0-9_.-]", "_", run_id)


def saved_gate(settings: Settings, run_id: str, gate: str) -> GateResult | None:
    """What a gate said in this run, None when it was not asked (or its result is damaged)."""
    try:
        return GateResult.load(run_folder(settings, run_id) / f"{gate}.json")
    except (OSError, ValueError, TypeError, KeyError):
        return None


def prewarm(config: PipelineConfig) -> None:
    """Start the gate process now, so that its slow import is over when the first gate is asked."""
    warm_process(config.secret_variables)


def check_landing(config: PipelineConfig, settings: Settings, as_of: date, run_id: str) -> GateResult:
    """Gate 1, per source and entity: columns, ids, volume against the load before, emptiness, freshness."""
    from onefunnel.quality.landed import describe_landing

    folder = run_folder(settings, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / ".landing.duckdb"
    remove_quietly(scratch)
    try:
        suites, parameters, findings = describe_landing(config, settings, as_of, scratch, read_suites("gate_landing"))
        result = _evaluated(LANDING, run_id, scratch, suites, parameters, config, folder)
        result = replace(result, checks=(*findings, *result.checks), subject=str(settings.paths.landing), sha256="")
    except (OnefunnelError, OSError, duckdb.Error) as error:
        result = unproven(LANDING, run_id, str(error).splitlines()[0], subject=str(settings.paths.landing))
    finally:
        remove_quietly(scratch)
    result.save(folder / f"{LANDING}.json")
    return result


def check_candidate(candidate_path: Path, config: PipelineConfig, settings: Settings, run_id: str) -> GateResult:
    """Gate 2 on a candidate file, opened read-only in a process that did not write it. Its SHA-256 goes into the result."""
    from onefunnel.quality.history import lost_rows
    from onefunnel.quality.landed import delivered_entities, landed_rows

    folder = run_folder(settings, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        parameters = {
            **config.quality.model_dump(mode="json"),
            "lookback_days": config.lookback_days,
            "landed_rows": landed_rows(config, settings),
            "lost_rows": lost_rows(settings, Path(candidate_path), config.quality.history_from),
            "delivered_entities": delivered_entities(config, settings),
            "read_sources": read_sources(config),
            **funnel_parameters(config.own_words),
        }
        result = _evaluated(CANDIDATE, run_id, Path(candidate_path), read_suites("gate_marts"), parameters, config, folder)
    except (OnefunnelError, OSError, duckdb.Error) as error:
        result = unproven(CANDIDATE, run_id, str(error).splitlines()[0], subject=str(candidate_path))
    result.save(folder / f"{CANDIDATE}.json")
    return result


def read_sources(config: PipelineConfig) -> str:
    """The sources that are read each night, as a list of SQL: the others may well be silent."""
    return ", ".join(literal(source.name) for source in config.enabled_sources) or "''"


def funnel_parameters(own: OwnWords) -> dict[str, Any]:
    """What the gate says of the stages in force: their number, their columns, when one was reached without the one before, when the
    first contact was and when the first of all.
    """
    stages = stages_in_force(own)
    keys = [stage.key for stage in stages if not stage.is_terminal]
    contact, never = roles_of(stages).get("contact"), "cast(null as timestamp)"
    columns = ["lead_attempt_key", "lead_key", "source_name", "client_key", "channel_key", "created_at", "lead_month", "outcome"]
    return {
        "stages": len(keys),
        "funnel_columns": [*columns, "furthest_stage_order", "lt_days", f"{keys[-1]}_at", *(f"{key}_reached" for key in keys)],
        "contacted_at": f"{contact}_at" if contact else never,
        "first_entry_at": f"least({', '.join([never, *(f'{key}_at' for key in keys[1:])])})",
        "skipped_stage": " or ".join(f"({later}_reached and not {earlier}_reached)" for earlier, later in pairwise(keys)),
    }


def _evaluated(
    gate: str, run_id: str, path: Path, suites: list[Suite], parameters: dict[str, Any], config: PipelineConfig, folder: Path
) -> GateResult:
    started = time.perf_counter()
    if not any(suite.expectations for suite in suites):
        return unproven(gate, run_id, "the suite has no expectations", subject=str(path), outcome="not_evaluated")
    request = {
        "gate": gate,
        "path": str(path),
        "suites": [asdict(suite) for suite in suites],
        "parameters": parameters,
        "pages": str(folder / "pages"),
    }
    try:
        reply = warm_process(config.secret_variables).ask(request)
    except GateProcessError as error:
        return unproven(gate, run_id, str(error), subject=str(path))
    if "error" in reply:
        return unproven(gate, run_id, reply["error"], subject=str(path))
    checks = tuple(CheckResult(**check) for check in reply["checks"])
    expected = sum(max(len(suite.expectations), 1) for suite in suites)
    if len(checks) != expected:
        return unproven(gate, run_id, f"{len(checks)} of {expected} checks were evaluated", subject=str(path), outcome="not_evaluated")
    return GateResult(
        gate=gate,
        run_id=run_id,
        checks=checks,
        subject=str(path),
        sha256=reply["sha256"],
        evaluated_at=state.utc_now().isoformat(),
        seconds=round(time.perf_counter() - started, 2),
    )
