"""What a published version is, written beside it (versions/<version>.json) and, for the current one, as published/manifest.json.

The symbolic link current.duckdb is the truth: BI reads through it. manifest.json describes it and is written last, so after a kill
between the two the link is right and the manifest is repaired from the file beside the version.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onefunnel.durable import write_whole

if TYPE_CHECKING:
    from onefunnel.settings import Settings


@dataclass(frozen=True)
class Manifest:
    """One published version. Times are UTC ISO text; `flipped_at` is "" until BI was switched to it."""

    version: str
    parent: str
    as_of: str
    run_id: str
    built_at: str
    sha256: str
    bytes: int
    quality: dict[str, Any]
    data_through: dict[str, str | None]
    tables: dict[str, dict[str, Any]]
    excluded: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[dict[str, Any]] = field(default_factory=list)
    matched: list[dict[str, Any]] = field(default_factory=list)
    published_at: str = ""
    flipped_at: str = ""
    rolled_back_from: str = ""

    @property
    def as_of_date(self) -> date:
        """The last whole day in the data."""
        return date.fromisoformat(self.as_of)

    def flipped(self, moment: str, *, rolled_back_from: str = "") -> Manifest:
        """The same version, switched to at `moment`; its first publication keeps its time."""
        return replace(self, flipped_at=moment, published_at=self.published_at or moment, rolled_back_from=rolled_back_from)

    def save(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        write_whole(path, json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str) + "\n")


def load_manifest(path: Path) -> Manifest | None:
    """A manifest, or None when there is none or it is damaged (it is then rebuilt or its version is not offered)."""
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def version_file(settings: Settings, version: str) -> Path:
    """Where a published version lies."""
    return settings.paths.versions / f"{version}.duckdb"


def version_manifest_file(settings: Settings, version: str) -> Path:
    """Where the manifest of a version lies."""
    return settings.paths.versions / f"{version}.json"


def current_version(settings: Settings) -> str | None:
    """The version BI reads: where current.duckdb points, or None before the first publication."""
    link = settings.paths.current
    return link.readlink().stem if link.is_symlink() else None


def version_manifest(settings: Settings, version: str) -> Manifest | None:
    """The manifest beside a version."""
    return load_manifest(version_manifest_file(settings, version))


def current_manifest(settings: Settings) -> Manifest | None:
    """The manifest of what BI reads, from beside the version (not from manifest.json, which a kill may leave one step behind)."""
    version = current_version(settings)
    return version_manifest(settings, version) if version else None


def retained(settings: Settings) -> list[Manifest]:
    """Every version on disk that was published, newest first; orphans of a killed publication are not among them."""
    folder = settings.paths.versions
    if not folder.is_dir():
        return []
    found = [load_manifest(path) for path in folder.glob("*.json") if not path.name.startswith(".")]
    live = [manifest for manifest in found if manifest and manifest.published_at and version_file(settings, manifest.version).exists()]
    return sorted(live, key=lambda manifest: (manifest.published_at, manifest.version), reverse=True)


def earlier_publication(settings: Settings, as_of: date) -> Manifest | None:
    """The last publication of an earlier day, counting back from what BI shows.

    A repeated night compares with the same earlier day as the first try did, so its restatements come out the same.
    """
    manifest, seen = current_manifest(settings), set()
    while manifest and manifest.as_of_date >= as_of:
        seen.add(manifest.version)
        parent = version_manifest(settings, manifest.parent) if manifest.parent and manifest.parent not in seen else None
        manifest = parent if parent and version_file(settings, parent.version).exists() else None
    if manifest:
        return manifest
    return next((kept for kept in retained(settings) if kept.as_of_date < as_of), None)
