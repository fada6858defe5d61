"""Loads: one folder per source, entity and interval, whole or absent; which of their parts are current.

    landing/<system>/<entity>/source=<name>/load=<load_id>/part-<content>.parquet, rejected.parquet, manifest.json

Readers must pass hive_partitioning=false: a folder called source=… would otherwise hide a delivered column called Source.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from onefunnel.durable import fsync_file, fsync_folder, sha256_of, write_whole
from onefunnel.errors import OnefunnelError
from onefunnel.faultpoints import reach
from onefunnel.interval import Interval

MANIFEST = "manifest.json"
REJECTED = "rejected.parquet"


@dataclass(frozen=True)
class LandedFile:
    """One input (a file, a table, a resource) and the part it became.

    fingerprint: its bytes and how they were read; landed_at: when this content first came into this load ("": with the load).
    """

    path: str
    sha256: str
    fingerprint: str
    part: str
    rows: int
    rejected: int = 0
    columns: tuple[str, ...] = ()
    part_sha256: str = ""
    landed_at: str = ""


@dataclass(frozen=True)
class LoadManifest:
    """What a load holds. rows and rejected_rows count this load; rows_current everything current of the entity once it is landed.

    replaced: paths that no part of this load is of, and of which older parts count no more.
    previous_columns, new_columns and absent_columns compare with the load before (renamed or retyped deliveries show here).
    """

    source: str
    system: str
    entity: str
    load_id: str
    interval_start: str
    interval_end: str
    landed_at: str
    rows: int
    bytes: int
    sha256: str
    files: tuple[LandedFile, ...]
    delivery: str = "full"
    rejected_rows: int = 0
    rows_current: int = 0
    previous_rows_current: int | None = None
    cursor: dict[str, str] | None = None
    columns: tuple[str, ...] = ()
    previous_columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    unchanged: bool = False

    def summary(self) -> dict[str, Any]:
        """What a person or a task log wants to know of it, as plain JSON."""
        return {
            "source": self.source,
            "entity": self.entity,
            "load_id": self.load_id,
            "rows": self.rows,
            "rejected_rows": self.rejected_rows,
            "rows_current": self.rows_current,
            "files": len(self.files),
            "unchanged": self.unchanged,
            "warnings": list(self.warnings),
        }

    def folder(self, landing: Path) -> Path:
        return source_folder(landing, self.system, self.entity, self.source) / f"load={self.load_id}"

    @classmethod
    def read(cls, path: Path) -> LoadManifest:
        """Raises OnefunnelError when the manifest is damaged."""
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            content["files"] = tuple(LandedFile(**{**item, "columns": tuple(item["columns"])}) for item in content["files"])
            content.setdefault("replaced", ())
            lists = ("columns", "previous_columns", "new_columns", "absent_columns", "warnings", "replaced")
            return cls(**{**content, **{name: tuple(content[name]) for name in lists}})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise OnefunnelError(
                f"a load's manifest is damaged ({type(error).__name__})", where=str(path), hint="remove that load folder and extract again"
            ) from None


def source_folder(landing: Path, system: str, entity: str, source: str) -> Path:
    return landing / system / entity / f"source={source}"


def list_loads(landing: Path, system: str, entity: str, source: str) -> list[LoadManifest]:
    """All whole loads of one source's entity, oldest interval first."""
    folder = source_folder(landing, system, entity, source)
    return [LoadManifest.read(path) for path in sorted(folder.glob(f"load=*/{MANIFEST}"))]


def all_loads(landing: Path, named: Container[tuple[str, str, str]] | None = None) -> list[LoadManifest]:
    """All whole loads of the landing (of these sources, systems and entities only, if given), by system, entity, source and interval."""
    found = [LoadManifest.read(path) for path in sorted(landing.glob(f"*/*/source=*/load=*/{MANIFEST}"))]
    return [load for load in found if named is None or (load.source, load.system, load.entity) in named]


def has_loads(landing: Path, source: str) -> bool:
    """Whether anything of this source was ever landed: what a night can stand on when the source is down."""
    return next(landing.glob(f"*/*/source={source}/load=*/{MANIFEST}"), None) is not None


def current_files(loads: Iterable[LoadManifest]) -> list[tuple[LoadManifest, LandedFile]]:
    """The inputs that count, of loads of ONE source's entity, oldest first.

    A delta adds for ever. A full delivery of a path, or of the same bytes, replaces the one before it; a whole one replaces all before it.
    The interval says which is later.
    """
    kept: list[tuple[LoadManifest, LandedFile]] = []
    for load in sorted(loads, key=lambda each: each.load_id):
        if load.delivery == "full":
            paths = {*load.replaced, *(item.path for item in load.files)}
            contents = {item.sha256 for item in load.files}
            kept = [(old, item) for old, item in kept if item.path not in paths and item.sha256 not in contents]
        elif load.delivery == "whole":
            kept = []
        kept.extend((load, item) for item in load.files)
    return kept


def natural_order(path: str | Path) -> tuple[Any, ...]:
    """Sorts names as people number them: spend_9 before spend_10, `export` before `export (2)`."""
    whole = PurePosixPath(path)
    words = [re.split(r"(\d+)", part.casefold()) for part in (*whole.parent.parts, whole.stem, whole.suffix)]
    # re.split puts text and digits in turn, so that text meets text and number meets number
    return [[int(word) if place % 2 else word for place, word in enumerate(part)] for part in words], path


def positions(load: LoadManifest) -> dict[str, int]:
    """The place of each file of a load among its files, from 1: later places are newer."""
    return {path: place for place, path in enumerate(sorted({item.path for item in load.files}, key=natural_order), start=1)}


