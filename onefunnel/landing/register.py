"""Show the warehouse what is landed: views over exactly the current files, and the parameters of the run, in one transaction."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from onefunnel.config import WEEKDAYS, PipelineConfig
from onefunnel.entities import known_systems
from onefunnel.errors import LockHeld, OnefunnelError
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.forgotten import read_forgotten
from onefunnel.interval import Interval
from onefunnel.landing.changes import BuildPlan, FileKey, file_key, fingerprint, plan_build
from onefunnel.landing.loads import REJECTED, LandedFile, LoadManifest, all_loads, current_files, positions
from onefunnel.settings import Settings
from onefunnel.words import STAGES, OwnWords, stages_in_force

log = logging.getLogger(__name__)

TABLES = {
    "pipeline_run": (
        "as_of date, reporting_time_zone varchar, base_currency varchar, lookback_days integer, as_of_end_at timestamp, "
        "build_number integer, built_through integer, built_until timestamp, max_rate_age_days integer"
    ),
    "source_settings": (
        "source_name varchar, source_system varchar, connector varchar, time_zone varchar, date_order varchar, decimal_separator varchar, "
        "currency varchar, owner varchar, date_formats varchar, ids_of varchar, match_by varchar"
    ),
    "working_hours": "isodow integer, opens time, closes time",
    "loads": (
        "source_name varchar, source_system varchar, entity varchar, load_id varchar, interval_end_at timestamp, landed_at timestamp, "
        "rows bigint, content_sha varchar, file_count integer, is_current boolean"
    ),
    "rejected_rows": (
        "source_name varchar, source_system varchar, entity varchar, load_id varchar, file_name varchar, row_number bigint, rule varchar"
    ),
    "new_files": "source_name varchar, entity varchar, load_id varchar, file_name varchar",
    "files": "source_name varchar, entity varchar, load_id varchar, file_name varchar, position integer, landed_at timestamp",
    "entity_settings": "source_name varchar, source_system varchar, entity varchar, overlap varchar",
}
# names of the columns whose cells were typed by the program that delivered them, as |amount|paid_at|
TYPED = "_typed"
Current = list[tuple[LoadManifest, LandedFile]]
# no other program reads this file, so it need not be one that older versions of DuckDB could: strings take less time and room
STORAGE: dict[str, Any] = {"storage_compatibility_version": "latest"}


@dataclass(frozen=True)
class Registered:
    """What the warehouse was shown. files and fingerprint: what `mark_built` remembers when the build has ended well.

    parts: the landed files behind each view `<system>__<entity>`.
    """

    loads: list[LoadManifest]
    plan: BuildPlan
    files: frozenset[FileKey]
    fingerprint: str
    parts: dict[str, list[Path]]


def register_landing(warehouse: Path, config: PipelineConfig, settings: Settings, as_of: date, *, full_refresh: bool = False) -> Registered:
    """(Re)create schema landing of the warehouse for a run as of this day, and plan whether the build goes on from the last one.

    A view `<system>__<entity>` for every known system and entity (empty when nothing was landed), of the contract's columns plus
    _typed, _source, _load_id, _file, _row; a view `new_<system>__<entity>` of the files that the last whole build did not have; the
    tables of TABLES. Only sources and entities in the config are shown. Raises LockHeld when another process has the warehouse open; a
    damaged one is set aside and built anew, since landing holds everything.
    """
    landing = settings.paths.landing
    loads = all_loads(landing, config.named)
    by_entity: dict[tuple[str, str, str], list[LoadManifest]] = defaultdict(list)
    for load in loads:
        by_entity[load.system, load.entity, load.source].append(load)
    current: dict[tuple[str, str], Current] = defaultdict(list)
    for (system, entity, _), group in sorted(by_entity.items()):
        current[system, entity].extend(current_files(group))
    _check_present(landing, current)
    with _open(warehouse, settings) as db:
        db.execute("begin")
        db.execute("create schema if not exists landing")
        files = frozenset(file_key(load, item) for group in current.values() for load, item in group)
        code = code_fingerprint(config)
        # parts may be half rewritten: only a full build reads nothing that was built from them before
        unfinished = read_forgotten(landing).unfinished
        plan = plan_build(db, files, as_of, code, full_refresh=full_refresh or unfinished)
        for table, shape in TABLES.items():
            db.execute(f"create or replace table landing.{table} ({shape})")
        _fill_run(db, config, as_of, plan)
        show_stages(db, config.own_words)
        _fill_words(db, config)
        _fill_loads(db, loads, current)
        _fill_rejected(db, landing, current)
        _fill_files(db, current)
        for system, entities in _all_entities(current).items():
            for entity, columns in entities.items():
                everything = _view(db, landing, columns, current[system, entity])
                db.execute(f"create or replace view landing.{quoted(f'{system}__{entity}')} as {everything}")
                new = [(load, item) for load, item in current[system, entity] if file_key(load, item) in plan.new_files]
                db.execute(f"create or replace view landing.{quoted(f'new_{system}__{entity}')} as {_view(db, landing, columns, new)}")
                if new:
                    rows = [(load.source, load.entity, load.load_id, item.path) for load, item in new]
                    db.executemany("insert into landing.new_files values (?, ?, ?, ?)", rows)
        db.execute("commit")
    parts = {"__".join(key): [load.folder(landing) / item.part for load, item in group] for key, group in current.items()}
    return Registered(loads, plan, files, code, parts)


def code_fingerprint(config: PipelineConfig) -> str:
    """What decides, beside the data, what a build under this config makes."""
    return fingerprint([config.reporting, *config.sources, config.own_words])


def _all_entities(current: dict[tuple[str, str], Current]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Columns of every view: the contract's, or for an entity without contract whatever was delivered."""
    found = {system: {name: entity.columns for name, entity in entities.items()} for system, entities in known_systems().items()}
    for (system, entity), files in list(current.items()):
        if entity not in found.setdefault(system, {}):
            names = {name.lower(): name for _, item in files for name in item.columns}
            found[system][entity] = tuple(names.values())
    return found


