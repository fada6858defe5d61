"""The same marts as Parquet, for tools that do not read DuckDB: published/parquet/<version>/marts/*.parquet and a link `current`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from onefunnel.durable import flip_symlink, fsync_file, fsync_folder, remove_quietly
from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.faultpoints import reach

if TYPE_CHECKING:
    from onefunnel.settings import Settings


def parquet_folder(settings: Settings, version: str = "") -> Path:
    """Folder of all exports, or of one version."""
    folder = settings.paths.published / "parquet"
    return folder / version if version else folder


def export_parquet(settings: Settings, source: Path, version: str) -> Path:
    """Write each mart of a published file as Parquet into a folder that appears whole or not at all.

    Raises OnefunnelError if rows got lost.
    """
    final = parquet_folder(settings, version)
    building = final.with_name(f".{version}.tmp")
    remove_quietly(building, final)
    _write_marts(settings, source, building / "marts")
    fsync_folder(building)
    reach("publish.before_parquet_rename")
    building.rename(final)
    fsync_folder(final.parent)
    reach("publish.after_parquet_rename")
    return final


def export_in_place(settings: Settings, source: Path, version: str) -> None:
    """Replace the export of a version file by file, for readers that hold its folder open (after an erase request)."""
    final = parquet_folder(settings, version)
    building = final.with_name(f".{version}.tmp")
    remove_quietly(building)
    _write_marts(settings, source, building / "marts")
    for path in sorted((building / "marts").iterdir()):
        path.replace(final / "marts" / path.name)
    fsync_folder(final / "marts")
    remove_quietly(building)


def _write_marts(settings: Settings, source: Path, marts: Path) -> None:
    marts.mkdir(parents=True)
    with duckdb.connect(str(source), read_only=True, config={"threads": settings.threads}) as db:
        listed = db.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by table_name").fetchall()
        for (name,) in listed:
            path = marts / f"{name}.parquet"
            target = literal(str(path))
            (written,) = db.execute(f"copy (from marts.{quoted(name)}) to {target} (format parquet, compression zstd)").fetchone()
            (expected,) = db.execute(f"select count(*) from marts.{quoted(name)}").fetchone()
            if written != expected:
                raise OnefunnelError(f"the Parquet export of {name} has {written} rows instead of {expected}", where=str(path))
            path.chmod(0o444)
            fsync_file(path)
    fsync_folder(marts)


def flip_parquet(settings: Settings, version: str) -> None:
    """Point published/parquet/current at one version, if that version was exported."""
    if parquet_folder(settings, version).is_dir():
        flip_symlink(parquet_folder(settings) / "current", version)


def current_parquet(settings: Settings) -> str | None:
    """The version that published/parquet/current shows."""
    link = parquet_folder(settings) / "current"
    return link.readlink().name if link.is_symlink() else None
