"""The generated agency as files: CSV of the template source, a sources.yml that loads them, and the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from onefunnel.demo.facts import facts_of
from onefunnel.demo.funnels import words_of
from onefunnel.demo.spec import AGENCY, DemoSpec
from onefunnel.demo.tables import ENTITIES, visible
from onefunnel.demo.world import Progress, build
from onefunnel.durable import write_whole
from onefunnel.errors import ConfigError

FACTS = "demo_facts.json"
SOURCES = "sources.yml"
WORDS = "words"
MONTHLY = "ad_spend"  # delivered as one file per month, as ad platforms do


def sources_text(folder: str = "", words: str = "") -> str:
    """The sources.yml of the generated agency; `folder` leads from where that file lies to the data (empty, or with a slash at its end).
    `words`: the folder of its own words, if it has any."""
    own = f"\nwords: {words} # the stages, and how fast each should be" if words else ""
    paths = "\n".join(f'      {entity}: {{path: "{folder}{_pattern(entity)}"}}' for entity in ENTITIES)
    return f"""\
# The agency that `onefunnel demo-data` generates. Every key: docs/adding-a-source.md
version: 1{own}
reporting:
  base_currency: EUR
  time_zone: Europe/Berlin
  working_hours: {{mon: "09:00-18:00", tue: "09:00-18:00", wed: "09:00-18:00", thu: "09:00-18:00", fri: "09:00-18:00"}}
lookback_days: 35
sources:
  - name: demo
    system: template
    connector: files
    owner: data-team
    time_zone: Europe/Berlin # of timestamps without an offset
    date_order: ymd
    decimal_separator: "."
    currency: EUR # where a row names none
    expect: {{leads: {{min_rows: 1}}}}
    entities:
{paths}
"""


def _pattern(entity: str) -> str:
    return f"{MONTHLY}/*.csv" if entity == MONTHLY else f"{entity}.csv"


def write(spec: DemoSpec, out: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Generate and write; returns the facts. Files of an earlier run are replaced, each as a whole.

    Raises ConfigError when `out` holds such files that this generator did not write.
    """
    _check_free(out)
    world = build(spec, progress)
    facts = facts_of(world)
    out.mkdir(parents=True, exist_ok=True)
    # first and last: a folder of ours is known as such from the first byte, and its truth is never older than its data
    write_whole(out / FACTS, json.dumps({"spec": facts["spec"], "unfinished": True}) + "\n")
    kept = set()
    for entity, frame in world.tables.items():
        if entity == MONTHLY:
            months = frame["_at"].to_numpy().astype("datetime64[s]").astype("datetime64[M]").astype(str)
            for month, rows in frame.groupby(months, sort=True):
                kept.add(f"{entity}_{month}.csv")
                _write_csv(out / entity / f"{entity}_{month}.csv", visible(entity, rows))
        else:
            _write_csv(out / f"{entity}.csv", visible(entity, frame))
    for path in (out / MONTHLY).glob(f"{MONTHLY}_????-??.csv"):
        if path.name not in kept:
            path.unlink()
    own = WORDS if spec.funnel != AGENCY else ""
    for path in sorted(words_of(spec.funnel).glob("*.csv")) if own else []:
        write_whole(out / WORDS / path.name, path.read_text(encoding="utf-8"))
    write_whole(out / SOURCES, sources_text(words=own))
    write_whole(out / FACTS, json.dumps(facts, indent=1) + "\n")
    return facts


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    write_whole(path, frame.to_csv(index=False, lineterminator="\n"))


def _check_free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ConfigError("the folder for demo data is a file", where=str(out), hint="give --out a folder")
    if (out / FACTS).exists():
        return
    taken = [name for name in (SOURCES, *(f"{entity}.csv" for entity in ENTITIES), MONTHLY) if (out / name).exists()]
    if taken:
        raise ConfigError(
            "this folder holds files that demo-data did not write",
            where=f"{out}: {', '.join(taken)}",
            hint="give --out a new or empty folder",
        )
