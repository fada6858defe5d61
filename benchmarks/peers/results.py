"""The part of results.md about peers."""

from __future__ import annotations

from itertools import groupby

from benchmarks.peers.scenario import PeerRun

HEAD = """
## Peers: the same models by other means

Cosmos and SQLMesh run the same models and data tests on the same landing, each in an environment of its own, beside a build of the same
size. Everything ran once. "Equal" counts the tables, of models and seeds, that have the very columns and rows of the build's.

{versions}

| leads | what | wall s | CPU s | peak MB | CPU, times the build | rows of mart_kpi_monthly | equal tables |
|---:|---|---:|---:|---:|---:|---:|---:|
"""

NOTES = """
- Cosmos runs one Airflow task for each model and seed, and one for the tests of each or, where a test reads several models, for the test.
  Scheduled is how it runs at night: `airflow standalone` with its LocalExecutor hands every task to a process of its own, one at a time, as
  DuckDB has one writer. Beside it the same Airflow runs a DAG whose one task is `onefunnel build`; both figures are of the DAG run alone,
  from its start to its end. `airflow dags test` shows Cosmos at its best, all tasks in one process that has Airflow and dbt loaded, from a
  manifest that was there before. Tests after each model, which is the default, need `should_detach_multiple_parents_tests`: without it a
  test of two models runs after the first of them and fails.
- SQLMesh needs three adaptations: a first day; a profile without `threads: "{{ ... | as_number }}"`, which it does not understand; and its
  query optimiser off (benchmarks/peers/sqlmesh_config.py). With the optimiser on, every other model is equal, but sqlglot 30.8.0 turns
  `concat_ws` into an expression that is null when any part is null, mart_verdict loses headlines, its test of not null fails and the plan
  stops. Its `run` does not load the seeds again.
- Both run one model at a time, with 2 threads of DuckDB; the build has two models at a time on the same two threads.
- Left out for the peers, and in their favour: making the environment, Airflow's empty metadata database, and registering the landing,
  which the build's figure includes.
"""


def render_peers(runs: list[PeerRun]) -> str:
    """One table of all sizes; a peer that did not get to the end says why below it."""
    versions = "\n".join(dict.fromkeys(f"- {run.versions}" for run in runs if run.versions))
    lines = []
    for _, group in groupby(runs, key=lambda run: run.leads):
        build, *peers = group
        lines += [_row(build, build), *(_row(run, build) for run in peers)]
    failed = [f"\n{run.what} on {run.leads:,} leads did not get to the end:\n\n{_indented(run.reason)}\n" for run in runs if run.reason]
    different = [f"\n{run.what} on {run.leads:,} leads differs in {', '.join(run.unequal)}.\n" for run in runs if run.unequal]
    return HEAD.format(versions=versions) + "\n".join(lines) + "\n" + "".join([*failed, *different]) + NOTES


def _row(run: PeerRun, build: PeerRun) -> str:
    if not run.cost:
        return f"| {run.leads:,} | {run.what} | **did not run to the end** |  |  |  |  |  |"
    figures = f"{run.cost.wall:.1f} | {run.cost.cpu:.1f} | {run.cost.peak_mb:,.0f} | {run.cost.cpu / build.cost.cpu:.1f}"
    cost = figures.replace("nan", "")
    equal = f"{run.tables - len(run.unequal)} of {run.tables}" if run is not build else ""
    return f"| {run.leads:,} | {run.what} | {cost} | {run.kpi_rows:,} | {equal} |"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-12:])
