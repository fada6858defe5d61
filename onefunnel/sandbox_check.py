"""Whether what a sandbox holds is fit to publish: dbt's data tests, and the gate that stands before publication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onefunnel.dbt import FAILED, NodeResult, child_environment, read_results, run_dbt
from onefunnel.errors import OnefunnelError
from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.warehouse import built_day
from onefunnel.quality import check_candidate, prewarm
from onefunnel.sandbox import Sandbox, settings_of, variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from onefunnel.config import PipelineConfig
    from onefunnel.quality.result import GateResult
    from onefunnel.settings import Settings


@dataclass(frozen=True)
class SandboxCheck:
    """tests: how each of dbt's data tests ended; gate: what the gate said of a candidate made of the sandbox."""

    tests: tuple[NodeResult, ...]
    gate: GateResult

    @property
    def failures(self) -> tuple[NodeResult, ...]:
        return tuple(test for test in self.tests if test.status in FAILED)

    @property
    def passed(self) -> bool:
        return bool(self.tests) and not self.failures and self.gate.passed

    @property
    def lines(self) -> list[str]:
        """For a person."""
        found = [f"dbt: {len(self.tests)} data tests, {len(self.failures)} failed"]
        found += [f"  {test.name}: {test.message}" for test in self.failures]
        found.append(f"gate: {self.gate.status}")
        return found + [f"  {check.sentence}; see {check.runbook}" for check in (*self.gate.failures, *self.gate.warnings)]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        failed = [{"name": test.name, "message": test.message} for test in self.failures]
        return {"passed": self.passed, "tests": len(self.tests), "failed_tests": failed, "gate": self.gate.to_dict()}


def check(settings: Settings, config: PipelineConfig, sandbox: Sandbox, progress: Callable[[str], None]) -> SandboxCheck:
    """Run both on a sandbox; nothing of production is touched. Raises OnefunnelError when dbt cannot run."""
    own = settings_of(settings, sandbox)
    prewarm(config)
    own.paths.logs.mkdir(exist_ok=True)
    results = own.paths.target / "run_results.json"
    results.unlink(missing_ok=True)
    environment = child_environment(settings, config.secret_variables) | variables(settings, sandbox.name)
    _, last_lines = run_dbt(["test", "--exclude-resource-type", "unit_test"], environment, progress)
    tests = tuple(read_results(results))
    if not tests:
        raise OnefunnelError("dbt's tests did not run: " + " ".join(last_lines), where=str(own.paths.logs / "dbt.log"))
    progress("the gate")
    run_id = f"sandbox-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    candidate = make_candidate(own, config, built_day(own, required=True), run_id)
    try:
        return SandboxCheck(tests, check_candidate(candidate.path, config, own, run_id))
    finally:
        candidate.path.unlink(missing_ok=True)
