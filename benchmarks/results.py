"""results.md: what one run of the benchmark measured, with what it does not show."""

from __future__ import annotations

from textwrap import fill

from benchmarks.csv_extract import Extraction
from benchmarks.demo_run import DemoRun
from benchmarks.demo_run import render as render_demo
from benchmarks.limit import TABLES
from benchmarks.measure import Cost
from benchmarks.peers.results import render_peers
from benchmarks.peers.scenario import PeerRun
from benchmarks.scenario import PEER_REPEATS, Night, Outcome
from benchmarks.summary import render_summary

HEAD = """# Benchmark

    {command}

{machine}. Load average of the last minute: {load_before:.1f} when it began, {load_after:.1f} when it ended.
Beyond the number of cores the machine is shared: then CPU seconds (user + system, all threads and children) say more than wall seconds,
so the ratios are of CPU.

Except where said, a figure is of a whole process, its start included, with 2 threads and DuckDB's memory limit at 4 GB. Each night ran
once; limit, pandas and the extractions are medians of {repeats} (beyond 1,000,000 leads limit ran once, pandas not at all). Peak
memory is that of the largest process. limit: the scripts `benchmarks/limit/*.sql`, hand-written for DuckDB, computing the same facts and
marts from the same landing.
"""

LIMITS = """
## What this does not show

- limit is a floor, not an alternative. It takes clean data for granted (no repeated key, no unreadable text, no reopened lead, no undated
  stage, a day of report that ends its month), which holds here because the data is generated. It makes these tables:
{tables}.
  The number of the build and columns that say nothing on such data (targets, the like-for-like comparison of a running month, the system
  of the source, the lead as a stage of its own) are not made. Left out of the floor: the verdict and what it is made of, data quality,
  quarantine, restatements, the payment plan. The build besides judges every value, keeps what it refused and why, reconciles rows and
  money, and runs every data test.
- pandas takes the same clean data for granted. It makes every KPI of mart_kpi_monthly but the fulfilment of the payment plan, which is not
  delivered, by month and channel; no comparison with earlier months, and nothing else of the build.
- A build costs some seconds at any size, because dbt starts and runs several hundred statements one by one.
- The generated agency has one source, two currencies, no contact data in its nights and no late corrections. Its {spend:,} rows of spend
  are the same at every size.
- The second night's leads are new ones of the last days. Nights in which old leads change, rates come late and rows are corrected are
  tested to give what a full build gives, not timed.
- Gates and publication are timed on the demo only; publication copies all facts, so it grows with history.
"""


def render(
    outcomes: list[Outcome],
    extractions: list[Extraction],
    demo: DemoRun | None,
    peers: list[PeerRun],
    *,
    command: str,
    machine: str,
    load: tuple[float, float],
) -> str:
    """The whole page; parts that did not run are left out."""
    parts = [HEAD.format(command=command, machine=machine, load_before=load[0], load_after=load[1], repeats=PEER_REPEATS)]
    parts.append(render_summary(outcomes, extractions, demo, peers))
    if demo:
        parts.append(render_demo(demo))
    parts += [_outcome(outcome) for outcome in outcomes]
    if extractions:
        parts.append(_extractions(extractions))
    if peers:
        parts.append(render_peers(peers))
    if outcomes:
        tables = fill(", ".join(TABLES), 138, initial_indent="  ", subsequent_indent="  ")
        parts.append(LIMITS.format(tables=tables, spend=outcomes[0].first.rows["ad_spend"]))
    return "".join(parts)


