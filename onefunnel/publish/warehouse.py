"""The private warehouse as seen from publication: what the last one said, and whether the file is still whole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal, overload

import duckdb

from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal
from onefunnel.publish.manifest import current_manifest, earlier_publication, version_file

if TYPE_CHECKING:
    from pathlib import Path

    from onefunnel.settings import Settings

PREVIOUS_SHAPE = "month date, kpi varchar, channel_key varchar, value double, version varchar, published_at timestamp"


def before_build(settings: Settings, as_of: date | None = None) -> str | None:
    """Give the build what an earlier day's publication said: table landing.previous_kpi_monthly in the warehouse.

    One row per month x kpi x channel of the last publication whose as_of is earlier (so a repeated night sees the same). Columns:
    month DATE, kpi, channel_key, value DOUBLE, version, published_at TIMESTAMP. Empty before the second day. Returns that version.
    """
    settings.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        as_of = as_of or _registered_as_of(db)
        earlier = earlier_publication(settings, as_of) if as_of else current_manifest(settings)
        has_kpis = earlier is not None and "marts.mart_kpi_monthly" in earlier.tables
        if has_kpis:
            db.execute(f"attach {literal(str(version_file(settings, earlier.version)))} as previous (read_only)")
        db.execute("begin")
        db.execute("create schema if not exists landing")
        db.execute(f"create or replace table landing.previous_kpi_monthly ({PREVIOUS_SHAPE})")
        if has_kpis:
            published_at = datetime.fromisoformat(earlier.built_at).astimezone(UTC).replace(tzinfo=None)
            db.execute(
                "insert into landing.previous_kpi_monthly "
                "select month, kpi, channel_key, value, ?, ? from previous.marts.mart_kpi_monthly order by all",
                [earlier.version, published_at],
            )
        db.execute("commit")
    return earlier.version if earlier else None


def _registered_as_of(db: duckdb.DuckDBPyConnection) -> date | None:
    known = db.execute("select 1 from duckdb_tables() where schema_name = 'landing' and table_name = 'pipeline_run'").fetchone()
    return db.execute("select max(as_of) from landing.pipeline_run").fetchone()[0] if known else None


def is_held(error: duckdb.Error) -> bool:
    """Whether a DuckDB error means that another process has the file open for writing."""
    return "lock" in str(error).lower() and "conflicting" in str(error).lower()


def is_damage(error: BaseException) -> bool:
    """Whether a DuckDB error means a damaged file, not a locked, missing or full one."""
    if isinstance(error, (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException)):
        return True
    signs = (
        "corrupt",
        "checksum",
        "not a valid duckdb database",
        "could not read enough bytes",
        "could not read all bytes",
        "failed to load metadata",
    )
    return isinstance(error, duckdb.Error) and any(sign in str(error).lower() for sign in signs)


def set_aside_if_damaged(settings: Settings, error: BaseException | None = None) -> Path | None:
    """Move a warehouse that cannot be opened (or that just raised `error`) out of the way, so that the next build starts from landing.

    Returns where it went, None when the warehouse is sound or absent. Nothing is lost: landing holds everything.
    """
    warehouse = settings.paths.warehouse
    if not warehouse.exists():
        return None
    if error is None:
        try:
            with duckdb.connect(str(warehouse), read_only=True) as db:
                db.execute("select count(*) from duckdb_columns()").fetchone()
        except duckdb.Error as opening:
            error = opening
    if error is None or not is_damage(error):
        return None
    aside = warehouse.with_name(f"{warehouse.name}.damaged-{datetime.now(UTC):%Y%m%dt%H%M%S}")
    warehouse.rename(aside)
    wal = warehouse.with_name(f"{warehouse.name}.wal")
    if wal.exists():
        wal.rename(aside.with_name(f"{aside.name}.wal"))
    return aside


@overload
def built_day(settings: Settings, *, required: Literal[True]) -> date: ...


@overload
def built_day(settings: Settings) -> date | None: ...


def built_day(settings: Settings, *, required: bool = False) -> date | None:
    """The day that the warehouse was built for. None when nothing is built; with `required` that is an OnefunnelError."""
    day = None
    if settings.paths.warehouse.exists():
        try:
            with duckdb.connect(str(settings.paths.warehouse), read_only=True) as db:
                day = _registered_as_of(db)
        except duckdb.Error as error:
            raise OnefunnelError(
                f"the warehouse cannot be read: {str(error).splitlines()[0]}",
                where=str(settings.paths.warehouse),
                hint="close whoever writes it; a damaged one is rebuilt by onefunnel run",
            ) from error
    if day is None and required:
        raise OnefunnelError("nothing is built yet", where=str(settings.paths.warehouse), hint="build it first: onefunnel build")
    return day
