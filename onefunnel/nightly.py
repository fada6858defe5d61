"""One night, step by step: the functions that both the DAG and `onefunnel run` call, in the order in which they depend on each other.

Every step takes (settings, config, as_of, run_id), leaves what it made under the home and returns a small JSON-able summary, so that
each can be a process of its own: nothing but files passes between them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onefunnel.errors import ConfigError, GateBlocked, OnefunnelError

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.quality.result import GateResult
    from onefunnel.settings import Settings

# Called with the step and one line for a person.
Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class NightResult:
    """What a night came to.

    warnings: why the quality is no plain pass; seconds: wall time per step; stale: sources whose extraction failed and that stand on
    their last good load.
    """

    run_id: str
    as_of: date
    version: str
    published_path: Path
    report_path: Path
    quality_status: str
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    loads: list[dict[str, Any]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As `onefunnel run --json` prints it."""
        return {
            **asdict(self),
            "as_of": self.as_of.isoformat(),
            "published_path": str(self.published_path),
            "report_path": str(self.report_path),
        }


def new_run_id(as_of: date, now: datetime | None = None) -> str:
    """Name of a run without a scheduler; the DAG uses Airflow's own."""
    return f"run-{as_of:%Y%m%d}-{now or datetime.now(UTC):%Y%m%dT%H%M%S%f}"


def run_folder(settings: Settings, run_id: str) -> Path:
    """Where a run keeps its quality results. Airflow's run ids hold characters that do not belong in a path."""
    return settings.paths.quality / re.sub(r"[^A-Za-z0-9_.-]", "_", run_id)


def extract_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str, *, source_name: str) -> dict[str, Any]:
    """Land what one source delivers for the day. Raises OnefunnelError when the source cannot be read: its last good load stays."""
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval

    source = config.source(source_name)
    with _journal(settings, as_of, run_id, f"extract {source_name}"):
        manifests = extract_source(config, source, Interval.for_as_of(as_of, config.reporting.time_zone), settings)
    return {"source": source_name, "loads": [manifest.summary() for manifest in manifests]}


def check_landing_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str) -> dict[str, Any]:
    """Gate 1. Raises GateBlocked when what landed must not be built from."""
    from onefunnel.quality import check_landing

    with _journal(settings, as_of, run_id, "check landing"):
        return _insist(check_landing(config, settings, as_of, run_id))


