"""What a child process cost, and on what machine."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from onefunnel.project import project_root


@dataclass(frozen=True)
class Cost:
    """Of one process and all that it waited for. wall, cpu (user + system): seconds; peak_mb: resident memory of the largest of them."""

    wall: float
    cpu: float
    peak_mb: float


def run(arguments: Sequence[str | Path]) -> Cost:
    """Run to the end, from the project's root. Raises RuntimeError with what the process printed when it fails."""
    # Python would otherwise compile every module anew in every process
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(
        [str(argument) for argument in arguments],
        cwd=project_root(),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as child:
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} ended with code {child.returncode}:\n{printed[-3000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def medians(costs: Sequence[Cost]) -> Cost:
    """Each figure's own median."""
    return Cost(
        median(cost.wall for cost in costs), median(cost.cpu for cost in costs), median(cost.peak_mb for cost in costs)
    )


def machine() -> str:
    """Cores, memory and versions in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "dbt-duckdb", "pandas"))
    return f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, Python {platform.python_version()}, {packages}"


def load_average() -> float:
    """Processes that wanted to run, on average of the last minute: beyond the number of cores, wall time measures the neighbours."""
    return os.getloadavg()[0]
