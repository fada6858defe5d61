"""A whole night of the demo on a home that has seen it before, step by step; and what Airflow pays to import the DAG files."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.measure import Cost, run
from onefunnel.airflow_home import airflow_environment
from onefunnel.dbt import read_results
from onefunnel.project import project_root

AS_OF = "2026-03-31"
MOST_SECONDS = 30
MOST_IMPORT_SECONDS = 1
# What a DAG file needs of Airflow comes first, so that what is left is the file's own.
IMPORTS = """
import json, runpy, sys, time
times = [(time.perf_counter(), time.process_time())]
import pendulum
from airflow.sdk import Asset, CronDataIntervalTimetable, CronTriggerTimetable, Param, dag, task
times.append((time.perf_counter(), time.process_time()))
runpy.run_path(sys.argv[1])
times.append((time.perf_counter(), time.process_time()))
print(json.dumps([[after - before for before, after in zip(*pair)] for pair in zip(times, times[1:])]))
"""


@dataclass(frozen=True)
class DemoNight:
    """One `onefunnel run`. steps: wall seconds as it printed them; nodes: seconds of dbt's threads in models, tests, seeds;
    busy: wall seconds from dbt's first node to its last."""

    cost: Cost
    steps: dict[str, float]
    nodes: dict[str, float]
    busy: float


@dataclass(frozen=True)
class DagImport:
    """Seconds of importing what a DAG file needs of Airflow, and of the file itself after that."""

    file: str
    airflow_wall: float
    airflow_cpu: float
    own_wall: float
    own_cpu: float


@dataclass(frozen=True)
class DemoRun:
    """The first night, the warm nights after it, and the imports."""

    cold: DemoNight
    warm: list[DemoNight]
    imports: list[DagImport]

    @property
    def middle(self) -> DemoNight:
        """The warm night of median length: its parts add up, as medians of parts would not."""
        return sorted(self.warm, key=lambda night: night.cost.wall)[len(self.warm) // 2]


def measure(folder: Path, repeats: int, say: Callable[[str], None]) -> DemoRun:
    """A first night and `repeats` more on the same home and day, each a process of its own."""
    delivered, home = folder / "demo", folder / "home"
    say("the demo: writing its data")
    run([sys.executable, "-m", "onefunnel.cli.main", "demo-data", "--out", delivered])
    key = secrets.token_hex(32)
    nights = []
    for number in range(1 + repeats):
        say(f"the demo: {f'warm night {number} of {repeats}' if number else 'first night'}")
        nights.append(_night(delivered / "sources.yml", home, key))
    say("the demo: importing the DAG files")
    imports = [_import(path, home, delivered / "sources.yml", repeats) for path in sorted((project_root() / "dags").glob("*.py"))]
    return DemoRun(nights[0], nights[1:], imports)


def _night(sources: Path, home: Path, key: str) -> DemoNight:
    printed = home.with_suffix(".json")
    command = [sys.executable, "-m", "onefunnel.cli.main", "run", "--sources", sources, "--home", home, "--as-of", AS_OF, "--json"]
    # The shell only keeps what the night prints: it is replaced by it.
    cost = run(["sh", "-c", 'exec "$@" > "$0"', printed, *command], {"ONEFUNNEL_HASH_KEY": key})
    results = home / "target" / "run_results.json"
    nodes = {"model": 0.0, "test": 0.0, "seed": 0.0}
    for node in read_results(results):
        nodes[node.kind] = nodes.get(node.kind, 0.0) + node.seconds
    spans = [span for item in json.loads(results.read_text(encoding="utf-8"))["results"] for span in item["timing"]]
    ends = [[datetime.fromisoformat(span[name]) for span in spans if span[name]] for name in ("started_at", "completed_at")]
    busy = (max(ends[1]) - min(ends[0])).total_seconds()
    return DemoNight(cost, json.loads(printed.read_text(encoding="utf-8"))["seconds"], nodes, busy)


def _import(path: Path, home: Path, sources: Path, repeats: int) -> DagImport:
    base = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found: list[Sequence[float]] = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-c", IMPORTS, str(path)],
            cwd=project_root(), env=airflow_environment(home, sources, base), check=True, capture_output=True, text=True,
        )  # fmt: skip
        airflow, own = json.loads(done.stdout.splitlines()[-1])
        found.append([*airflow, *own])
    return DagImport(path.name, *(median(each) for each in zip(*found, strict=True)))


def render(demo: DemoRun) -> str:
    """The section of results.md."""
    night, walls = demo.middle, sorted(each.cost.wall for each in demo.warm)
    build, outside = night.steps["build"], night.cost.wall - sum(night.steps.values())
    lines = [
        "\n## The demo, a whole night\n",
        "`onefunnel run` on the demo's data: extract, gate 1, build, gate 2, publish, report, alerts. Warm: the same day again on the",
        f"same home, nothing new to land. Of {len(walls)} warm nights ({walls[0]:.1f} to {walls[-1]:.1f} s) the parts below are of the",
        f"middle one. At most {MOST_SECONDS} s are asked for: {_verdict(night.cost.wall <= MOST_SECONDS)}.\n",
        "| what | wall s | CPU s | peak MB |",
        "|---|---:|---:|---:|",
        _cost("first night", demo.cold.cost),
        _cost("warm night", night.cost),
        "\nWhere the seconds of the warm night go, as `onefunnel run --json` tells them:\n",
        "| step | wall s | of the night |",
        "|---|---:|---:|",
    ]
    for name, seconds in [*night.steps.items(), ("start of Python, alerts and what is between steps", outside)]:
        lines.append(f"| {name} | {seconds:.1f} | {100 * seconds / night.cost.wall:.0f} % |")
    spent = ", ".join(f"{seconds:.1f} in {kind}s" for kind, seconds in night.nodes.items())
    lines += [
        f"\nInside the build, {night.busy:.1f} s pass from dbt's first node to its last; the other {build - night.busy:.1f} s are",
        "dbt's start, the parsing of the project and its end. While nodes run, in seconds of both threads together:",
        f"{spent}.\n",
        "What Airflow's DAG processor pays for a DAG file, in a new process, beyond the import of Airflow itself. At most",
        f"{MOST_IMPORT_SECONDS} s is asked for: {_verdict(all(item.own_wall < MOST_IMPORT_SECONDS for item in demo.imports))}.\n",
        "| DAG file | wall s | CPU s | Airflow alone, wall s | CPU s |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {item.file} | {item.own_wall:.2f} | {item.own_cpu:.2f} | {item.airflow_wall:.2f} | {item.airflow_cpu:.2f} |"
            for item in demo.imports
        ),
    ]
    return "\n".join(lines) + "\n"


def _cost(what: str, cost: Cost) -> str:
    return f"| {what} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak_mb:,.0f} |"


def _verdict(is_kept: bool) -> str:
    return "kept" if is_kept else "**not kept**"
