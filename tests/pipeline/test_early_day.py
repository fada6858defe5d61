"""A night for an early day on the whole history says what it would have said then: nothing of a later day, statuses included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from compiled import Files
from nights import RunCli
from random_source import ENDINGS, random_files
from template_files import write_files
from test_going_on import contents

pytestmark = pytest.mark.slow

DAY = date(2026, 2, 10)
ENTITIES = ("leads", "stage_events", "payments", "payment_plan", "ad_spend", "channel_costs", "fx_rates", "targets")
# rows of a later day are counted as quarantined where they are delivered at all
COUNTS_OF_QUARANTINE = {"facts.fct_quarantine", "facts.fct_row_count", "marts.mart_data_quality", "marts.mart_publication"}
SOURCES = """version: 1
reporting: {{base_currency: EUR, time_zone: Europe/Berlin}}
sources:
  - {{name: s, system: template, connector: files, time_zone: Europe/Berlin, entities: {{{}}}}}
"""


def known_then(files: Files) -> Files:
    """The rows of the day and before, with what they said then."""

    def is_known(moment: str | None) -> bool:
        return moment is None or moment[:10] <= DAY.isoformat()

    dated = {"leads": "created_at", "stage_events": "entered_at", "payments": "paid_at", "ad_spend": "date", "fx_rates": "date"}
    cut: Files = {entity: [row for row in rows if is_known(row.get(dated.get(entity, "")))] for entity, rows in files.items()}
    cut["leads"] = [_lead_then(row, is_known) for row in cut["leads"]]
    return cut


def _lead_then(row: dict[str, str | None], is_known: Callable[[str | None], bool]) -> dict[str, str | None]:
    dates = {name: row.get(name) if is_known(row.get(name)) else None for name in ("first_contact_at", "status_at", "closed_at")}
    changes: dict[str, str | None] = dict(dates)
    if not is_known(row.get("status_at")):
        changes |= {"status": None, "reason": None}
    elif row.get("status_at") is None and not is_known(row.get("closed_at")):
        changes |= {"reason": None} | ({"status": None} if row["status"] in (*ENDINGS, "paid", "won") else {})
    return row | changes


def build(run_cli: RunCli, folder: Path, files: Files) -> Path:
    folder.mkdir()
    write_files({entity: files[entity] for entity in ENTITIES if files[entity]}, folder)
    entities = ", ".join(f"{entity}: {{path: {entity}.csv}}" for entity in ENTITIES if files[entity])
    (folder / "sources.yml").write_text(SOURCES.format(entities), encoding="utf-8")
    arguments = ("--sources", folder / "sources.yml", "--home", folder / "home", "--as-of", DAY)
    run_cli("extract", *arguments)
    run_cli("build", *arguments, "--no-tests")
    return folder / "home" / "warehouse.duckdb"


def test_an_early_day_knows_nothing_of_later_ones(tmp_path: Path, run_cli: RunCli) -> None:
    files = random_files(11, leads=150, dirty=False)
    for row in files["leads"]:  # leads whose state of the day is another than the last
        later = str(datetime.fromisoformat(row["created_at"]) + timedelta(days=30))
        row |= {name: later for name in ("status_at", "closed_at") if row[name]}
    then = known_then(files)
    ids = {row["lead_id"] for row in then["leads"]}
    statuses = [sum(row["status"] is not None for row in rows if row["lead_id"] in ids) for rows in (files["leads"], then["leads"])]
    assert statuses[0] > statuses[1], "no status of a later day in these files"
    whole, cut = contents(build(run_cli, tmp_path / "whole", files)), contents(build(run_cli, tmp_path / "cut", then))
    assert {name for name in cut if whole[name] != cut[name]} - COUNTS_OF_QUARANTINE == set()
