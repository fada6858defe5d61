"""The same landing built by DuckDB and on Spark: what each costs, and whether they publish the same."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, run
from benchmarks.same_tables import differences
from benchmarks.scenario import FIRST_NIGHT, write_source
from onefunnel.airflow_demo import AS_OF, INCIDENT, MONTHS, SEED

ONEFUNNEL = [sys.executable, "-m", "onefunnel.cli.main"]
DEMO = "the demo"


@dataclass(frozen=True)
class Pair:
    """A full build of one landing by both engines."""

    what: str
    duckdb: Cost
    spark: Cost
    is_equal: bool


def measure_engines(scratch: Path, sizes: list[int], say: Callable[[str], None], *, has_demo: bool = True) -> Iterator[Pair]:
    """One pair for the demo and for each number of leads; builds alone, each once, with all that they start."""
    if has_demo:
        folder = scratch / "demo"
        arguments = ["--seed", str(SEED), "--months", str(MONTHS), "--end", str(AS_OF), "--incident", INCIDENT]
        run([*ONEFUNNEL, "demo-data", "--out", folder / "source", *arguments])
        yield _pair(DEMO, folder, folder / "source" / "sources.yml", str(AS_OF), say)
    for leads in sizes:
        folder = scratch / str(leads)
        folder.mkdir()
        write_source(folder, leads)
        yield _pair(f"{leads:,} leads", folder, folder / "sources.yml", FIRST_NIGHT.isoformat(), say)
        shutil.rmtree(folder)


def _pair(what: str, folder: Path, sources: Path, as_of: str, say: Callable[[str], None]) -> Pair:
    homes = {engine: folder / engine for engine in ("duckdb", "spark")}
    options = ["--sources", str(sources), "--as-of", as_of]
    say(f"{what}: extract")
    run([*ONEFUNNEL, "extract", "--home", homes["duckdb"], *options])
    homes["spark"].mkdir()
    shutil.copytree(homes["duckdb"] / "landing", homes["spark"] / "landing")
    costs = {}
    for engine, home in homes.items():
        say(f"{what}: build, {engine}")
        costs[engine] = run([*ONEFUNNEL, "build", "--home", home, *options], {"ONEFUNNEL_ENGINE": engine})
    found = differences(*(home / "warehouse.duckdb" for home in homes.values()))
    for line in found:
        say(line)
    return Pair(what, costs["duckdb"], costs["spark"], not found)


def engines_page(pairs: list[Pair], command: str, machine: str, load: tuple[float, float]) -> str:
    """The result as a page of Markdown."""
    rows = [
        f"| {pair.what} | {engine} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak_mb:.0f} | {equal} |"
        for pair in pairs
        for engine, cost, equal in (("DuckDB", pair.duckdb, ""), ("Spark", pair.spark, "yes" if pair.is_equal else "**no**"))
    ]
    return "\n".join(
        [
            "# DuckDB and Spark, a full build",
            "",
            f"    {command}",
            "",
            f"{machine}. Load average of the last minute: {load[0]:.1f} when it began, {load[1]:.1f} when it ended; beyond the number of "
            "cores CPU seconds say more.",
            "`onefunnel build` with its tests, once each, on the same landing; Spark on as many cores as DuckDB, its JVM counted.",
            "Peak memory is that of the largest process. Equal: every published cell, doubles to nine digits.",
            "",
            "| what | engine | wall s | CPU s | peak MB | equal |",
            "|---|---|---:|---:|---:|---|",
            *rows,
            "",
        ]
    )
