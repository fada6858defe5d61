"""One agency of a given size: two nights of it by the real commands, and the peers that compute the same from the same landing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.generate import generate
from benchmarks.limit import ENTITIES, TABLES, Comparison, compare, landed_parts
from benchmarks.measure import Cost, medians, run
from onefunnel.dbt import NodeResult, read_results

FIRST_NIGHT = date(2026, 3, 31)
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=1)
PEER_REPEATS = 3
# Beyond this the peers take minutes: the limit runs once, pandas not at all.
LARGEST_REPEATED = 1_000_000
# One night's new leads: 1 %, and the same number at the largest sizes, so that nights on long and short histories can be compared.
MOST_NEW_LEADS = 10_000
Say = Callable[[str], None]
SOURCES = """
version: 1
reporting: {base_currency: EUR, time_zone: Europe/Berlin}
sources:
  - name: bench
    system: template
    connector: files
    time_zone: Europe/Berlin
    entities:
"""


@dataclass
class Night:
    """What a night delivered and cost. rows: landed by entity; parts: as build_parts() says."""

    rows: dict[str, int]
    extract: Cost
    build: Cost
    parts: dict[str, float]
    slowest: list[tuple[str, float]]
    nodes: dict[str, int]


@dataclass
class Outcome:
    """Everything measured at one size; None is what did not run (yet)."""

    leads: int
    input_mb: float
    first: Night
    second: Night | None = None
    limit: Cost | None = None
    comparisons: list[Comparison] = field(default_factory=list)
    pandas: Cost | None = None
    pandas_is_equal: bool | None = None

    @property
    def is_equal(self) -> bool:
        """No peer that ran came to another result."""
        return self.pandas_is_equal is not False and all(item.is_equal for item in self.comparisons)


def write_source(folder: Path, leads: int) -> None:
    """The first night's delivery, and a sources.yml whose entities are delivered as files that add to one another."""
    generate(folder / "delivery-1", leads, last_day=FIRST_NIGHT.isoformat())
    entities = "".join(f'      {entity}: {{path: "delivery-*/{entity}.parquet", delivery: delta}}\n' for entity in ENTITIES)
    (folder / "sources.yml").write_text(SOURCES + entities, encoding="utf-8")