def build_step(
    settings: Settings,
    config: PipelineConfig,
    as_of: date,
    run_id: str,
    *,
    full_refresh: bool = False,
    on_line: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Build staging, facts and marts in the private warehouse."""
    from onefunnel.dbt import build
    from onefunnel.locking import run_lock
    from onefunnel.publish.warehouse import set_aside_if_damaged

    with _journal(settings, as_of, run_id, "build"), run_lock(settings, purpose=f"build {run_id}"):
        set_aside_if_damaged(settings)
        return build(config, settings, as_of, full_refresh=full_refresh, progress=on_line).summary()


def check_marts_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str) -> dict[str, Any]:
    """Copy facts and marts into a candidate and prove that very file (gate 2). Raises GateBlocked when it must not be published."""
    from onefunnel.locking import run_lock
    from onefunnel.publish.candidate import make_candidate
    from onefunnel.quality import check_candidate, saved_gate

    with _journal(settings, as_of, run_id, "check marts"), run_lock(settings, purpose=f"check {run_id}"):
        candidate = make_candidate(settings, config, as_of, run_id, landing_gate=saved_gate(settings, run_id, "landing"))
        return {"version": candidate.version, **_insist(check_candidate(candidate.path, config, settings, run_id))}


def publish_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str, *, force: bool = False) -> dict[str, Any]:
    """Switch BI to the proven candidate of this run, in one atomic step."""
    from onefunnel.locking import run_lock
    from onefunnel.publish.candidate import find_candidate
    from onefunnel.publish.publication import publish
    from onefunnel.quality import saved_gate, unproven

    with _journal(settings, as_of, run_id, "publish"), run_lock(settings, purpose=f"publish {run_id}"):
        gate = saved_gate(settings, run_id, "candidate") or unproven("candidate", run_id, "this run has no result of the gate")
        landing = saved_gate(settings, run_id, "landing")
        if gate.passed and landing:
            # what BI shows came through both gates
            gate = replace(gate, checks=(*gate.checks, *landing.warnings))
        return publish(find_candidate(settings), gate, settings, force=force).to_dict()


def report_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str) -> dict[str, Any]:
    """Write the page of the version that BI reads."""
    from onefunnel.report import write_report

    with _journal(settings, as_of, run_id, "report"):
        return {"page": str(write_report(settings.paths.current, settings.paths.report_dir))}


def alerts_step(settings: Settings, config: PipelineConfig, as_of: date, run_id: str) -> dict[str, Any]:
    """Close the run in the journal, turn what it and the gates say into alerts and all-clears, deliver them. Runs whatever happened."""
    from onefunnel.alerts import settle
    from onefunnel.digest import queue_digest, send_digests

    close_run(settings, as_of, run_id)
    settled = settle(settings, config, as_of, run_id)
    queue_digest(settings, config, run_id)
    return {**settled, "digests": send_digests(settings)}


def close_run(settings: Settings, as_of: date, run_id: str) -> None:
    """Write into the journal how the run ended, judged by its steps: published, blocked by a gate, or failed."""
    from onefunnel import state
    from onefunnel.publish.manifest import current_version

    path = settings.paths.state
    state.join_run(path, run_id, as_of)
    steps = {str(step["step"]): step for step in state.steps_of(path, run_id)}
    failed = [step for step in steps.values() if step["status"] == "failed"]
    message = next((f"{step['step']}: {step['message']}" for step in failed), "")
    if steps.get("publish", {}).get("status") == "done":
        state.finish_run(path, run_id, "published", version=current_version(settings), message=message)
        return
    gated = any(str(step["step"]).startswith("check") for step in failed)
    state.finish_run(path, run_id, "blocked" if gated else "failed", message=message)


def run_night(
    settings: Settings,
    config: PipelineConfig,
    as_of: date,
    *,
    full_refresh: bool = False,
    force: bool = False,
    progress: Progress = lambda step, message: None,
) -> NightResult:
    """A whole night in this process, with alerts at its end whatever happens.

    Raises ConfigError or LockHeld (nothing started), GateBlocked (built, not published) or OnefunnelError; the last good version stays
    in each case.
    """
    from onefunnel import dbt, state
    from onefunnel.locking import run_lock
    from onefunnel.quality import prewarm

    run_id = new_run_id(as_of)
    with run_lock(settings, purpose=f"night of {as_of}"):
        state.start_run(settings.paths.state, run_id, as_of)
        # the slow imports of the gates and of dbt run while the sources are read
        prewarm(config)
        try:
            with dbt.prewarmed(config, settings):
                return _night(settings, config, as_of, run_id, full_refresh, force, progress)
        finally:
            alerts_step(settings, config, as_of, run_id)


def _night(
    settings: Settings, config: PipelineConfig, as_of: date, run_id: str, full_refresh: bool, force: bool, progress: Progress
) -> NightResult:
    from onefunnel.publish.manifest import current_manifest

    seconds: dict[str, float] = {}

    def timed(step: str, message: str, work: Callable[[], Any]) -> Any:
        progress(step, message)
        started = time.perf_counter()
        done = work()
        seconds[step] = round(time.perf_counter() - started, 2)
        return done

    arguments = (settings, config, as_of, run_id)
    names = [source.name for source in config.enabled_sources]
    loads, stale = timed("extract", f"{len(names)} source(s): {', '.join(names)}", lambda: _extract_all(*arguments, names, progress))
    timed("check landing", "is what landed fit to build from?", lambda: check_landing_step(*arguments))
    timed(
        "build",
        "staging, facts and marts",
        lambda: build_step(*arguments, full_refresh=full_refresh, on_line=lambda line: progress("build", line)),
    )
    gate = timed("check marts", "proving the candidate", lambda: check_marts_step(*arguments))
    published = timed("publish", gate["version"], lambda: publish_step(*arguments, force=force))
    page = timed("report", "writing the page", lambda: report_step(*arguments))
    return NightResult(
        run_id=run_id,
        as_of=as_of,
        version=published["version"],
        published_path=settings.paths.current,
        report_path=Path(page["page"]),
        quality_status=published["quality_status"],
        warnings=current_manifest(settings).quality["warnings"],
        seconds=seconds,
        loads=loads,
        stale=stale,
    )


def _extract_all(
    settings: Settings, config: PipelineConfig, as_of: date, run_id: str, names: list[str], progress: Progress
) -> tuple[list[dict[str, Any]], list[str]]:
    """Land all sources side by side. One that is down stands on its last good load, if any; a wrong configuration stops the night."""
    from onefunnel.landing import has_loads

    def one(name: str) -> list[dict[str, Any]] | OnefunnelError:
        try:
            return extract_step(settings, config, as_of, run_id, source_name=name)["loads"]
        except OnefunnelError as error:
            return error

    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = dict(zip(names, pool.map(one, names), strict=True))
    failed = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, OnefunnelError)}
    for name, error in failed.items():
        if isinstance(error, ConfigError) or not has_loads(settings, name):
            raise error
        progress("extract", f"{name} could not be read and stands on its last good load: {error.message}")
    return [load for outcome in outcomes.values() if not isinstance(outcome, OnefunnelError) for load in outcome], sorted(failed)


def _insist(gate: GateResult) -> dict[str, Any]:
    if gate.passed:
        return {"gate": gate.gate, "status": gate.status, "checks": gate.summary(), "seconds": gate.seconds}
    reasons = "\n".join(f"  - {check.sentence}" for check in gate.failures[:10])
    more = f"\n  … and {len(gate.failures) - 10} more" if len(gate.failures) > 10 else ""
    raise GateBlocked(
        f"the gate on {gate.gate} is closed: {len(gate.failures)} check(s) failed\n{reasons}{more}",
        where=gate.subject,
        hint=f"see {gate.failures[0].runbook}; BI keeps the last good version (onefunnel status)",
    )


def _journal(settings: Settings, as_of: date, run_id: str, step: str) -> Any:
    """Record the step; a run that the scheduler started has no journal entry before its first step."""
    from onefunnel import state

    state.join_run(settings.paths.state, run_id, as_of)
    return state.step(settings.paths.state, run_id, step)
