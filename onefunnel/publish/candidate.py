"""The candidate: one new file with the marts and facts as BI will see them, built beside the current publication and not yet visible."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from onefunnel.durable import fsync_file, fsync_folder, remove_quietly
from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.faultpoints import reach
from onefunnel.publish.comments import describe
from onefunnel.publish.contents import PERSONAL_COLUMNS, WORKING_COLUMNS, relations
from onefunnel.publish.manifest import current_version
from onefunnel.publish.warehouse import is_damage, set_aside_if_damaged

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.quality.result import GateResult
    from onefunnel.settings import Settings

PREFIX = ".candidate-"
# Views over other published relations that stay views: they cost neither time nor room.
VIEWS = {"facts.fct_lead_stage"}


@dataclass(frozen=True)
class Candidate:
    """A built, unpublished file. `parent` is what BI showed when it was built ("" if nothing): publication insists on it."""

    path: Path
    version: str
    as_of: date
    parent: str
    built_at: datetime


def new_version(as_of: date, run_id: str, now: datetime) -> str:
    """`<as_of>-<UTC moment>-<8 hex>`: sorts by data day, then by the moment of building; unique per run."""
    salt = hashlib.sha256(f"{run_id}|{now.isoformat()}".encode()).hexdigest()[:8]
    return f"{as_of:%Y%m%d}-{now:%Y%m%dt%H%M%S}-{salt}"


def leftovers(published: Path) -> list[Path]:
    """Candidate files (with their WAL and spill folders) that an interrupted run left."""
    return sorted(published.glob(f"{PREFIX}*")) if published.is_dir() else []


def find_candidate(settings: Settings, version: str | None = None) -> Candidate:
    """The candidate waiting in the home (the newest, or the named one), for a gate or publication in another process.

    Raises OnefunnelError when there is none.
    """
    published = settings.paths.published
    files = [path for path in leftovers(published) if path.suffix == ".duckdb" and version in (None, path.stem.removeprefix(PREFIX))]
    if not files:
        raise OnefunnelError(
            f"no candidate{f' {version}' if version else ''} is waiting", where=str(published), hint="build one: onefunnel publish"
        )
    path = files[-1]
    with duckdb.connect(str(path), read_only=True) as db:
        as_of, built_at, parent = db.execute("select as_of, built_at, parent from onefunnel.candidate").fetchone()
    return Candidate(path, path.stem.removeprefix(PREFIX), as_of, parent, built_at.replace(tzinfo=UTC))


def make_candidate(
    settings: Settings,
    config: PipelineConfig | None,
    as_of: date,
    run_id: str,
    *,
    landing_gate: GateResult | None = None,
    now: datetime | None = None,
) -> Candidate:
    """Copy every relation of `facts` and `marts`, without personal columns, from the warehouse into a new file under published/.

    Rows are written in the order of their columns, so equal data give equal tables. Leftovers of killed runs are removed first
    (the caller holds the run lock). Raises OnefunnelError when the warehouse is missing, unreadable, incomplete or the disk is full;
    nothing half-written remains then.
    """
    warehouse, published = settings.paths.warehouse, settings.paths.published
    if not warehouse.exists():
        raise OnefunnelError("there is no warehouse to publish from", where=str(warehouse), hint="build it first: onefunnel build")
    published.mkdir(parents=True, exist_ok=True)
    remove_quietly(*leftovers(published))
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    # the version tells two builds of one second apart; the time of publication is given to the second
    version, built_at = new_version(as_of, run_id, moment), moment.replace(microsecond=0)
    candidate = Candidate(published / f"{PREFIX}{version}.duckdb", version, as_of, current_version(settings) or "", built_at)
    try:
        _build(settings, candidate, quality_status=_quality_status(landing_gate))
    except (duckdb.Error, OSError) as error:
        remove_quietly(*leftovers(published))
        set_aside_if_damaged(settings, error)
        raise _readable(error, warehouse, candidate.path) from error
    except BaseException:
        remove_quietly(*leftovers(published))
        raise
    return candidate


def _quality_status(landing_gate: GateResult | None) -> str:
    return landing_gate.status if landing_gate else "pass"


def _build(settings: Settings, candidate: Candidate, *, quality_status: str) -> None:
    reach("candidate.before_copy")
    options: dict[str, Any] = {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": f"{candidate.path}.spill",
    }
    with duckdb.connect(str(candidate.path), config=options) as db:
        # as in profiles.yml: a packed wide decimal costs a reader as much as thirty plain ones
        db.execute("set disabled_compression_methods = 'bitpacking'")
        db.execute(f"attach {literal(str(settings.paths.warehouse))} as warehouse (read_only)")
        found = relations(db, "warehouse")
        if not any(relation.startswith("marts.") for relation in found):
            raise OnefunnelError("the warehouse has no marts", where=str(settings.paths.warehouse), hint="build them: onefunnel build")
        _insist_on_day(db, candidate.as_of)
        for number, (relation, columns) in enumerate(found.items()):
            _copy(db, relation, [name for name, _ in columns if name not in PERSONAL_COLUMNS | WORKING_COLUMNS])
            if number == 0:
                reach("candidate.after_first_table")
        _stamp(db, candidate, quality_status, found)
        describe(db, settings.paths.target / "manifest.json")
        db.execute("detach warehouse")
        reach("candidate.before_checkpoint")
        db.execute("checkpoint")
    remove_quietly(Path(f"{candidate.path}.spill"))
    if Path(f"{candidate.path}.wal").exists():
        raise OnefunnelError("the candidate was not written completely: a WAL stays beside it", where=str(candidate.path))
    reach("candidate.before_fsync")
    fsync_file(candidate.path)
    fsync_folder(candidate.path.parent)
    reach("candidate.after_fsync")


def _insist_on_day(db: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Refuse a warehouse that another run rebuilt for another day since this run built it."""
    registered = db.execute(
        "select 1 from duckdb_tables() where database_name = 'warehouse' and schema_name = 'landing' and table_name = 'pipeline_run'"
    ).fetchone()
    built_for = db.execute("select as_of from warehouse.landing.pipeline_run").fetchone() if registered else None
    if built_for and built_for[0] != as_of:
        raise OnefunnelError(
            f"the warehouse holds {built_for[0]}, not {as_of}: another run rebuilt it meanwhile", hint=f"run again for {as_of}"
        )