def add_delivery(folder: Path, leads: int) -> None:
    """One more day: 1 % more leads (at most MOST_NEW_LEADS) with what happened to them, and a day of spend."""
    grown, day = leads + min(leads // 100, MOST_NEW_LEADS), SECOND_NIGHT.isoformat()
    generate(folder / "delivery-2", grown, last_day=day, from_lead=leads, from_day=day)


def measure(folder: Path, leads: int, say: Say, *, nights_only: bool = False) -> Iterator[Outcome]:
    """Two nights and the peers in `folder`; the outcome so far after each step. The peers read what the first night landed."""
    home, limit_file, pandas_file = folder / "home", folder / "limit.duckdb", folder / "pandas.parquet"
    landing, python = home / "landing", sys.executable
    say(f"{leads:,} leads: writing the first delivery")
    write_source(folder, leads)
    input_mb = sum(path.stat().st_size for path in folder.glob("delivery-1/*")) / 2**20
    outcome = Outcome(leads, input_mb, measure_night(folder, home, FIRST_NIGHT, say))
    yield outcome
    if not nights_only:
        say("limit")
        command = [python, "-m", "benchmarks.limit", landing, limit_file, FIRST_NIGHT.isoformat()]
        outcome.limit = medians([run(command) for _ in range(PEER_REPEATS if leads <= LARGEST_REPEATED else 1)])
        outcome.comparisons = compare(home / "warehouse.duckdb", limit_file)
        yield outcome
    if not nights_only and leads <= LARGEST_REPEATED:
        say("pandas")
        notebook = [python, "-m", "benchmarks.pandas_kpis", landing, pandas_file, FIRST_NIGHT.isoformat()]
        outcome.pandas = medians([run(notebook) for _ in range(PEER_REPEATS)])
        outcome.pandas_is_equal = same_kpis(home / "warehouse.duckdb", pandas_file)
        yield outcome
    add_delivery(folder, leads)
    outcome.second = measure_night(folder, home, SECOND_NIGHT, say)
    yield outcome


def measure_night(folder: Path, home: Path, as_of: date, say: Say) -> Night:
    """`onefunnel extract` and `onefunnel build`, each a process of its own."""
    before = landed_rows(home / "landing")
    options = ["--sources", folder / "sources.yml", "--home", home, "--as-of", as_of.isoformat()]
    command = [sys.executable, "-m", "onefunnel.cli.main"]
    say(f"night of {as_of}: extract")
    extract = run([*command, "extract", *options])
    say(f"night of {as_of}: build")
    build = run([*command, "build", *options])
    nodes = list(read_results(home / "target" / "run_results.json"))
    slowest = sorted(((node.name, node.seconds) for node in nodes if node.kind == "model"), key=lambda item: -item[1])[:8]
    kinds: dict[str, int] = {}
    for node in nodes:
        kinds[node.kind] = kinds.get(node.kind, 0) + 1
    after = landed_rows(home / "landing")
    rows = {entity: after[entity] - before[entity] for entity in ENTITIES}
    return Night(rows, extract, build, build_parts(home / "target", nodes), slowest, kinds)


def build_parts(target: Path, nodes: list[NodeResult]) -> dict[str, float]:
    """Seconds, summed over both threads, in what the floor stands for (its tables and all they are made of), other models, tests, seeds."""
    parents = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["parent_map"]
    covered: set[str] = set()
    waiting = [key for key in parents if key.startswith("model.") and key.rpartition(".")[2] in TABLES]
    while waiting:
        key = waiting.pop()
        if key not in covered:
            covered.add(key)
            waiting += parents.get(key, [])
    found = {"covered": 0.0, "other models": 0.0, "tests": 0.0, "seeds": 0.0}
    for node in nodes:
        is_covered = node.kind == "model" and node.unique_id in covered
        found["covered" if is_covered else {"model": "other models", "test": "tests"}.get(node.kind, "seeds")] += node.seconds
    return found


def landed_rows(landing: Path) -> dict[str, int]:
    """Rows of each entity in all loads."""
    rows = dict.fromkeys(ENTITIES, 0)
    with duckdb.connect() as db:
        for entity in ENTITIES:
            if parts := landed_parts(landing, entity):
                rows[entity] = db.execute("select sum(num_rows)::bigint from parquet_file_metadata(?)", [parts]).fetchone()[0]
    return rows


def same_kpis(warehouse: Path, pandas_file: Path) -> bool:
    """Whether pandas came to every cell of mart_kpi_monthly in the KPIs that it computes, to 9 significant digits.

    A cell that only one of them has counts as empty: 0 for a sum, as the model says, and null for what is divided or a median.
    """
    with duckdb.connect() as db:
        # under the name it was built with, because views name it
        db.execute(f"attach '{warehouse}' as warehouse (read_only)")
        cells, wrong = db.execute(
            f"""with theirs as (select cast(month as date) as month, kpi, channel_key, value from '{pandas_file}'),
                ours as (
                    select month, kpi, channel_key, value from warehouse.marts.mart_kpi_monthly where kpi in (select kpi from theirs)
                ),
                empty as (select kpi_key as kpi, case when statistic = 'sum' then 0 end as value from warehouse.seeds.kpis)
                select
                    count(*),
                    count(*) filter (
                        -- the addition makes -0 a 0
                        printf('%.8e', case when ours.kpi is null then empty.value else ours.value end + 0.0)
                        is distinct from printf('%.8e', case when theirs.kpi is null then empty.value else theirs.value end + 0.0)
                    )
                from ours
                full join theirs using (month, kpi, channel_key)
                left join empty using (kpi)"""
        ).fetchone()
    return cells > 0 and wrong == 0
