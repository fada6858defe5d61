"""What a gate says: one result per check, and one status for the gate. No raw personal value ever enters a result."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from onefunnel.durable import write_whole

Severity = Literal["block", "quarantine", "warn"]
Outcome = Literal["pass", "warn", "fail", "error", "not_evaluated"]
Status = Literal["pass", "warn", "fail"]

# A check in one of these outcomes did not prove anything: it counts as failed, whatever its severity.
UNPROVEN: tuple[Outcome, ...] = ("error", "not_evaluated")


@dataclass(frozen=True)
class CheckResult:
    """One evaluated check. `rows` is how many rows break it; observed and expected are short texts without row values."""

    name: str
    gate: str
    relation: str
    severity: Severity
    outcome: Outcome
    owner: str
    runbook: str
    observed: str = ""
    expected: str = ""
    rows: int = 0
    detail: str = ""
    alert_kind: str = "gate_failed"
    source: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether publication must not happen because of this check."""
        return self.outcome == "fail" or self.outcome in UNPROVEN

    @property
    def sentence(self) -> str:
        """One line for a person: what, where, how much."""
        facts = [f"{self.relation}: {self.name} {self.outcome}"]
        if self.rows:
            facts.append(f"{self.rows:,} rows")
        if self.observed:
            facts.append(f"observed {self.observed}")
        if self.expected:
            facts.append(f"expected {self.expected}")
        if self.detail:
            facts.append(self.detail)
        return "; ".join(facts)


@dataclass(frozen=True)
class GateResult:
    """The verdict of one gate over one subject.

    sha256 is that of the candidate file checked (empty for landing): publication refuses any other file.
    """

    gate: str
    run_id: str
    checks: tuple[CheckResult, ...]
    subject: str = ""
    sha256: str = ""
    evaluated_at: str = ""
    seconds: float = 0.0
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """fail if any check blocks or nothing was evaluated, warn if any warns, else pass."""
        if not self.checks or any(check.is_blocking for check in self.checks):
            return "fail"
        return "warn" if any(check.outcome == "warn" for check in self.checks) else "pass"

    @property
    def passed(self) -> bool:
        """Whether publication may go on (warnings allowed)."""
        return self.status != "fail"

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """Checks that forbid publication."""
        return tuple(check for check in self.checks if check.is_blocking)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Checks that only warn."""
        return tuple(check for check in self.checks if check.outcome == "warn")

    def summary(self) -> dict[str, int]:
        """Number of checks by outcome."""
        counts: dict[str, int] = {}
        for check in self.checks:
            counts[check.outcome] = counts.get(check.outcome, 0) + 1
        return counts

    def to_dict(self) -> dict[str, Any]:
        """As it is written to quality/<run_id>/<gate>.json."""
        return {"status": self.status, "summary": self.summary(), **asdict(self)}

    def save(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        write_whole(path, json.dumps(self.to_dict(), indent=1, ensure_ascii=False, default=str) + "\n")

    @staticmethod
    def from_dict(raw: dict[str, Any]) -> GateResult:
        """Read back what `to_dict` wrote."""
        fields = {key: value for key, value in raw.items() if key not in ("status", "summary", "checks")}
        return GateResult(checks=tuple(CheckResult(**check) for check in raw["checks"]), **fields)

    @staticmethod
    def load(path: Path) -> GateResult:
        """Read a saved result. Raises OSError or ValueError when there is none or it is damaged."""
        return GateResult.from_dict(json.loads(path.read_text(encoding="utf-8")))


def unproven(gate: str, run_id: str, detail: str, *, subject: str = "", outcome: Outcome = "error") -> GateResult:
    """The result of a gate that could not be evaluated: one failed check that says why."""
    check = CheckResult(
        name="gate_evaluated",
        gate=gate,
        relation=gate,
        severity="block",
        outcome=outcome,
        owner="data-team",
        runbook="docs/runbook.md#gate_evaluated",
        detail=detail,
    )
    return GateResult(gate=gate, run_id=run_id, checks=(check,), subject=subject)
