"""Named places where a test may kill the process, so that "kill -9 at any moment" is tried and not only claimed.

Nothing happens unless the variable ONEFUNNEL_FAULT_AT names the place; every place is listed in POINTS.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "ONEFUNNEL_FAULT_AT"

# In the order a night reaches them. A test walks this list and kills a night at each.
POINTS = (
    "extract.before_rename",
    "extract.between_renames",
    "extract.after_rename",
    "candidate.before_copy",
    "candidate.after_first_table",
    "candidate.before_checkpoint",
    "candidate.before_fsync",
    "candidate.after_fsync",
    "publish.before_version_rename",
    "publish.after_version_rename",
    "publish.before_parquet",
    "publish.before_parquet_rename",
    "publish.after_parquet_rename",
    "publish.before_version_manifest",
    "publish.after_version_manifest",
    "publish.before_flip",
    "publish.after_flip",
    "publish.after_parquet_flip",
    "publish.after_manifest",
    "publish.before_retention",
    "publish.after_retention",
)


def reach(point: str) -> None:
    """Kill this process at once (SIGKILL: no clean-up runs) if a test asked for it at this point."""
    if os.environ.get(VARIABLE) == point:
        os.kill(os.getpid(), signal.SIGKILL)
