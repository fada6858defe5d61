"""The flip: make a proven candidate what BI reads, in one atomic step, and take it back the same way.

Order of a publication: checks, version file, Parquet, manifest beside the version, the flip of current.duckdb (the one moment that
counts), then Parquet link, manifest.json and retention, which the next publication repairs if a kill prevented them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from filelock import FileLock

from onefunnel.durable import flip_symlink, fsync_file, fsync_folder, remove_quietly, sha256_of
from onefunnel.errors import GateBlocked, OnefunnelError
from onefunnel.faultpoints import reach
from onefunnel.publish import postgres
from onefunnel.publish.candidate import Candidate
from onefunnel.publish.contents import contents, data_through, excluded_rows, matched_rows, replaced_rows
from onefunnel.publish.export import export_parquet, flip_parquet, parquet_folder
from onefunnel.publish.manifest import (
    Manifest,
    current_manifest,
    current_version,
    earlier_publication,
    load_manifest,
    retained,
    version_file,
    version_manifest,
    version_manifest_file,
)

if TYPE_CHECKING:
    from onefunnel.quality.result import GateResult
    from onefunnel.settings import Settings

__all__ = ["Candidate", "Publication", "heal", "publish", "rollback"]


@dataclass(frozen=True)
class Publication:
    """What a flip did. `previous` is what BI showed before ("" if nothing)."""

    version: str
    previous: str
    as_of: str
    path: Path
    quality_status: str
    removed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {**asdict(self), "path": str(self.path)}


@contextlib.contextmanager
def _publication_lock(settings: Settings) -> Iterator[None]:
    """Publication and rollback exclude each other, so that compare-and-swap on the parent holds."""
    settings.paths.published.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.paths.published / ".publish.lock", timeout=60):
        yield


def publish(candidate: Candidate, gate: GateResult, settings: Settings, *, parent: str | None = None, force: bool = False) -> Publication:
    """Switch BI to a candidate that passed its gate. `parent`: what BI must still show (default: what it showed at building).

    Raises GateBlocked when the gate failed, checked another file, BI moved on meanwhile, or BI already shows a later day (this last one
    only without `force`); OnefunnelError when the disk is full. The old version stays in each of these cases.
    """
    with _publication_lock(settings):
        heal(settings)
        digest = _insist(candidate, gate, settings, candidate.parent if parent is None else parent, force)
        try:
            manifest = _place(candidate, gate, settings, digest)
        except (OSError, duckdb.Error, OnefunnelError) as error:
            _withdraw(settings, candidate)
            if isinstance(error, OnefunnelError):
                raise
            raise OnefunnelError(
                f"the version could not be written: {str(error).splitlines()[0]}",
                where=str(settings.paths.published),
                hint="free space if the disk is full, then run again; BI keeps the last version",
            ) from error
        previous = current_version(settings) or ""
        _flip(settings, manifest)
        removed = _retire(settings)
        return Publication(
            manifest.version, previous, manifest.as_of, version_file(settings, manifest.version), manifest.quality["status"], removed
        )


def _insist(candidate: Candidate, gate: GateResult, settings: Settings, parent: str, force: bool) -> str:
    """Everything that forbids this publication; returns the SHA-256 of the candidate."""
    if not gate.passed:
        names = ", ".join(sorted({check.name for check in gate.failures})) or "no check was evaluated"
        raise GateBlocked(f"the gate forbids publication: {names}", where=gate.subject or str(candidate.path), hint="see onefunnel status")
    if not candidate.path.exists():
        raise OnefunnelError("the candidate is gone", where=str(candidate.path), hint="build it again: onefunnel publish")
    if Path(f"{candidate.path}.wal").exists():
        raise GateBlocked("a WAL lies beside the candidate: it was written after it was finished", where=str(candidate.path))
    stray = Path(f"{settings.paths.current}.wal")
    if stray.exists():
        raise OnefunnelError(
            "a stray WAL lies beside current.duckdb: somebody opened the publication for writing",
            where=str(stray),
            hint="find who writes to published/, delete this file, then run again",
        )
    digest = sha256_of(candidate.path)
    if gate.sha256 != digest:
        raise GateBlocked(
            "the file is not the one that the gate checked", where=str(candidate.path), hint="check it again: onefunnel validate"
        )
    shown = current_version(settings) or ""
    if shown != parent:
        raise GateBlocked(
            f"BI moved on meanwhile: it shows {shown or 'nothing'}, the candidate was built against {parent or 'nothing'}",
            hint="run the night again",
        )
    current = current_manifest(settings)
    if current and current.as_of_date > candidate.as_of and not force:
        raise GateBlocked(
            f"BI already shows data up to {current.as_of}; this candidate ends at {candidate.as_of}",
            where=current.version,
            hint="an older day never replaces a newer one; repeat with --force if that is what you want",
        )
    return digest


def _place(candidate: Candidate, gate: GateResult, settings: Settings, digest: str) -> Manifest:
    """Put version file, Parquet and manifest in their places; BI sees none of them yet."""
    settings.paths.versions.mkdir(parents=True, exist_ok=True)
    final = version_file(settings, candidate.version)
    candidate.path.chmod(0o444)
    fsync_file(candidate.path)
    reach("publish.before_version_rename")
    candidate.path.rename(final)
    fsync_folder(final.parent)
    fsync_folder(candidate.path.parent)
    reach("publish.after_version_rename")
    manifest = describe(final, candidate, gate, digest)
    reach("publish.before_parquet")
    export_parquet(settings, final, candidate.version)
    reach("publish.before_version_manifest")
    if postgres.is_configured(settings):
        postgres.prepare(settings, candidate.version)
    manifest.save(version_manifest_file(settings, candidate.version))
    reach("publish.after_version_manifest")
    return manifest


def describe(path: Path, candidate: Candidate, gate: GateResult, digest: str) -> Manifest:
    """The manifest of a version file, read from the very file in its final place."""
    with duckdb.connect(str(path), read_only=True) as db:
        (database,) = db.execute("select current_database()").fetchone()
        tables = contents(db, database)
        through = data_through(db, tables)
        excluded = excluded_rows(db, tables)
        replaced = replaced_rows(db, tables)
        matched = matched_rows(db, tables)
    return Manifest(
        version=candidate.version,
        parent=candidate.parent,
        as_of=candidate.as_of.isoformat(),
        run_id=gate.run_id,
        built_at=candidate.built_at.isoformat(),
        sha256=digest,
        bytes=path.stat().st_size,
        quality={"status": gate.status, "checks": gate.summary(), "warnings": [check.sentence for check in gate.warnings][:50]},
        data_through=through,
        tables={name: content.to_dict() for name, content in tables.items()},
        excluded=excluded,
        replaced=replaced,
        matched=matched,
    )


def _flip(settings: Settings, manifest: Manifest, *, rolled_back_from: str = "") -> None:
    """The one moment that counts, then what follows from it."""
    reach("publish.before_flip")
    flip_symlink(settings.paths.current, f"{settings.paths.versions.name}/{manifest.version}.duckdb")
    reach("publish.after_flip")
    _follow(settings, manifest.flipped(datetime.now(UTC).isoformat(timespec="microseconds"), rolled_back_from=rolled_back_from))


def _follow(settings: Settings, manifest: Manifest) -> None:
    flip_parquet(settings, manifest.version)
    reach("publish.after_parquet_flip")
    manifest.save(version_manifest_file(settings, manifest.version))
    manifest.save(settings.paths.manifest)
    reach("publish.after_manifest")
    if postgres.is_configured(settings):
        postgres.show(settings, manifest.version)


def heal(settings: Settings) -> list[str]:
    """Finish what a killed publication left undone; says what it did. The caller holds the publication or run lock."""
    done: list[str] = []
    shown = current_version(settings)
    beside = version_manifest(settings, shown) if shown else None
    described = load_manifest(settings.paths.manifest)
    if beside and (described is None or described.version != shown or not beside.published_at):
        _follow(settings, beside.flipped(datetime.now(UTC).isoformat(timespec="microseconds")))
        done.append(f"manifest.json and the Parquet link follow current.duckdb to {shown}")
    elif shown and postgres.is_configured(settings) and postgres.shown_version(settings) != shown:
        postgres.show(settings, shown)
        done.append(f"the views in Postgres follow current.duckdb to {shown}")
    published = {manifest.version for manifest in retained(settings)} | {shown}
    folder = settings.paths.versions
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        version = path.name.split(".", 1)[0]
        if version and version not in published:
            remove_quietly(path, parquet_folder(settings, version))
            done.append(f"removed {path.name}: its publication was interrupted before the flip")
    remove_quietly(*folder.glob(".*.tmp"), *settings.paths.published.glob(".*.tmp"), *parquet_folder(settings).glob(".*.tmp"))
    return done


def _withdraw(settings: Settings, candidate: Candidate) -> None:
    """Remove everything of a publication that failed before its flip."""
    remove_quietly(
        candidate.path,
        version_file(settings, candidate.version),
        version_manifest_file(settings, candidate.version),
        parquet_folder(settings, candidate.version),
        parquet_folder(settings, f".{candidate.version}.tmp"),
    )


def _retire(settings: Settings) -> tuple[str, ...]:
    """Keep the newest versions, what BI shows, and the last publication of an earlier day; remove the rest. Returns what went."""
    reach("publish.before_retention")
    manifests = retained(settings)
    current = current_manifest(settings)
    keep = {manifest.version for manifest in manifests[: max(settings.keep_versions, 1)]}
    if current:
        earlier = earlier_publication(settings, current.as_of_date)
        keep |= {current.version} | ({earlier.version} if earlier else set())
    gone = [manifest.version for manifest in manifests if manifest.version not in keep]
    for version in gone:
        remove_quietly(version_manifest_file(settings, version), version_file(settings, version), parquet_folder(settings, version))
    if postgres.is_configured(settings):
        postgres.keep_only(settings, [manifest.version for manifest in manifests if manifest.version in keep])
    reach("publish.after_retention")
    return tuple(gone)


def rollback(settings: Settings, version: str | None = None) -> Publication:
    """Switch BI back to an earlier version (default: the one published before the current), by the same flip.

    Raises OnefunnelError when there is none, or when its file is damaged.
    """
    with _publication_lock(settings):
        heal(settings)
        shown = current_version(settings)
        kept = {manifest.version: manifest for manifest in retained(settings)}
        if version is None:
            current = kept.get(shown or "")
            earlier = [v for v, m in kept.items() if v != shown and current and m.published_at < current.published_at]
            version = current.parent if current and current.parent in kept else next(iter(earlier), None)
        known = ", ".join(kept) or "none"
        if version is None or version not in kept:
            raise OnefunnelError(
                f"there is no version {version}" if version else "there is no earlier version",
                where=str(settings.paths.versions),
                hint=f"versions kept: {known}",
            )
        target = kept[version]
        damage = damage_of(settings, target)
        if damage:
            raise OnefunnelError(
                f"version {version} is damaged: {damage}", where=str(version_file(settings, version)), hint=f"kept: {known}"
            )
        _flip(settings, target, rolled_back_from=shown or "")
        return Publication(version, shown or "", target.as_of, version_file(settings, version), target.quality["status"])


def damage_of(settings: Settings, manifest: Manifest) -> str:
    """Why a version on disk is not what was published ("" when it is): missing, changed bytes, a stray WAL, unreadable."""
    path = version_file(settings, manifest.version)
    if not path.exists():
        return "its file is missing"
    for stray in (Path(f"{path}.wal"), Path(f"{settings.paths.current}.wal")):
        if stray.exists():
            return f"a stray WAL lies beside it ({stray.name})"
    if sha256_of(path) != manifest.sha256:
        return "its bytes changed since publication"
    try:
        with duckdb.connect(str(path), read_only=True) as db:
            db.execute("select count(*) from duckdb_tables()").fetchone()
    except duckdb.Error as error:
        return f"it cannot be opened ({str(error).splitlines()[0]})"
    return ""
