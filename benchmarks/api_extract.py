"""Deals of an API into landing: a first night of all of them, and a second one of those that changed.

    python -m benchmarks.api_extract [--deals 100000] [--changes 1200]

The API is the tests' fake of HubSpot in a process of its own, its pages made before: what is measured is the reader, not the fake.
Prints rows, seconds of wall and CPU time and peak memory of each night; starting Python is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from onefunnel.project import project_root

FAKES = project_root() / "tests" / "systems"
COLUMNS = 42
TOKEN = "of-the-benchmark"  # noqa: S105
NIGHTS = (date(2026, 4, 1), date(2026, 4, 2))
LATER = datetime(2026, 4, 1, 20, tzinfo=UTC)


def serve(deals: int, changes: int) -> None:
    """Print the address; after a line on standard input, change some deals and print an empty line; end with standard input."""
    sys.path.insert(0, str(FAKES))
    from fake_hubspot import FakeHubSpot
    from fake_server import Answer, Asked, serving

    class Ready(FakeHubSpot):
        """Pages and deals as bytes, made before they are asked for."""

        made: dict[tuple[str, str | None], bytes]

        def make(self) -> None:
            shown = list(self.deals.values())
            self.made = {
                ("/crm/v3/objects/deals", str(start) if start else None): json.dumps(self._page(shown, start, 50).content).encode()
                for start in range(0, len(shown), 50)
            } | {(f"/crm/v3/objects/deals/{key}", None): json.dumps(deal).encode() for key, deal in self.deals.items()}

        def route(self, asked: Asked) -> Answer:
            is_made = asked.params.get("archived") != "true" and not asked.path.endswith("/search")
            return Answer(self.made[asked.path, asked.params.get("after")]) if is_made else super().route(asked)

    api = Ready(deals, token=TOKEN, more=COLUMNS)
    api.make()
    with serving(api) as url:
        print(url, flush=True)
        for _ in sys.stdin:
            for key in list(api.deals)[: changes * 7 : 7]:
                api.move(key, "contractsent", LATER)
                api.made[f"/crm/v3/objects/deals/{key}", None] = json.dumps(api.deals[key]).encode()
            print(flush=True)


def read(folder: Path, url: str, night: int) -> dict[str, float]:
    """One night of deals; tells what it took."""
    from onefunnel.config import load_config
    from onefunnel.extract import api, extract_source
    from onefunnel.interval import Interval
    from onefunnel.settings import load_settings
    from onefunnel.systems import description_of

    os.environ["BENCH_TOKEN"] = TOKEN
    block = {"name": "bench", "system": "hubspot", "connector": "api", "base_url": url, "secrets": {"token": "BENCH_TOKEN"}}
    (folder / "sources.yml").write_text(yaml.safe_dump({"version": 1, "sources": [block | {"entities": {"deals": {}}}]}), encoding="utf-8")
    config, settings = load_config(folder / "sources.yml"), load_settings(home=folder / "home", threads=2)
    described = description_of("hubspot")
    deals = described.resources["deals"]
    more = {f"more_{number}": f"properties.more_{number}" for number in range(COLUMNS - len(deals.columns))}
    wide = described.model_copy(update={"resources": {"deals": deals.model_copy(update={"columns": deals.columns | more})}})
    api.description_of = lambda system: wide
    wall, cpu = time.perf_counter(), time.process_time()
    (load,) = extract_source(config, config.sources[0], Interval.for_as_of(NIGHTS[night]), settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    # not ru_maxrss: that of a new process starts with the peak of whoever started it
    peak_kb = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1]
    return {"rows": load.rows, "columns": len(load.columns), "wall": wall, "cpu": cpu, "peak_mb": int(peak_kb) / 1024}


def measure(folder: Path, deals: int, changes: int) -> list[dict[str, float]]:
    """What the first and the second night took. Raises RuntimeError when one did not land what the fake holds."""

    def python(*arguments: object, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.api_extract", *map(str, arguments)]
        return subprocess.Popen(command, cwd=project_root(), stdout=subprocess.PIPE, text=True, **options)

    costs = []
    with python("serve", deals, changes, stdin=subprocess.PIPE) as fake:
        url = fake.stdout.readline().strip()
        for night, expected in enumerate((deals, changes)):
            with python("read", folder, url, night) as reader:
                costs.append(json.loads(reader.stdout.read()))
            # the last hour before the cursor is read again
            if not expected <= costs[-1]["rows"] <= expected * 1.05:
                raise RuntimeError(f"{costs[-1]['rows']:,.0f} of {expected:,} deals landed")
            fake.stdin.write("\n")
            fake.stdin.flush()
            fake.stdout.readline()
        fake.stdin.close()
    return costs


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        serve(*map(int, sys.argv[2:]))
    elif sys.argv[1:2] == ["read"]:
        print(json.dumps(read(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
    else:
        parser = argparse.ArgumentParser(prog="python -m benchmarks.api_extract", description="Measure the API connector.")
        parser.add_argument("--deals", type=int, default=100_000)
        parser.add_argument("--changes", type=int, default=1_200)
        options = parser.parse_args()
        with tempfile.TemporaryDirectory(prefix="onefunnel-bench-") as folder:
            for name, cost in zip(("first night", "second night"), measure(Path(folder), options.deals, options.changes), strict=True):
                print(name, json.dumps({key: round(value, 2) for key, value in cost.items()}))


if __name__ == "__main__":
    main()
