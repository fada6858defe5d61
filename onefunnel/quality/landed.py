"""What gate 1 looks at: the current rows of every source and entity, and one row of facts about its newest load.

Both are relations of a scratch DuckDB file (views over the landed Parquet), so that the gate never opens the warehouse.
"""

from __future__ import annotations

import statistics
import string
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from onefunnel.entities import contract_entities, entity_of, known_systems
from onefunnel.extract.normalise import literal, quoted
from onefunnel.interval import Interval
from onefunnel.landing import LandedFile, LoadManifest, all_loads, current_files
from onefunnel.publish.manifest import current_manifest, version_file
from onefunnel.quality.emptied import emptied_columns
from onefunnel.quality.result import CheckResult
from onefunnel.quality.suites import Expectation, Suite
from onefunnel.sources import RestEntity

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.settings import Settings
    from onefunnel.sources import Source

# Below this many rows a share says nothing: five leads instead of thirty is a quiet Sunday.
SMALLEST_BASELINE = 20
# Where programs cut what they export, and how long a page of an API is: a file of exactly so many rows is likely a part.
EXPORT_LIMITS = frozenset(
    {
        1_000,
        2_000,
        5_000,
        10_000,
        20_000,
        25_000,
        50_000,
        65_535,
        65_536,
        100_000,
        200_000,
        250_000,
        500_000,
        1_000_000,
        1_048_575,
        1_048_576,
    }
)
PAGE_LENGTHS = frozenset({10, 20, 25, 30, 50, 100, 200, 250, 500})
CHANGES = {"new_columns": "new", "absent_columns": "gone", "emptied_columns": "empty now"}
NO_ROWS = "(select cast(null as varchar) as source_name, cast(null as varchar) as entity, cast(null as bigint) as landed where false)"


@dataclass(frozen=True)
class Landed:
    """One source's entity as landed. rows: those that count now (of the newest load if it only adds); baseline: what they compare with.

    emptied: columns that staging reads, and that hold nothing any more.
    """

    source: Source
    entity: str
    newest: LoadManifest
    current: list[tuple[LoadManifest, LandedFile]]
    rows: int
    baseline_rows: int | None
    hours_old: float
    emptied: tuple[str, ...] = ()

    @property
    def rows_vs_baseline_pct(self) -> float:
        """100 when there is nothing to compare with, or too little."""
        if not self.baseline_rows or max(self.baseline_rows, self.rows) < SMALLEST_BASELINE:
            return 100.0
        return 100.0 * self.rows / self.baseline_rows

    @property
    def cut_at(self) -> int | None:
        """Rows of every file of the entity, where all are as long as exports are cut at; of parts of an export the last is shorter."""
        lengths = {file.rows + file.rejected for _, file in self.current}
        said = self.source.entities[self.entity]
        limits = EXPORT_LIMITS | PAGE_LENGTHS if isinstance(said, RestEntity) and not said.paging else EXPORT_LIMITS
        return min(lengths) if self.source.connector in ("files", "database", "rest") and len(lengths) == 1 and lengths <= limits else None


def describe_landing(
    config: PipelineConfig, settings: Settings, as_of: date, scratch: Path, templates: list[Suite]
) -> tuple[list[Suite], dict[str, Any], list[CheckResult]]:
    """Build the scratch file, and the suites of every landed source and entity. The third part: entities with nothing landed at all, and
    what BI shows of sources and entities that sources.yml no longer names.
    """
    published = _published_rows(settings)
    landed = read_landed(config, settings, as_of, published)
    found = {(item.source.name, item.entity) for item in landed}
    missing = [
        _nothing_landed(source, entity)
        for source in config.enabled_sources
        for entity in source.entities
        if (source.name, entity) not in found and source.expected != "normal_empty" and _min_rows(source, entity) > 0
    ]
    suites: list[Suite] = []
    with duckdb.connect(str(scratch)) as db:
        for item in landed:
            _write(db, settings.paths.landing, item)
            # of rows that have no columns only the load is judged
            suites += [suite for template in templates if (suite := _suite_of(template, item)).expectations]
    dropped = [_dropped(*key, rows) for key, rows in sorted(published.items()) if rows and _is_dropped(config, *key)]
    return suites, config.quality.model_dump(mode="json"), missing + dropped