def _copy(db: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> None:
    schema, table = (quoted(part) for part in relation.split(".", 1))
    selected = ", ".join(quoted(name) for name in columns)
    db.execute(f"create schema if not exists {schema}")
    if relation in VIEWS:
        found = "select sql from duckdb_views() where database_name = 'warehouse' and schema_name || '.' || view_name = ?"
        ((definition,),) = db.execute(found, [relation]).fetchall()
        db.execute(definition.replace("warehouse.", ""))
        return
    db.execute(f"create table {schema}.{table} as select {selected} from warehouse.{schema}.{table} order by all")


def _stamp(db: duckdb.DuckDBPyConnection, candidate: Candidate, quality_status: str, found: dict[str, list[tuple[str, str]]]) -> None:
    """Write the version into the marts that carry it, and the candidate's own facts for whoever publishes it."""
    moment = candidate.built_at.replace(tzinfo=None)
    stamps = {"version": candidate.version, "now_version": candidate.version, "published_at": moment, "quality_status": quality_status}
    for relation in ("marts.mart_publication", "marts.mart_data_quality", "marts.mart_restatements"):
        names = [name for name, _ in found.get(relation, []) if name in stamps]
        if names:
            assignments = ", ".join(f"{quoted(name)} = ?" for name in names)
            db.execute(f"update {relation} set {assignments}", [stamps[name] for name in names])
    db.execute("create schema onefunnel")
    db.execute("create table onefunnel.candidate (version varchar, as_of date, parent varchar, built_at timestamp)")
    db.execute("insert into onefunnel.candidate values (?, ?, ?, ?)", [candidate.version, candidate.as_of, candidate.parent, moment])


def _readable(error: Exception, warehouse: Path, candidate: Path) -> OnefunnelError:
    """Say in a person's words why the candidate could not be built."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    lowered = text.lower()
    if "no space left" in lowered or "file too large" in lowered or "could not write" in lowered:
        return OnefunnelError(
            f"the disk is full: {text}", where=str(candidate.parent), hint="free space, then run again; BI keeps the last version"
        )
    if "out of memory" in lowered or isinstance(error, duckdb.OutOfMemoryException):
        return OnefunnelError(
            f"memory limit reached: {text}", where=str(candidate), hint="raise ONEFUNNEL_MEMORY_LIMIT; BI keeps the last version"
        )
    if is_damage(error):
        return OnefunnelError(
            f"the warehouse is damaged and was set aside: {text}",
            where=str(warehouse),
            hint="run again: it is rebuilt from landing; BI keeps the last version",
        )
    if isinstance(error, duckdb.Error):
        return OnefunnelError(
            f"the warehouse cannot be read: {text}", where=str(warehouse), hint="close whoever holds it open, then run again"
        )
    return OnefunnelError(f"the candidate could not be written: {text}", where=str(candidate))
