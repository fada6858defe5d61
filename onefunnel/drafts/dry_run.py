"""What a night would make of the samples: they are landed, staged and judged by the project's own models, in a home that is thrown away."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from onefunnel.drafts.draft import Draft
from onefunnel.drafts.guess import COUNTS, NUMBERS, is_moment
from onefunnel.entities import template
from onefunnel.extract.normalise import quoted
from onefunnel.settings import Settings
from onefunnel.yaml_text import load_yaml

if TYPE_CHECKING:
    from onefunnel.new_source import NewSource

# Rows that are left out on purpose, are later than the day of the dry run, or whose lead is in no sample: no fault of the draft.
NO_FAULT = ("after_as_of", "excluded_lead", "no_payment", "test_payment", "orphan_lead")
# Words of stage entries are told also of those whose leads are in no sample.
WORDS_OF_ENTRIES = (("stage", "stage_mapping", "funnel_stages", "stage_key"), ("reason", "reason_mapping", "reasons", "reason_key"))
SHOWN = 8
FACTS = ("+fct_quarantine", "+fct_unread_value", "+fct_unmapped_value")


@dataclass(frozen=True)
class Entity:
    """rows: that were staged; usable: neither quarantined nor older versions of an id; disputed: rows of one id that say different things.

    ends_early: leads that were closed before they were created; spans: first and last of each moment, by column of the staging model.
    """

    entity: str
    rows: int
    usable: int
    disputed: int
    ends_early: int
    spans: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Unread:
    """Cells that could not be read, or rows that a rule sets aside. column: as delivered, those that the rule may be about; "" for the row.

    example: digits as 9 and letters as a, because a cell may hold a person; row: where it stands in the file.
    """

    entity: str
    rule: str
    column: str
    count: int
    row: int
    example: str


@dataclass(frozen=True)
class DryRun:
    """stopped: why the build ended before its end, as a night would; "" when it did not."""

    entities: tuple[Entity, ...]
    quarantined: tuple[Unread, ...]
    unread: tuple[Unread, ...]
    unmapped: tuple[tuple[str, str, str, int], ...]
    stopped: str

    @property
    def is_clean(self) -> bool:
        """Whether every row counts and every cell was read; words may still be unmapped."""
        return not (
            self.stopped
            or self.unread
            or any(each.rule not in NO_FAULT for each in self.quarantined)
            or any(each.disputed for each in self.entities)
        )

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"is_clean": self.is_clean}


def dry_run(new: NewSource, progress: Callable[[str], None] | None = None) -> DryRun:
    """Extract the samples and build their staging, quarantine and unmapped words, as a night does with models that are in the project."""
    from onefunnel.config import load_config
    from onefunnel.dbt import BuildError, build
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval

    as_of, stopped = datetime.now(UTC).date(), ""
    with tempfile.TemporaryDirectory(prefix="onefunnel-dry-run-") as folder:
        config = load_config(_sources_file(new, Path(folder)))
        settings = Settings(home=Path(folder) / "home", hash_key=secrets.token_hex(16))
        extract_source(config, config.sources[0], Interval.for_as_of(as_of, config.reporting.time_zone), settings)
        models = [f"stg_{new.system}__{draft.entity}" for draft in new.drafts]
        select = " ".join([*models, "resource_type:seed", *FACTS])
        try:
            build(config, settings, as_of, select=select, has_tests=False, progress=progress)
        except BuildError as error:
            stopped = error.message
        with duckdb.connect(str(settings.paths.warehouse), read_only=True) as db:
            there = {
                f"{schema}.{table}"
                for schema, table in db.execute("select table_schema, table_name from information_schema.tables").fetchall()
            }
            entities = tuple(
                _staged(db, model, draft.entity) for model, draft in zip(models, new.drafts, strict=True) if f"staging.{model}" in there
            )
            return DryRun(
                entities,
                tuple(each for draft in new.drafts for each in _quarantined(db, new.system, draft))
                if "facts.fct_quarantine" in there
                else (),
                _unread(db, new.drafts) if "facts.fct_unread_value" in there else (),
                _unmapped(db, new) if "facts.fct_unmapped_value" in there else (),
                stopped,
            )


def _sources_file(new: NewSource, folder: Path) -> Path:
    """sources.yml with the drafted block, beside copies of the samples."""
    (source,) = load_yaml(new.sources_block)
    for entity, path in new.samples.items():
        copy = folder / f"{entity}{Path(path).suffix}"
        shutil.copyfile(path, copy)
        source["entities"][entity]["path"] = copy.name
    file = folder / "sources.yml"
    reporting = {"base_currency": new.base_currency, "time_zone": source["time_zone"]}
    file.write_text(yaml.safe_dump({"version": 1, "reporting": reporting, "sources": [source]}), encoding="utf-8")
    return file


def _staged(db: duckdb.DuckDBPyConnection, model: str, entity: str) -> Entity:
    columns = db.execute(
        "select column_name, data_type from information_schema.columns where table_schema = 'staging' and table_name = ? "
        "and column_name <> 'landed_at' order by ordinal_position",
        [model],
    ).fetchall()
    names = {name for name, _ in columns}
    newest, status = ("is_newest", "version_status") if "version_status" in names else ("true", "cast(null as varchar)")
    usable = f"quarantine_rule is null and {newest}"
    counts = f"select count(*), count(*) filter ({usable}), count(*) filter ({status} = 'disputed') from staging.{quoted(model)}"
    rows, counting, disputed = db.execute(counts).fetchall()[0]
    spans, ends_early = {}, 0
    if {"created_at", "closed_at"} <= names:
        early = f"select count(*) from staging.{quoted(model)} where {usable} and closed_at < created_at"
        ends_early = db.execute(early).fetchall()[0][0]
    for name, kind in columns:
        if kind.startswith(("TIMESTAMP", "DATE")):
            first, last = db.execute(
                f"select min({quoted(name)})::date, max({quoted(name)})::date from staging.{quoted(model)} where {usable}"
            ).fetchone()
            if isinstance(first, date):
                spans[name] = (first.isoformat(), last.isoformat())
    return Entity(entity, rows, counting, disputed, ends_early, spans)


def _quarantined(db: duckdb.DuckDBPyConnection, system: str, draft: Draft) -> list[Unread]:
    counted = db.execute(
        "select rule, count(*), min(row_number) from facts.fct_quarantine where entity = ? group by rule order by 2 desc, 1", [draft.entity]
    ).fetchall()
    found = []
    for rule, count, row in counted:
        columns = _judged_by(rule, draft)
        cells: tuple[str | None, ...] = ()
        if columns:
            named, landed = ", ".join(map(quoted, columns)), quoted(f"{system}__{draft.entity}")
            cells = (db.execute(f"select {named} from landing.{landed} where _row = ? limit 1", [row]).fetchall() or [()])[0]
        found.append(Unread(draft.entity, rule, ", ".join(columns), count, row, " and ".join(_form(cell) for cell in cells if cell)))
    return found


def _judged_by(rule: str, draft: Draft) -> list[str]:
    """The delivered columns that a rule may be about; none where it is about the row."""
    contract = template()[draft.entity]
    about = {
        "date": [name for name in contract.required if is_moment(name)],
        "number": [name for name in contract.columns if name in NUMBERS and name not in COUNTS],
        "amount": [name for name in contract.columns if name in NUMBERS and name not in COUNTS],
        "currency": ["currency"],
    }
    named = next((names for word, names in about.items() if word in rule), [])
    return [draft.matched[name] for name in named if name in draft.matched]


def _unread(db: duckdb.DuckDBPyConnection, drafts: tuple[Draft, ...]) -> tuple[Unread, ...]:
    rows = db.execute(
        "select entity, rule, field, count(*), min(row_number), arg_min(value, row_number) from facts.fct_unread_value "
        "where list_contains(?, entity) group by entity, rule, field order by 4 desc, 3",
        [[draft.entity for draft in drafts]],
    ).fetchall()
    return tuple(Unread(*row) for row in rows)


def _unmapped(db: duckdb.DuckDBPyConnection, new: NewSource) -> tuple[tuple[str, str, str, int], ...]:
    """(entity, field, value, rows), most rows first."""
    found = db.execute("select entity, field, value, row_count from facts.fct_unmapped_value where entity <> 'stage_events'").fetchall()
    if "stage_events" in new.samples:
        for field, mapping, keys, key in WORDS_OF_ENTRIES:
            found += db.execute(
                f"select 'stage_events', '{field}', {field}_raw, count(*) from staging.{quoted(f'stg_{new.system}__stage_events')} "
                f"where unusable_rule is null and {field}_raw is not null and {field}_raw not in (select {key} from seeds.{keys}) "
                f"and {field}_raw not in (select source_value from seeds.{mapping} where source_system = ?) group by all",
                [new.system],
            ).fetchall()
    return tuple(sorted(found, key=lambda word: (-word[3], word)))


def _form(text: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text.strip()))[:60]


def said(run: DryRun) -> list[str]:
    """The dry run in lines for a person."""
    lines = []
    for each in run.entities:
        lines.append(
            f"{each.entity}: {each.rows:,} rows read, {each.usable:,} count{f', {each.disputed:,} disputed' if each.disputed else ''}"
        )
        lines += [f"  {column}: {first} to {last}" for column, (first, last) in each.spans.items()]
        if each.ends_early:
            lines.append(f"  closed before created: {each.ends_early:,} times (a day without a clock is its midnight)")
        lines += [f"  quarantined: {_line(one)}" for one in run.quarantined if one.entity == each.entity]
        lines += [f"  not read: {_line(one)}" for one in run.unread if one.entity == each.entity]
    by_field: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for entity, field, value, count in run.unmapped:
        by_field.setdefault((entity, field), []).append((value, count))
    for (entity, field), words in by_field.items():
        listed = [f"{value} {count:,}" for value, count in words[:SHOWN]] + ["..."] * (len(words) > SHOWN)
        lines.append(f"unmapped {field} of {entity}: {len(words):,}: {', '.join(listed)}")
    if run.stopped:
        lines.append(f"the build stopped, and so would a night: {run.stopped}")
    elif not run.is_clean:
        lines.append(
            "NOT READY: what is set aside, disputed or not read above is missing from every figure: correct the draft or the export"
        )
    return lines


def _line(one: Unread) -> str:
    if one.rule == "orphan_lead":
        return f"{one.rule} {one.count:,} times: their leads are not in these samples"
    where = f" of {one.column}" if one.column else ""
    example = f", like {one.example!r}" if one.example else ""
    return f"{one.rule}{where} {one.count:,} times, first in row {one.row:,}{example}"