def read_landed(config: PipelineConfig, settings: Settings, as_of: date, published: dict[tuple[str, str], int]) -> list[Landed]:
    """Every enabled source's landed entities, with the rows they are compared with: those that are published, by source and entity."""
    end = Interval.for_as_of(as_of, config.reporting.time_zone).end
    groups: dict[tuple[str, str], list[LoadManifest]] = defaultdict(list)
    enabled = {source.name for source in config.enabled_sources}
    for load in all_loads(settings.paths.landing, config.named):
        if load.source in enabled:
            groups[load.source, load.entity].append(load)
    newest_of_source: dict[str, str] = defaultdict(str)
    for (name, _), loads in groups.items():
        newest_of_source[name] = max(newest_of_source[name], *(load.interval_end for load in loads))
    result = []
    with duckdb.connect() as db:
        for (name, entity), loads in sorted(groups.items()):
            loads.sort(key=lambda load: load.load_id)
            newest, current = loads[-1], current_files(loads)
            rows, baseline = _volume(loads, current, published.get((name, entity)))
            # of the source, not of the entity: targets or rates that stay the same for weeks are not late
            hours = (end - datetime.fromisoformat(newest_of_source[name])).total_seconds() / 3600
            contract = entity_of(newest.system, entity)
            emptied = emptied_columns(db, settings.paths.landing, loads, contract.columns if contract else newest.columns)
            result.append(Landed(config.source(name), entity, newest, current, rows, baseline, hours, emptied))
    return result


def _volume(loads: list[LoadManifest], current: list[tuple[LoadManifest, LandedFile]], published: int | None) -> tuple[int, int | None]:
    """Rows now and rows to compare them with.

    A full delivery compares everything that counts with what BI shows (the last that was good). A load that only adds compares itself
    with the median of the up to seven loads before it, the first of all left out: that is the whole history, the others are days.
    """
    newest = loads[-1]
    if newest.delivery != "delta":
        now = sum(file.rows + file.rejected for _, file in current)
        # a full delivery without rows replaces nothing by name, yet says that the source is empty
        now = now if newest.rows + newest.rejected_rows else 0
        return now, published if published is not None else newest.previous_rows_current
    before = [load.rows + load.rejected_rows for load in loads[1:-1][-7:]]
    return newest.rows + newest.rejected_rows, round(statistics.median(before)) if before else None


def _published_rows(settings: Settings) -> dict[tuple[str, str], int]:
    """Rows landed per source and entity, as the current publication counted them. Empty before the first, or when it cannot be read."""
    manifest = current_manifest(settings)
    if manifest is None or "facts.fct_row_count" not in manifest.tables:
        return {}
    try:
        with duckdb.connect(str(version_file(settings, manifest.version)), read_only=True) as db:
            rows = db.execute("select source_name, entity, rows_landed from facts.fct_row_count").fetchall()
    except duckdb.Error:
        return {}
    return {(source, entity): int(count) for source, entity, count in rows}


def landed_rows(config: PipelineConfig, settings: Settings) -> str:
    """SQL relation (source_name, entity, landed) of the rows that count in landing, read from the manifests, apart from the warehouse."""
    groups: dict[tuple[str, str], list[LoadManifest]] = defaultdict(list)
    for load in all_loads(settings.paths.landing, config.named):
        groups[load.source, load.entity].append(load)
    lines = [
        f"('{source}', '{entity}', cast({sum(file.rows + file.rejected for _, file in current_files(loads))} as bigint))"
        for (source, entity), loads in sorted(groups.items())
    ]
    return f"(select * from (values {', '.join(lines)}) as landing(source_name, entity, landed))" if lines else NO_ROWS


def delivered_entities(config: PipelineConfig, settings: Settings) -> list[str]:
    """The entities, as the contract calls them, of which the listed sources have landed any rows: what a gate may ask for.

    What a new system calls its entities says nothing about what they become: where one landed, everything is asked for.
    """
    groups: dict[tuple[str, str, str], list[LoadManifest]] = defaultdict(list)
    for load in all_loads(settings.paths.landing, config.named):
        groups[load.source, load.system, load.entity].append(load)
    landed = {
        (system, entity)
        for (_, system, entity), loads in groups.items()
        if any(file.rows + file.rejected for _, file in current_files(loads))
    }
    if any(system not in known_systems() for system, _ in landed):
        return sorted(known_systems()["template"])
    delivered = {name for system, entity in landed for name in contract_entities(system, entity)}
    # a stage entry is one of a lead
    return sorted(delivered if "leads" in delivered else delivered - {"stage_events"})