def _outcome(outcome: Outcome) -> str:
    first, second, floor, parts = outcome.first, outcome.second, outcome.limit, outcome.first.parts
    lines = [f"\n## {outcome.leads:,} leads\n", f"- First night: {_rows(first)} ({outcome.input_mb:,.0f} MB of Parquet)."]
    lines.append(f"- Second night, more leads in files that add: {_rows(second) if second else '**did not run**'}.\n")
    lines += [
        "| what | wall s | CPU s | peak MB | CPU, times limit |",
        "|---|---:|---:|---:|---:|",
        _row("`onefunnel extract`, first night", first.extract),
        _row(f"`onefunnel build`, first night ({_nodes(first)})", first.build, floor),
    ]
    if floor:
        lines.append(_row("limit on the first night's landing", floor, floor))
    if outcome.pandas:
        lines.append(_row("pandas on the same, every monthly KPI but the payment plan's", outcome.pandas, floor))
    if second:
        per_night = (second.extract.cpu + second.build.cpu) / (first.extract.cpu + first.build.cpu)
        lines += [
            _row("`onefunnel extract`, second night", second.extract),
            _row("`onefunnel build`, second night", second.build),
            f"\nThe second night cost {100 * per_night:.0f} % of the CPU time of the first, for {_share(outcome):.1f} % as many rows.",
        ]
    lines += [
        f"\nWhere dbt spent the first build, in seconds of its two threads: {parts['covered']:.0f} in the tables of limit and what",
        f"they are made of, {parts['other models']:.0f} in other models, {parts['tests']:.0f} in data tests,",
        f"{parts['seeds']:.0f} in seeds.",
        "Slowest models, wall seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in first.slowest[:4]) + ",",
        ", ".join(f"{name} {seconds:.1f}" for name, seconds in first.slowest[4:]) + ".\n",
        *_comparisons(outcome),
    ]
    return "\n".join(lines)


def _comparisons(outcome: Outcome) -> list[str]:
    if not outcome.comparisons:
        return ["limit and pandas **did not run**.\n"]
    equal = {True: "equal", False: "**not equal**", None: "not run at this size"}[outcome.pandas_is_equal]
    return [
        "| limit against the build | rows | columns compared | of | equal |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {item.table} | {item.rows:,} | {item.columns} | {item.columns_of_model} | {'yes' if item.is_equal else '**no**'} |"
            for item in outcome.comparisons
        ),
        "\nCompared row by row, in every column that both have; doubles to 9 significant digits.",
        "Pandas is compared with the build itself in every cell of its KPIs, those that are 0 or null too, to 9 significant digits:",
        f"{equal}.\n",
    ]


def _rows(night: Night) -> str:
    return ", ".join(f"{count:,} {entity}" for entity, count in night.rows.items())


def _nodes(night: Night) -> str:
    return ", ".join(f"{night.nodes.get(kind, 0)} {kind}s" for kind in ("model", "seed", "test"))


def _share(outcome: Outcome) -> float:
    return 100 * sum(outcome.second.rows.values()) / sum(outcome.first.rows.values())


def _row(what: str, cost: Cost, floor: Cost | None = None) -> str:
    ratio = f"{cost.cpu / floor.cpu:.1f}" if floor else ""
    return f"| {what} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak_mb:,.0f} | {ratio} |"


def _extractions(extractions: list[Extraction]) -> str:
    floor = {item.kind: item for item in extractions if item.who == "duckdb"}
    lines = [
        f"\n## Extraction of a CSV of {extractions[0].rows:,} leads\n",
        "Seven columns; three of them hashed (HMAC-SHA256 under a key) or, with the same bytes under other names, none. DuckDB's own",
        "`read_csv` -> Parquet, every column as text, is the floor. Python's start is left out here; peak memory is of the process.\n",
        "| what | wall s | CPU s | peak MB | CPU, times DuckDB |",
        "|---|---:|---:|---:|---:|",
    ]
    names = {
        ("onefunnel", "plain"): "onefunnel, nothing hashed", ("onefunnel", "hashed"): "onefunnel, three columns hashed",
        ("duckdb", "plain"): "DuckDB alone",
    }  # fmt: skip
    for item in extractions:
        if name := names.get((item.who, item.kind)):
            lines.append(_row(name, item.cost, floor["plain"].cost))
    lines += [
        "\nBeyond the floor the connector copies and fingerprints the file, numbers the rows, sets aside those that cannot be read,",
        "and writes a manifest before one rename.\n",
    ]
    return "\n".join(lines)