class StagedLoad:
    """A load in the making, under a hidden name beside the others. `commit` makes it appear in one step; `discard` leaves no trace."""

    def __init__(
        self,
        landing: Path,
        *,
        system: str,
        entity: str,
        source: str,
        interval: Interval,
        delivery: str = "full",
        phone_country: str | None = None,
        shared: dict[str, str] | None = None,
    ) -> None:
        self.system, self.entity, self.source, self.interval, self.delivery = system, entity, source, interval, delivery
        self.landing, self.phone_country = landing, phone_country
        self.load_id = interval.load_id(source, entity)
        self.parent = source_folder(landing, system, entity, source)
        self.parent.mkdir(parents=True, exist_ok=True)
        self._clean_up()
        self.folder = self.parent / f".tmp-{self.load_id}-{os.getpid()}"
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir(parents=True, mode=0o700)
        loads = list_loads(landing, system, entity, source)
        self.own = next((load for load in loads if load.load_id == self.load_id), None)
        self.others = [load for load in loads if load.load_id != self.load_id]
        self.earlier = [load for load in loads if load.load_id < self.load_id]
        self.files: list[LandedFile] = []
        self.cursor: dict[str, str] | None = None
        self.warnings: list[str] = []
        self.replaced: set[str] = set()
        # what loads of one extraction need not find out again
        self.shared = {} if shared is None else shared

    @property
    def where(self) -> str:
        return f"source {self.source}, entity {self.entity}"

    @property
    def goes_on_from(self) -> date:
        """The last day of the load before, which may be long ago, from where windows of days reach back; its own where it is the first."""
        if not self.earlier:
            return self.interval.as_of
        return min(self.interval.as_of, datetime.fromisoformat(self.earlier[-1].interval_end).date() - timedelta(days=1))

    def next_part(self) -> Path:
        return self.folder / f"part-{len(self.files):05d}.parquet"

    def commit(self) -> LoadManifest:
        """Make the load appear, replacing the one of the same interval; nothing new gives the manifest of the last one, `unchanged`."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if not self.files and self.others:
            self.discard()
            last = self.others[-1]
            return replace(last, unchanged=True, warnings=tuple(dict.fromkeys((*last.warnings, *self.warnings))))
        manifest = self._manifest()
        for item in self.folder.iterdir():
            fsync_file(item)
        write_whole(self.folder / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n")
        reach("extract.before_rename")
        final = self.parent / f"load={self.load_id}"
        old = self.parent / f".old-{self.load_id}-{os.getpid()}"
        if final.exists():
            final.rename(old)
        reach("extract.between_renames")
        self.folder.rename(final)
        fsync_folder(self.parent)
        reach("extract.after_rename")
        shutil.rmtree(old, ignore_errors=True)
        return manifest

    def discard(self) -> None:
        """Remove what was staged. Safe to call twice, and after commit."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _manifest(self) -> LoadManifest:
        columns = _union(item.columns for item in self.files)
        before = self.earlier[-1] if self.earlier else None
        previous = before.columns if before else ()
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        files = tuple(self._settled(item, now) for item in self.files)
        manifest = LoadManifest(
            source=self.source,
            system=self.system,
            entity=self.entity,
            load_id=self.load_id,
            interval_start=self.interval.start.astimezone(UTC).isoformat(),
            interval_end=self.interval.end.astimezone(UTC).isoformat(),
            landed_at=now,
            rows=sum(item.rows for item in files),
            rejected_rows=sum(item.rejected for item in files),
            bytes=sum((self.folder / item.part).stat().st_size for item in files),
            sha256=hashlib.sha256("".join(item.part_sha256 for item in files).encode()).hexdigest(),
            files=files,
            delivery=self.delivery,
            cursor=self.cursor,
            columns=columns,
            previous_columns=previous,
            new_columns=_without(columns, previous) if before else (),
            absent_columns=_without(previous, columns),
            warnings=tuple(self.warnings),
            replaced=tuple(sorted(self.replaced - {item.path for item in files})),
        )
        rows_current = sum(item.rows for _, item in current_files([*self.others, manifest]))
        rows_before = sum(item.rows for _, item in current_files(self.earlier)) if before else None
        return replace(manifest, rows_current=rows_current, previous_rows_current=rows_before)

    def _settled(self, item: LandedFile, now: str) -> LandedFile:
        """The file with its part named by content: a build that has registered it reads it or nothing, whatever lands in its interval.

        The same content that lands again has been here since it first came, as a build that goes on does not read it anew.
        """
        digest = sha256_of(self.folder / item.part)
        part = f"part-{digest[:16]}.parquet"
        (self.folder / item.part).rename(self.folder / part)
        before = next((old for old in self.own.files if (old.path, old.part_sha256) == (item.path, digest)), None) if self.own else None
        landed_at = (before.landed_at or self.own.landed_at) if before else now
        return replace(item, part=part, part_sha256=digest, landed_at=landed_at)

    def _clean_up(self) -> None:
        """Undo what a killed process left: a half-made load goes, a load caught between two renames comes back."""
        for left in self.parent.glob(".old-*"):
            final = self.parent / f"load={left.name.removeprefix('.old-').rpartition('-')[0]}"
            if not final.exists():
                left.rename(final)
            elif not _alive(left):
                shutil.rmtree(left, ignore_errors=True)
        for left in self.parent.glob(".tmp-*"):
            if not _alive(left):
                shutil.rmtree(left, ignore_errors=True)


def _alive(folder: Path) -> bool:
    """Whether another running process made this folder; a folder of our own process is a leftover of an earlier attempt."""
    pid = folder.name.rpartition("-")[2]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for names in lists:
        for name in names:
            seen.setdefault(name.lower(), name)
    return tuple(seen.values())


def _without(names: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    known = {name.lower() for name in others}
    return tuple(name for name in names if name.lower() not in known)