def _view(db: duckdb.DuckDBPyConnection, landing: Path, columns: tuple[str, ...], current: Current) -> str:
    delivered = {name.strip().lower(): name for _, item in current for name in item.columns}
    provenance = ("_source", "_load_id", "_file")
    if not current:
        empty = [f"cast(null as varchar) as {quoted(name)}" for name in (*columns, TYPED, *provenance)]
        return f"select {', '.join(empty)}, cast(null as bigint) as _row where false"
    chosen = [
        f"{quoted(delivered[name.lower()])} as {quoted(name)}" if name.lower() in delivered else f"cast(null as varchar) as {quoted(name)}"
        for name in columns
    ]
    files = ", ".join(literal(str(load.folder(landing) / item.part)) for load, item in current)
    # parts that were landed before this column was are read as they are
    typed = db.execute(f"select count(*) from parquet_schema([{files}]) where name = {literal(TYPED)}").fetchone()[0]
    chosen.append(TYPED if typed else f"cast(null as varchar) as {TYPED}")
    return (
        f"select {', '.join([*chosen, *provenance, '_row'])} from read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
    )


def _check_present(landing: Path, current: dict[tuple[str, str], Current]) -> None:
    for files in current.values():
        for load, item in files:
            path = load.folder(landing) / item.part
            if not path.is_file():
                raise OnefunnelError(
                    "a landed file is gone", where=str(path), hint=f"remove {path.parent.name} and extract source {load.source} again"
                )


def _fill_run(db: duckdb.DuckDBPyConnection, config: PipelineConfig, as_of: date, plan: BuildPlan) -> None:
    reporting = config.reporting
    end = Interval.for_as_of(as_of, reporting.time_zone).end.astimezone(UTC).replace(tzinfo=None)
    db.execute(
        "insert into landing.pipeline_run values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            as_of,
            reporting.time_zone,
            reporting.base_currency,
            config.lookback_days,
            end,
            plan.build_number,
            plan.built_through,
            plan.built_until,
            reporting.max_rate_age_days,
        ],
    )
    for source in config.sources:
        db.execute(
            "insert into landing.source_settings values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                source.name,
                source.system,
                source.connector,
                source.time_zone,
                source.date_order,
                source.decimal_separator,
                source.currency or reporting.base_currency,
                source.owner,
                json.dumps(source.formats, ensure_ascii=False) if source.formats else None,
                source.ids_of,
                ",".join(source.match_by) or None,
            ],
        )
        for entity, options in source.entities.items():
            db.execute("insert into landing.entity_settings values (?, ?, ?, ?)", [source.name, source.system, entity, options.overlap])
    for isodow, day in enumerate(WEEKDAYS, start=1):
        if day in reporting.working_hours:
            hours = reporting.working_hours[day]
            db.execute("insert into landing.working_hours values (?, ?, ?)", [isodow, hours.opens, hours.closes])


