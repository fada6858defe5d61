"""The same as Parquet, for tools that do not read DuckDB: published/parquet/<version>/{marts,facts}/*.parquet and a link `current`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from onefunnel.durable import flip_symlink, fsync_file, fsync_folder, remove_quietly
from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.faultpoints import reach
from onefunnel.publish.shelf import shelf

if TYPE_CHECKING:
    from onefunnel.settings import Settings


def parquet_folder(settings: Settings, version: str = "") -> Path:
    """Folder of all exports, or of one version."""
    folder = settings.paths.published / "parquet"
    return folder / version if version else folder


def export_parquet(settings: Settings, source: Path, version: str) -> Path:
    """Write what lies on the shelf of a published file as Parquet into a folder that appears whole or not at all.

    Raises OnefunnelError if rows got lost.
    """
    final = parquet_folder(settings, version)
    building = final.with_name(f".{version}.tmp")
    remove_quietly(building, final)
    _write(settings, source, building)
    fsync_folder(building)
    reach("publish.before_parquet_rename")
    building.rename(final)
    fsync_folder(final.parent)
    reach("publish.after_parquet_rename")
    return final


def export_in_place(settings: Settings, source: Path, version: str) -> None:
    """Replace the export of a version file by file, for readers that hold its folder open (after an erase request).

    What is there and would not be exported today, such as facts, goes: it may hold what was erased.
    """
    final = parquet_folder(settings, version)
    building = final.with_name(f".{version}.tmp")
    remove_quietly(building)
    _write(settings, source, building)
    for path in sorted(building.glob("*/*")):
        target = final / path.relative_to(building)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
    for path in sorted(final.glob("*/*")):
        if not (settings.publish_facts or path.parent.name == "marts" or path.name.startswith("dim_")):
            path.unlink()
    for folder in final.iterdir():
        fsync_folder(folder)
    remove_quietly(building)


def _write(settings: Settings, source: Path, folder: Path) -> None:
    """<schema>/<table>.parquet of all that is on the shelf."""
    with duckdb.connect(str(source), read_only=True, config={"threads": settings.threads}) as db:
        for schema, name in shelf(db, settings):
            path = folder / schema / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            target, relation = literal(str(path)), f"{schema}.{quoted(name)}"
            (written,) = db.execute(f"copy (from {relation}) to {target} (format parquet, compression zstd)").fetchone()
            (expected,) = db.execute(f"select count(*) from {relation}").fetchone()
            if written != expected:
                raise OnefunnelError(f"the Parquet export of {name} has {written} rows instead of {expected}", where=str(path))
            path.chmod(0o444)
            fsync_file(path)
    for made in folder.iterdir():
        fsync_folder(made)


def flip_parquet(settings: Settings, version: str) -> None:
    """Point published/parquet/current at one version, if that version was exported."""
    if parquet_folder(settings, version).is_dir():
        flip_symlink(parquet_folder(settings) / "current", version)


def current_parquet(settings: Settings) -> str | None:
    """The version that published/parquet/current shows."""
    link = parquet_folder(settings) / "current"
    return link.readlink().name if link.is_symlink() else None
