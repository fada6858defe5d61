"""Quality gates: what must be true of landed data and of a candidate before anybody sees it.

Results are light; Great Expectations is imported in gate processes only, since it takes seconds.
"""

from onefunnel.quality.gates import check_candidate, check_landing, prewarm, run_folder, saved_gate
from onefunnel.quality.result import CheckResult, GateResult, unproven

__all__ = ["CheckResult", "GateResult", "check_candidate", "check_landing", "prewarm", "run_folder", "saved_gate", "unproven"]