def show_stages(db: duckdb.DuckDBPyConnection, own: OwnWords) -> None:
    """Table landing.funnel_stages: the stages in force, from which models make their columns while dbt compiles them (macro funnel)."""
    db.execute(
        "create or replace table landing.funnel_stages (stage_key varchar, stage_order integer, department varchar, is_terminal boolean, "
        "role varchar, label_en varchar, label_ru varchar, is_shipped boolean)"
    )
    shipped = STAGES not in own
    rows = [
        (stage.key, stage.order, stage.department, stage.is_terminal, " ".join(stage.roles), stage.label_en, stage.label_ru, shipped)
        for stage in stages_in_force(own)
    ]
    db.executemany("insert into landing.funnel_stages values (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _fill_words(db: duckdb.DuckDBPyConnection, config: PipelineConfig) -> None:
    """A table words__<seed> of texts for each file of the agency's own words, none for others: the seeds take them in (own_words)."""
    for (old,) in db.execute(
        "select table_name from duckdb_tables() where schema_name = 'landing' and starts_with(table_name, 'words__')"
    ).fetchall():
        db.execute(f"drop table landing.{quoted(old)}")
    for name, lines in config.own_words.items():
        if lines and name != STAGES:
            db.execute(f"create table landing.{quoted(f'words__{name}')} ({', '.join(f'{quoted(column)} varchar' for column in lines[0])})")
            rows = [list(line.values()) for line in lines]
            db.executemany(f"insert into landing.{quoted(f'words__{name}')} values ({', '.join('?' * len(lines[0]))})", rows)


def _fill_loads(db: duckdb.DuckDBPyConnection, loads: list[LoadManifest], current: dict[tuple[str, str], Current]) -> None:
    shown = {(load.source, load.entity, load.load_id) for files in current.values() for load, _ in files}
    latest = {(load.source, load.entity): load.load_id for load in loads}
    rows = [
        (
            load.source,
            load.system,
            load.entity,
            load.load_id,
            _utc(load.interval_end),
            _utc(load.landed_at),
            load.rows,
            load.sha256,
            len(load.files),
            (load.source, load.entity, load.load_id) in shown or latest[load.source, load.entity] == load.load_id,
        )
        for load in loads
    ]
    if rows:
        db.executemany("insert into landing.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _fill_rejected(db: duckdb.DuckDBPyConnection, landing: Path, current: dict[tuple[str, str], Current]) -> None:
    for files in current.values():
        names: dict[str, tuple[LoadManifest, list[str]]] = {}
        for load, item in files:
            names.setdefault(f"{load.source}/{load.load_id}", (load, []))[1].append(item.path)
        for load, paths in names.values():
            path = load.folder(landing) / REJECTED
            if path.exists():
                db.execute(
                    "insert into landing.rejected_rows select ?, ?, ?, ?, _file, _row, rule from "
                    f"{rows_of(path)} where list_contains(?, _file) order by _file, _row",
                    [load.source, load.system, load.entity, load.load_id, paths],
                )


def _fill_files(db: duckdb.DuckDBPyConnection, current: dict[tuple[str, str], Current]) -> None:
    """Every current file, when it landed, and its place in its load: which of two files is the later one, when both say the same."""
    shown = {(load.source, load.entity, load.load_id): load for files in current.values() for load, _ in files}
    rows = []
    for key, load in shown.items():
        places = positions(load)
        rows += [(*key, item.path, places[item.path], _utc(item.landed_at or load.landed_at)) for item in load.files]
    if rows:
        columns = list(zip(*rows, strict=True))
        db.execute(f"insert into landing.files select {', '.join(['unnest(?)'] * len(columns))}", columns)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _open(warehouse: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    from onefunnel.publish.warehouse import is_held, set_aside_if_damaged

    warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(str(warehouse), config=STORAGE)
    except duckdb.Error as error:
        if is_held(error):
            raise LockHeld(
                "another process has the warehouse open", where=str(warehouse), hint="BI reads published/current.duckdb, never this file"
            ) from None
        aside = set_aside_if_damaged(settings, error)
        if aside is None:
            raise OnefunnelError(f"the warehouse cannot be opened: {str(error).splitlines()[0]}", where=str(warehouse)) from None
        log.warning("the warehouse was damaged; it is set aside as %s and built anew from landing", aside.name)
        return duckdb.connect(str(warehouse), config=STORAGE)
