"""What a child process cost, and on what machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
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


def run(arguments: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> Cost:
    """Run to the end, from the project's root. Raises RuntimeError with what the process printed when it fails.

    variables: set for it, besides the environment of this process.
    """
    # Python would otherwise compile every module anew in every process
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | (variables or {})
    launch = [sys.executable, str(Path(__file__).with_name("launch.py")), *map(str, arguments)]
    done = subprocess.run(launch, cwd=project_root(), env=environment, capture_output=True, text=True, encoding="utf-8", check=True)
    said = json.loads(done.stdout)
    if code := said.pop("code"):
        raise RuntimeError(f"{' '.join(map(str, arguments))} ended with code {code}:\n{done.stderr[-3000:]}")
    return Cost(**said)


def medians(costs: Sequence[Cost]) -> Cost:
    """Each figure's own median."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs), median(cost.peak_mb for cost in costs))


def machine() -> str:
    """Cores, memory and versions in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "dbt-duckdb", "pandas"))
    return f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, Python {platform.python_version()}, {packages}"


def load_average() -> float:
    """Processes that wanted to run, on average of the last minute: beyond the number of cores, wall time measures the neighbours."""
    return os.getloadavg()[0]