def _write(db: duckdb.DuckDBPyConnection, landing: Path, item: Landed) -> None:
    schema, view = quoted(item.source.name), quoted(item.entity)
    files = ", ".join(literal(str(load.folder(landing) / file.part)) for load, file in item.current)
    db.execute(f"create schema if not exists {schema}")
    if files:
        db.execute(f"create view {schema}.{view} as from read_parquet([{files}], union_by_name = true, hive_partitioning = false)")
    else:
        columns = ", ".join(f"cast(null as varchar) as {quoted(name)}" for name in item.newest.columns or ("nothing",))
        db.execute(f"create view {schema}.{view} as select {columns} where false")
    db.execute(
        f"create table {schema}.{quoted(item.entity + '__load')} as select ?::bigint as rows, ?::bigint as baseline_rows, "
        "?::double as rows_vs_baseline_pct, ?::double as hours_old, nullif(?, '') as new_columns, nullif(?, '') as absent_columns, "
        "nullif(?, '') as emptied_columns, ?::bigint as cut_at",
        [
            item.rows,
            item.baseline_rows,
            item.rows_vs_baseline_pct,
            item.hours_old,
            ", ".join(item.newest.new_columns),
            ", ".join(item.newest.absent_columns),
            ", ".join(item.emptied),
            item.cut_at,
        ],
    )


def _suite_of(template: Suite, item: Landed) -> Suite:
    contract = entity_of(item.source.system, item.entity)
    delivered = {name.strip().lower(): name for _, file in item.current for name in file.columns}
    # an answer without records names no columns
    is_nothing = item.source.expected == "normal_empty" and not delivered
    required = [delivered.get(name.lower(), name) for name in contract.required] if contract and not is_nothing else []
    words = {"source": item.source.name, "entity": item.entity, "id_column": required[0] if required else ""}
    expectations = [
        _for_source(expectation, item, words)
        for expectation in template.expectations
        if required or expectation.check not in ("columns_present", "ids_present")
    ]
    parameters = {"required_columns": required, "min_rows": _min_rows(item.source, item.entity), **words}
    # $entity__load would read as one name: the placeholder ends where the double underscore begins
    relation = string.Template(template.relation.replace("$entity", "${entity}")).substitute(words)
    return replace(
        template, relation=relation, expectations=tuple(expectations), source=item.source.name, parameters=tuple(parameters.items())
    )


def _for_source(expectation: Expectation, item: Landed, words: dict[str, str]) -> Expectation:
    """The expectation with the source's owner; a changed column or a round number is named, since that is what the owner must know."""
    kwargs = {key: words["id_column"] if value == "$id_column" else value for key, value in expectation.kwargs.items()}
    expected = expectation.expected
    if expectation.check == "export_whole" and item.cut_at:
        expected = f"{expected}; here they are exactly {item.cut_at:,}"
    if expectation.check == "columns_changed":
        changes = {"new_columns": item.newest.new_columns, "absent_columns": item.newest.absent_columns, "emptied_columns": item.emptied}
        column = str(kwargs.get("column"))
        expected = f"{expected}; {CHANGES[column]}: {', '.join(changes[column]) or 'none'}"
    return replace(expectation, kwargs=kwargs, owner=item.source.owner, expected=expected)


def _min_rows(source: Source, entity: str) -> int:
    if source.expected == "normal_empty":
        return 0
    declared = source.expect.get(entity)
    return declared.min_rows if declared else 1


def _nothing_landed(source: Source, entity: str) -> CheckResult:
    return CheckResult(
        name="not_empty",
        gate="landing",
        relation=f"{source.name}.{entity}",
        severity="block",
        outcome="fail",
        owner=source.owner,
        runbook="docs/runbook.md#not_empty",
        observed="nothing was ever landed",
        expected="at least one load",
        source=source.name,
    )


def _is_dropped(config: PipelineConfig, name: str, entity: str) -> bool:
    """Whether sources.yml names the source no more, or the entity, if it is one that is delivered and not made of another one."""
    source = next((each for each in config.sources if each.name == name), None)
    return source is None or (entity not in source.entities and entity_of(source.system, entity) is not None)


def _dropped(source: str, entity: str, rows: int) -> CheckResult:
    """What BI shows and nobody names any more counts no more from this night on: a warning, once."""
    return CheckResult(
        name="sources_stay",
        gate="landing",
        relation=f"{source}.{entity}",
        severity="warn",
        outcome="warn",
        owner="data-team",
        runbook="docs/runbook.md#sources_stay",
        observed=f"not in sources.yml, and {rows:,} rows of it in what BI shows",
        expected="all that BI shows is of sources and entities that sources.yml names",
        rows=rows,
        alert_kind="figures_moved",
        source=source,
    )
