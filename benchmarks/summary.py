"""The head of results.md: what was aimed at beside what was measured, kept or not."""

from __future__ import annotations

from benchmarks.csv_extract import Extraction
from benchmarks.demo_run import DemoRun
from benchmarks.peers.scenario import PeerRun
from benchmarks.scenario import Outcome

MILLION = 1_000_000
Row = tuple[str, float, float, str]


def render_summary(outcomes: list[Outcome], extractions: list[Extraction], demo: DemoRun | None, peers: list[PeerRun]) -> str:
    """One line per aim that this run measured. Times are wall seconds, except where CPU is said."""
    by_size = {outcome.leads: outcome for outcome in outcomes}
    start, million, ten = by_size.get(1_000), by_size.get(MILLION), by_size.get(10 * MILLION)
    rows: list[Row] = []
    if million:
        rows += _of_a_million(million, start)
    if million and ten:
        rows += _of_ten_million(ten, million)
    rows += _of_extractions(extractions)
    rows += _of_peers(peers)
    if demo:
        rows.append(("`onefunnel run` on the demo, warm, seconds", demo.middle.cost.wall, 30, ""))
    if not rows:
        return ""
    lines = ["\n## In short\n", "| aim | at most | measured | |", "|---|---:|---:|---|"]
    for what, measured, bound, note in rows:
        lines.append(f"| {what} | {bound:g} | {measured:.2f} | {'kept' if measured <= bound else '**not kept**'}{note} |")
    return "\n".join(lines) + "\n"


def _of_a_million(million: Outcome, start: Outcome | None) -> list[Row]:
    first, rows = million.first.build, []
    if million.limit:
        rows.append(("full build at 1,000,000 leads, times limit (CPU)", first.cpu / million.limit.cpu, 1.5, ""))
    if million.pandas:
        rows.append(("the same, times pandas (CPU)", first.cpu / million.pandas.cpu, 0.2, "; pandas makes the monthly KPIs only"))
    rows.append(("peak memory of a full build at 1,000,000 leads, GiB", first.peak_mb / 1024, 4, ""))
    if million.second and start and start.second:
        # what dbt's start and its statements cost however little there is: a night of an agency of 1,000 leads
        beyond = (million.second.build.wall - start.second.build.wall) / first.wall
        note = f"; beyond the {start.second.build.wall:.1f} s that such a night takes with 1,000 leads"
        rows.append(("a night with 1 % new at 1,000,000 leads, times the full build", beyond, 0.15, note))
        rows.append(("the same, start included", million.second.build.wall / first.wall, 0.15, ""))
    return rows


def _of_ten_million(ten: Outcome, million: Outcome) -> list[Row]:
    rows: list[Row] = [
        ("full build, 10,000,000 times 1,000,000 leads (CPU)", ten.first.build.cpu / million.first.build.cpu, 10, ""),
        ("the same (wall)", ten.first.build.wall / million.first.build.wall, 10, ""),
        ("peak memory at 10,000,000 leads, GiB", ten.first.build.peak_mb / 1024, 16, ""),
    ]
    if ten.second and million.second:
        ratio = ten.second.build.wall / million.second.build.wall
        rows.append(("a night with the same new leads, 10,000,000 times 1,000,000 leads of history", ratio, 2, ""))
    return rows


def _of_extractions(extractions: list[Extraction]) -> list[Row]:
    floors = {item.kind: item for item in extractions if item.who == "duckdb"}
    return [
        (f"a CSV into landing, {item.kind}, times DuckDB alone (CPU)", item.cost.cpu / floors[item.kind].cost.cpu, 2, "")
        for item in extractions
        if item.who == "onefunnel" and item.kind in floors
    ]


def _of_peers(peers: list[PeerRun]) -> list[Row]:
    """Cosmos at the largest size that ran: a tenth of its time is the aim, of the build run the same way."""
    largest = max((peer.leads for peer in peers if peer.cost), default=0)
    ran = [peer for peer in peers if peer.cost and peer.leads == largest and "SQLMesh" not in peer.what]
    rows: list[Row] = []
    for is_scheduled, how in ((True, "both scheduled by Airflow"), (False, "both without a scheduler")):
        walls = {"Cosmos" in peer.what: peer.cost.wall for peer in ran if peer.what.endswith("scheduled") is is_scheduled}
        if len(walls) == 2:
            what = f"full build at {largest:,} leads, times one Airflow task per model, {how} (wall)"
            rows.append((what, walls[False] / walls[True], 0.1, ""))
    return rows
