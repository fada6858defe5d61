"""A CSV of leads through the files connector, beside DuckDB's own read_csv -> Parquet of the same bytes.

    python -m benchmarks.csv_extract onefunnel|duckdb FOLDER

Prints rows and seconds of wall and CPU time of the extraction alone: starting Python would drown it.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.measure import Cost, medians
from onefunnel.project import project_root

LEADS = """
select 'L' || i as lead_id, strftime(timestamp '2023-04-01' + to_seconds(i * 90), '%Y-%m-%d %H:%M:%S') as created_at,
    ['seo', 'blog', 'direct', 'referral'][1 + i % 4] as channel, 'campaign ' || (i % 40) as campaign,
    'person' || i || '@example.com' as {names[0]}, '+49 30 ' || (1000000 + i) as {names[1]}, 'Name ' || i as {names[2]}
from range({rows}) as numbers(i)
order by i
"""
# The same bytes below the header: the connector hashes three columns of the one, and none of the other.
NAMES = {"hashed": ("contact_email", "contact_phone", "contact_name"), "plain": ("note_1", "note_2", "note_3")}
SOURCES = """
version: 1
reporting: {time_zone: Europe/Berlin}
sources:
  - {name: bench, system: template, connector: files, time_zone: Europe/Berlin, entities: {leads: {path: leads.csv}}}
"""


def write_csv(folder: Path, rows: int, kind: str) -> None:
    """leads.csv and its sources.yml. kind: `hashed` or `plain`."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        db.execute(f"copy ({LEADS.format(rows=rows, names=NAMES[kind])}) to '{folder / 'leads.csv'}' (format csv, header true)")
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")


def by_onefunnel(folder: Path, result: Path) -> int:
    """Extract into a fresh landing; returns the rows landed."""
    from onefunnel.config import load_config
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval
    from onefunnel.settings import load_settings

    config = load_config(folder / "sources.yml")
    settings = load_settings(home=result, hash_key=secrets.token_hex(32), threads=2)
    loads = extract_source(config, config.sources[0], Interval.for_as_of(date(2026, 3, 31), "Europe/Berlin"), settings)
    return sum(load.rows for load in loads)


def by_duckdb(folder: Path, result: Path) -> int:
    """Every column as text, as landing keeps it; returns the rows written."""
    result.mkdir()
    with duckdb.connect(config={"threads": 2}) as db:
        source, target = folder / "leads.csv", result / "leads.parquet"
        rows = f"from read_csv('{source}', all_varchar = true, header = true)"
        db.execute(f"copy ({rows}) to '{target}' (format parquet, compression snappy)")
        return db.execute(f"select count(*) from '{target}'").fetchone()[0]


@dataclass(frozen=True)
class Extraction:
    """who: `onefunnel` or `duckdb`; kind: `hashed` or `plain`."""

    who: str
    kind: str
    rows: int
    cost: Cost


def measure(folder: Path, rows: int, repeats: int) -> list[Extraction]:
    """Median cost of each, in processes of their own that take turns."""
    for kind in NAMES:
        write_csv(folder / kind, rows, kind)
    wanted = [("onefunnel", "plain"), ("onefunnel", "hashed"), ("duckdb", "plain")]
    found: dict[tuple[str, str], list[Cost]] = {pair: [] for pair in wanted}
    for _ in range(repeats):
        for who, kind in wanted:
            arguments = [sys.executable, "-m", "benchmarks.csv_extract", who, str(folder / kind)]
            said = json.loads(subprocess.run(arguments, cwd=project_root(), check=True, capture_output=True, text=True).stdout)
            if said["rows"] != rows:
                raise RuntimeError(f"{who} kept {said['rows']:,} of {rows:,} rows")
            found[who, kind].append(Cost(said["wall"], said["cpu"], said["peak_mb"]))
    return [Extraction(who, kind, rows, medians(costs)) for (who, kind), costs in found.items()]


def main(who: str, folder: Path) -> dict[str, float]:
    """Extract once and tell what it took."""
    import onefunnel.config
    import onefunnel.extract.files
    import onefunnel.settings  # noqa: F401 - imports are not what is measured

    extract = by_onefunnel if who == "onefunnel" else by_duckdb
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wall, cpu = time.perf_counter(), time.process_time()
        rows = extract(folder, Path(scratch) / "result")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    # not ru_maxrss: that of a new process starts with the peak of whoever started it
    peak_kb = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1]
    return {"rows": rows, "wall": wall, "cpu": cpu, "peak_mb": int(peak_kb) / 1024}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
