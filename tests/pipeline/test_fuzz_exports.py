"""Generated exports in one build: what is published is what the file means; every other row is set aside with its reason, or refused aloud.

ONEFUNNEL_FUZZ_FILES: how many exports (default 50); ONEFUNNEL_FUZZ_SEED: which (default 1). Thousands are built some hundreds at a time.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from random import Random

import duckdb
import pytest
import yaml
from exports import Export, draw_export
from nights import RunCli

from onefunnel.config import load_config
from onefunnel.errors import OnefunnelError
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.settings import load_settings

pytestmark = pytest.mark.slow

AT_ONCE = 200
AS_OF = date(2026, 3, 31)
LEAD = "lead_id,created_at,channel\nL1,2024-12-01 10:00:00,seo\n"
RATES = "date,currency,rate_to_base\n2024-12-31,USD,0.9\n2024-12-31,RUB,0.01\n"
PUBLISHED = {
    "payments": "select payment_id, paid_at, delivered_amount from facts.fct_payment where source_name = $source",
    "ad_spend": "select campaign, spend_date, cost_original from facts.fct_ad_spend where source_name = $source",
    "leads": "select lead_id, created_at, null from intermediate.int_leads where source_name = $source",
    "payment_plan": "select plan_id, due_date, planned_original from facts.fct_payment_plan where source_name = $source",
}


@dataclass
class Outcome:
    """What became of an export. refusal: the error, if it was not read; wrong: what nobody may ever see; aside: set aside, by rule."""

    export: Export
    refusal: str | None = None
    published: int = 0
    wrong: list[str] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)


def write_sources(folder: Path, exports: list[Export]) -> Path:
    base = {"name": "fx", "system": "template", "connector": "files", "entities": {"fx_rates": {"path": "fx.csv"}}}
    sources: list[dict[str, object]] = [base]
    for export in exports:
        entities = {export.entity: export.options}
        if export.entity.startswith("payment"):
            entities["leads"] = {"path": f"{export.name}/leads.csv"}
        own = {"name": export.name, "system": "template", "connector": "files", "time_zone": "Europe/Berlin"}
        sources.append(own | export.settings | {"entities": entities})
    reporting = {"base_currency": "EUR", "time_zone": "Europe/Berlin", "max_rate_age_days": 1000}
    path = folder / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "reporting": reporting, "sources": sources}, allow_unicode=True), encoding="utf-8")
    return path


def build(folder: Path, exports: list[Export], run_cli: RunCli, hash_key: str) -> list[Outcome]:
    """Deliver the exports, extract each, build what was read, and compare."""
    (folder / "fx.csv").write_text(RATES, encoding="utf-8")
    for export in exports:
        for name, content in {**export.files, f"{export.name}/leads.csv": LEAD.encode()}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    home, outcomes = folder / "home", {export.name: Outcome(export) for export in exports}
    config, settings = load_config(write_sources(folder, exports)), load_settings(home=home, hash_key=hash_key)
    for source in config.sources:
        try:
            extract_source(config, source, Interval.for_as_of(AS_OF, "Europe/Berlin"), settings)
        except OnefunnelError as error:
            outcomes[source.name].refusal = str(error)
    read = [outcome for outcome in outcomes.values() if not outcome.refusal]
    sources = write_sources(folder, [outcome.export for outcome in read])
    run_cli("build", "--sources", sources, "--home", home, "--as-of", AS_OF)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        for outcome in read:
            compare(warehouse, outcome)
    return list(outcomes.values())


def compare(warehouse: duckdb.DuckDBPyConnection, outcome: Outcome) -> None:
    """Note every published figure that the file does not mean, and every row that is neither published nor set aside."""
    export = outcome.export
    source = {"source": export.name}
    published = Counter[str]()
    for key, at, amount in warehouse.execute(PUBLISHED[export.entity], source).fetchall():
        published[key] += 1
        meant = export.meaning.get(key)
        if meant is None:
            outcome.wrong.append(f"{key}: published as {at}, {amount}, and means nothing")
        elif meant != (at, amount):
            outcome.wrong.append(f"{key}: published as {at}, {amount}, and means {meant[0]}, {meant[1]}")
    outcome.published = published.total()
    rules = "select rule, count(*) from facts.fct_quarantine where source_name = $source and entity = $entity group by rule"
    outcome.aside.update(dict(warehouse.execute(rules, source | {"entity": export.entity}).fetchall()))
    counts = (
        "select rows_landed, rows_valid, rows_quarantined, rows_superseded from facts.fct_row_count "
        "where source_name = $source and entity = $entity"
    )
    landed, valid, quarantined, superseded = warehouse.execute(counts, source | {"entity": export.entity}).fetchone() or (0, 0, 0, 0)
    if landed < export.rows:
        outcome.wrong.append(f"{export.rows} rows written, {landed} landed")
    if landed != valid + quarantined + superseded:
        outcome.wrong.append(f"{landed} rows landed: {valid} valid, {quarantined} quarantined, {superseded} superseded")
    absent = [key for key, meant in export.meaning.items() if meant and not published[key]]
    if len(absent) > quarantined:
        outcome.wrong.append(f"{len(absent)} rows are not published, {quarantined} set aside")


def test_generated_exports_are_read_right_or_set_aside(tmp_path: Path, run_cli: RunCli, hash_key: str) -> None:
    wanted, seed = int(os.environ.get("ONEFUNNEL_FUZZ_FILES", "50")), int(os.environ.get("ONEFUNNEL_FUZZ_SEED", "1"))
    outcomes: list[Outcome] = []
    for number in range(0, wanted, AT_ONCE):
        random = Random(seed * 1_000_003 + number)  # noqa: S311  test data
        folder = tmp_path / str(number)
        folder.mkdir()
        exports = [draw_export(random, f"s{number + position}") for position in range(min(AT_ONCE, wanted - number))]
        outcomes += build(folder, exports, run_cli, hash_key)
    print(report(outcomes))
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    assert not wrong, "\n".join(f"{outcome.wrong}: {replace(outcome.export, files={}, meaning={})}" for outcome in wrong)
    published, written = sum(outcome.published for outcome in outcomes), sum(outcome.export.rows for outcome in outcomes)
    assert published > 0.6 * written, "a reader that sets everything aside is never wrong"


def report(outcomes: list[Outcome]) -> str:
    read = [outcome for outcome in outcomes if not outcome.refusal]
    rules = sum((outcome.aside for outcome in read), Counter[str]())
    refusals = Counter(outcome.refusal.splitlines()[0].split(": ", 1)[-1][:80] for outcome in outcomes if outcome.refusal)
    rows, published = sum(outcome.export.rows for outcome in outcomes), sum(outcome.published for outcome in read)
    lines = [f"{len(outcomes)} exports, {len(outcomes) - len(read)} refused; {rows} rows written, {published} published"]
    lines.append(f"set aside: {dict(rules)}")
    return "\n".join([*lines, *(f"refused {count}: {what}" for what, count in refusals.most_common())])
