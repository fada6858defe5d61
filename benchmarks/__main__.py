"""Measure speed and memory and write benchmarks/results.md.

python -m benchmarks                       the demo, a CSV of 1,000,000 rows, 1,000 to 1,000,000 leads
python -m benchmarks --sizes 10000000      another size; see --help
python -m benchmarks --peers 1000 100000   besides, the same models by Cosmos and by SQLMesh at these sizes
python -m benchmarks --engine spark        the demo and the sizes on Spark beside DuckDB instead; writes benchmarks/spark.md
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from benchmarks.csv_extract import measure as measure_csv
from benchmarks.demo_run import measure as measure_demo
from benchmarks.engines import engines_page, measure_engines
from benchmarks.measure import load_average, machine
from benchmarks.peers.scenario import make_environments, measure_peers
from benchmarks.results import render
from benchmarks.scenario import PEER_REPEATS, measure

RESULTS = Path(__file__).with_name("results.md")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory; write benchmarks/results.md.")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 100_000, 1_000_000], help="leads of each generated agency")
    parser.add_argument("--csv-rows", type=int, default=1_000_000, help="rows of the CSV whose extraction is measured; 0: none")
    parser.add_argument("--no-demo", action="store_true", help="leave out the whole nights of the demo")
    parser.add_argument("--nights-only", action="store_true", help="leave out limit and pandas, which take long at the largest sizes")
    parser.add_argument(
        "--peers", type=int, nargs="+", default=[], metavar="LEADS",
        help="sizes at which Cosmos and SQLMesh run the same models too, in environments made from the package index (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--scratch", type=Path, help="folder for scratch data: 1M leads need about 4 GB there, 10M about 40 GB (default: the system's)"
    )
    parser.add_argument(
        "--engine", choices=["duckdb", "spark"], default="duckdb", help="spark: builds on Spark beside those of DuckDB, and no more"
    )
    parser.add_argument("--out", type=Path, help="where the results go")
    options = parser.parse_args()
    command = shlex.join(["python", "-m", "benchmarks", *_shown(sys.argv[1:])])
    load = load_average()
    if options.engine == "spark":
        return _engines(options, command, load)
    out = options.out or RESULTS
    outcomes, extractions, demo, peers = [], [], None, []

    def write() -> None:
        page = render(outcomes, extractions, demo, peers, command=command, machine=machine(), load=(load, load_average()))
        out.write_text(page, encoding="utf-8")

    with tempfile.TemporaryDirectory(prefix="onefunnel-bench-", dir=options.scratch) as scratch:
        if not options.no_demo:
            demo = measure_demo(Path(scratch) / "demo", PEER_REPEATS, say)
            write()
        if options.csv_rows:
            say(f"extraction of a CSV of {options.csv_rows:,} rows")
            extractions = measure_csv(Path(scratch) / "csv", options.csv_rows, PEER_REPEATS)
            write()
        for leads in options.sizes:
            with tempfile.TemporaryDirectory(prefix=f"{leads}-", dir=scratch) as folder:
                for outcome in measure(Path(folder), leads, say, nights_only=options.nights_only):
                    # what is measured is kept, whatever becomes of the rest
                    outcomes = [*(other for other in outcomes if other is not outcome), outcome]
                    write()
        environments = make_environments(Path(scratch), say) if options.peers else {}
        for leads in options.peers:
            with tempfile.TemporaryDirectory(prefix=f"peers-{leads}-", dir=scratch) as folder:
                for peer in measure_peers(Path(folder), leads, environments, say):
                    peers.append(peer)
                    write()
    say(f"written: {out}")
    return 0 if all(outcome.is_equal for outcome in (*outcomes, *peers)) else 1


def _engines(options: argparse.Namespace, command: str, load: float) -> int:
    out, pairs = options.out or RESULTS.with_name("spark.md"), []
    with tempfile.TemporaryDirectory(prefix="onefunnel-bench-", dir=options.scratch) as scratch:
        for pair in measure_engines(Path(scratch), options.sizes, say, has_demo=not options.no_demo):
            pairs.append(pair)
            out.write_text(engines_page(pairs, command, machine(), (load, load_average())), encoding="utf-8")
    say(f"written: {out}")
    return 0 if all(pair.is_equal for pair in pairs) else 1


def _shown(arguments: list[str]) -> list[str]:
    """The arguments that matter to whoever repeats the run: where this machine keeps files does not."""
    shown, skip = [], False
    for argument in arguments:
        if skip or argument.startswith(("--scratch=", "--out=")):
            skip = False
        elif argument in ("--scratch", "--out"):
            skip = True
        else:
            shown.append(argument)
    return shown


if __name__ == "__main__":
    sys.exit(main())
