"""Does the verdict name the right department? Incidents planted in generated agencies, run through the project's own models.

    python benchmarks/verdict_incidents.py --seeds 20 --write

Each agency is extracted, landed and registered as in a night; the models run as compiled SQL (benchmarks/compiled_models.py), because
120 dbt processes would take an hour. --write puts the table into docs/verdict.md between its markers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.compiled_models import ROOT, CompiledModel, compile_models, load_seeds, run_models
from benchmarks.documents import put_between
from onefunnel.config import load_config
from onefunnel.dbt import without_other
from onefunnel.demo import DemoSpec, write
from onefunnel.demo.leads import expected_leads
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.landing import register_landing
from onefunnel.settings import Settings, load_settings

END = date(2026, 3, 31)
# The incident starts three months before the data end, so that its first cohort has lived 60 days, as have the cohorts it is compared with.
INCIDENT_MONTH = date(2026, 1, 1)
MONTHS = 26


@dataclass(frozen=True)
class Planted:
    """An incident, the metric in which it shows, and who must be named: None is nobody of the agency.

    has_index: whether the agency delivers an index of demand, off by 2 % of its own. of_twenty: how many of twenty agencies must be told
    rightly; what unpaid channels tell is inferred from a few dozen leads.
    """

    incident: str
    metric: str
    department: str | None
    factors: tuple[str, ...]
    has_index: bool = False
    of_twenty: int = 20

    @property
    def name(self) -> str:
        return f"{self.incident}, with an index" if self.has_index else self.incident


PLANTED = (
    Planted("lead_quality", "new_clients", "marketing", ("step_brief_filled", "step_sql")),
    Planted("slow_first_contact", "new_clients", "marketing", ("step_first_contact", "step_brief_filled")),
    Planted("lost_at_contract", "new_clients", "sales", ("step_paid",)),
    Planted("smaller_checks", "new_client_revenue", "sales", ("average_check",)),
    Planted("seasonal_dip", "new_clients", "market", ("season",)),
    Planted("none", "new_clients", None, ()),
    Planted("market_crisis", "new_clients", "market", ("market_demand",), of_twenty=16),
    Planted("market_crisis", "new_clients", "market", ("market_demand",), has_index=True),
    Planted("budget_cut", "new_clients", "marketing", ("lead_volume", "channel_mix"), of_twenty=18),
)


@dataclass(frozen=True)
class Outcome:
    """What the verdict said about the incident's first month against the month before."""

    planted: Planted
    seed: int
    department: str | None
    factor: str | None
    headline: str
    confidence: str

    @property
    def is_right(self) -> bool:
        """The right department; where nothing was planted, nobody of the agency (the season itself may be told)."""
        if self.planted.department is None:
            return self.department in (None, "market")
        return self.department == self.planted.department


