"""The same marts as Parquet, for tools that do not read DuckDB: published/parquet/<version>/marts/*.parquet and a link `current`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from onefunnel.durable import flip_symlink, fsync_file, fsync_folder, remove_quietly
from onefunnel.errors import OnefunnelError
from onefunnel.faultpoints import reach
from onefunnel.publish.contents import quoted

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
    marts = building / "marts"
    marts.mkdir(parents=True)
    with duckdb.connect(str(source), read_only=True, config={"threads": settings.threads}) as db:
        names = [
            name
            for (name,) in db.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by table_name").fetchall()
        ]
        for name in names:
            path = marts / f"{name}.parquet"
            target = str(path).replace("'", "''")
            (written,) = db.execute(f"copy (from marts.{quoted(name)}) to '{target}' (format parquet, compression zstd)").fetchone()
            (expected,) = db.execute(f"select count(*) from marts.{quoted(name)}").fetchone()
            if written != expected:
                raise OnefunnelError(f"the Parquet export of {name} has {written} rows instead of {expected}", where=str(path))
            path.chmod(0o444)
            fsync_file(path)
    fsync_folder(marts)
    fsync_folder(building)
    reach("publish.before_parquet_rename")
    building.rename(final)
    fsync_folder(final.parent)
    reach("publish.after_parquet_rename")
    return final


def flip_parquet(settings: Settings, version: str) -> None:
    """Point published/parquet/current at one version, if that version was exported."""
    if parquet_folder(settings, version).is_dir():
        flip_symlink(parquet_folder(settings) / "current", version)


def current_parquet(settings: Settings) -> str | None:
    """The version that published/parquet/current shows."""
    link = parquet_folder(settings) / "current"
    return link.readlink().name if link.is_symlink() else None