def write_index(spec: DemoSpec, folder: Path) -> None:
    """Demand outside as an agency could buy it: what the market alone makes of the leads, in another unit, with an error of its own."""
    outside = replace(spec, incident="none") if spec.incident == "budget_cut" else spec
    months = spec.all_months
    errors = np.exp(np.random.default_rng(spec.seed).normal(0, 0.02, len(months)))
    rows = [f"{month:%Y-%m},{17 * expected_leads(outside, month).sum() * error:.1f}\n" for month, error in zip(months, errors, strict=True)]
    (folder / "market_index.csv").write_text("month,index\n" + "".join(rows), encoding="utf-8")
    with (folder / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write("      market_index: {path: market_index.csv}\n")


class Laboratory:
    """Runs agencies through the models, one after another, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.models: list[CompiledModel] | None = None

    def run(self, planted: Planted, seed: int, leads_per_month: int) -> Outcome:
        spec = DemoSpec(
            seed=seed,
            months=MONTHS,
            leads_per_month=leads_per_month,
            end=END,
            incident=planted.incident,
            incident_month=INCIDENT_MONTH,
            dirty=False,
        )
        with self.warehouse(spec, has_index=planted.has_index) as connection:
            department, factor, headline, confidence = connection.execute(
                "select main_department, main_factor, headline_en, confidence from marts.mart_verdict "
                "where month = ? and comparison = 'previous_month' and basis = 'cohort' and metric = ?",
                [INCIDENT_MONTH, planted.metric],
            ).fetchone()
        return Outcome(planted, seed, department, factor, headline, confidence)

    def warehouse(self, spec: DemoSpec, *, has_index: bool = False) -> duckdb.DuckDBPyConnection:
        """The verdict's marts over a generated agency, built by the project's models."""
        source = self.folder / "agency"
        shutil.rmtree(source, ignore_errors=True)
        write(spec, source)
        if has_index:
            write_index(spec, source)
        return self.build(source / "sources.yml", spec.end)

    def build(self, sources: Path, as_of: date) -> duckdb.DuckDBPyConnection:
        """The verdict's marts over the files of a sources.yml."""
        home = self.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        settings = load_settings(home=home)
        self._land(sources, settings, as_of)
        if self.models is None:
            self.models = compile_models(["+mart_verdict", *without_other(())], settings.paths.home, self.folder / "target")
        connection = duckdb.connect(str(settings.paths.warehouse), config={"threads": settings.threads})
        load_seeds(connection, sorted(path.stem for path in (ROOT / "seeds").glob("*.csv")))
        run_models(connection, self.models)
        return connection

    def _land(self, sources: Path, settings: Settings, as_of: date) -> None:
        config = load_config(sources)
        for source in config.enabled_sources:
            extract_source(config, source, Interval.for_as_of(as_of, config.reporting.time_zone), settings)
        register_landing(settings.paths.warehouse, config, settings, as_of)


def outcomes(seeds: Iterable[int], incidents: Iterable[str], leads_per_month: int, folder: Path) -> Iterator[Outcome]:
    """One outcome per incident and seed. The hash key is of no account here: any will do."""
    os.environ.setdefault("ONEFUNNEL_HASH_KEY", "verdict-incidents-benchmark")
    laboratory = Laboratory(folder)
    wanted = set(incidents)
    for planted in PLANTED:
        if planted.incident in wanted:
            for seed in seeds:
                yield laboratory.run(planted, seed, leads_per_month)


def table(found: list[Outcome], leads_per_month: int) -> str:
    """Markdown: how often the right one was named, and what the verdict said for the first seed."""
    lines = [
        f"{leads_per_month} leads a month, {MONTHS} months to {END}, the incident from {INCIDENT_MONTH:%B %Y} on, that month against",
        "the month before, cohorts at 30 days of age.",
        "",
        "| planted | metric | must be named | right | right factor | named instead | headline of the first seed |",
        "|---|---|---|---|---|---|---|",
    ]
    for planted in PLANTED:
        of_incident = [outcome for outcome in found if outcome.planted == planted]
        if not of_incident:
            continue
        right = [outcome for outcome in of_incident if outcome.is_right]
        instead = sorted({outcome.department or "nobody" for outcome in of_incident if not outcome.is_right})
        factor = sum(outcome.factor in planted.factors for outcome in of_incident)
        lines.append(
            f"| {planted.name} | {planted.metric} | {planted.department or 'nobody'} | {len(right)} of {len(of_incident)} | "
            f"{f'{factor} of {len(of_incident)}' if planted.factors else '-'} | {', '.join(instead) or '-'} | {of_incident[0].headline} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="agencies per incident")
    parser.add_argument("--leads", type=int, default=600, help="leads per month")
    parser.add_argument("--incidents", nargs="*", default=sorted({planted.incident for planted in PLANTED}))
    parser.add_argument("--write", action="store_true", help="put the table into docs/verdict.md")
    arguments = parser.parse_args()
    started, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for outcome in outcomes(range(1, arguments.seeds + 1), arguments.incidents, arguments.leads, Path(folder)):
            found.append(outcome)
            mark = "ok   " if outcome.is_right else "WRONG"
            print(f"{mark} {outcome.planted.name} seed {outcome.seed}, {outcome.confidence}: {outcome.headline}", flush=True)
    text = table(found, arguments.leads)
    print(f"\n{text}\n\n{time.monotonic() - started:.0f} s")
    if arguments.write:
        put_between("incidents", text)


if __name__ == "__main__":
    main()
