"""What BI sees and why: one answer for a manager's question, an on-call's night and a script."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from onefunnel import state
from onefunnel.forgotten import read_forgotten
from onefunnel.locking import RUN_LOCK, is_locked, read_holder
from onefunnel.publish.candidate import leftovers
from onefunnel.publish.export import current_parquet
from onefunnel.publish.manifest import Manifest, current_version, load_manifest, retained, version_manifest
from onefunnel.publish.publication import damage_of

if TYPE_CHECKING:
    from onefunnel.settings import Settings


@dataclass(frozen=True)
class Status:
    """The state of a home. `problems` are sentences that say what is not as it should be; empty when all is well."""

    version: str
    as_of: str
    published_at: str
    quality: str
    data_through: dict[str, str | None]
    stale_sources: list[str]
    excluded: list[dict[str, Any]]
    replaced: list[dict[str, Any]]
    matched: list[dict[str, Any]]
    parent: str
    rolled_back_from: str
    last_run: dict[str, Any] | None
    steps: list[dict[str, Any]]
    versions: list[str]
    warnings: list[str]
    running: dict[str, Any] | None
    open_alerts: int
    problems: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """What an alert says about BI."""
        return shows(self.version, self.data_through, self.as_of)


def shows(version: str, through: dict[str, str | None], as_of: str) -> str:
    """The sentence every alert carries: which version BI shows and how far its data reach."""
    if not version:
        return "BI shows nothing yet"
    moments = sorted(str(moment) for moment in through.values() if moment)
    return f"BI shows version {version}, data through {moments[0][:10] if moments else as_of}"


def status(settings: Settings) -> Status:
    """Read everything, change nothing."""
    shown = current_version(settings) or ""
    manifest = version_manifest(settings, shown) if shown else None
    run = state.last_run(settings.paths.state)
    lock = settings.paths.home / RUN_LOCK
    running = read_holder(lock) if is_locked(lock) else None
    return Status(
        version=shown,
        as_of=manifest.as_of if manifest else "",
        published_at=manifest.published_at if manifest else "",
        quality=manifest.quality.get("status", "") if manifest else "",
        data_through=manifest.data_through if manifest else {},
        stale_sources=stale_sources(manifest) if manifest else [],
        excluded=manifest.excluded if manifest else [],
        replaced=manifest.replaced if manifest else [],
        matched=manifest.matched if manifest else [],
        parent=manifest.parent if manifest else "",
        rolled_back_from=manifest.rolled_back_from if manifest else "",
        last_run=asdict(run) if run else None,
        steps=state.steps_of(settings.paths.state, run.run_id) if run else [],
        versions=[kept.version for kept in retained(settings)],
        warnings=list(manifest.quality.get("warnings", [])) if manifest else [],
        running=running,
        open_alerts=_open_alerts(settings),
        problems=_problems(settings, shown, manifest, run, running),
    )


def stale_sources(manifest: Manifest, *, max_days: int = 2) -> list[str]:
    """Sources whose data end more than `max_days` before the publication's last day, or that have none."""
    edge = manifest.as_of_date - timedelta(days=max_days)
    return sorted(name for name, moment in manifest.data_through.items() if moment is None or date.fromisoformat(moment[:10]) < edge)


def _problems(
    settings: Settings, shown: str, manifest: Manifest | None, run: state.Run | None, running: dict[str, Any] | None
) -> list[str]:
    found: list[str] = []
    described = load_manifest(settings.paths.manifest)
    if shown and manifest is None:
        found.append(f"version {shown} has no manifest beside it: run the night again, or roll back")
    if shown and (described is None or described.version != shown):
        found.append(
            f"manifest.json names {described.version if described else 'nothing'} but current.duckdb shows {shown}: "
            "a publication was killed after its flip; readers see the new version, the next run repairs the manifest"
        )
    if manifest and (damage := damage_of(settings, manifest)):
        found.append(f"version {shown} is damaged: {damage}; roll back or run the night again")
    exported = current_parquet(settings)
    if shown and exported and exported != shown:
        found.append(f"the Parquet export shows {exported}, current.duckdb shows {shown}: the next run repairs it")
    was_blocked = run is not None and run.status == "blocked"
    if not running and not was_blocked and (left := leftovers(settings.paths.published)):
        found.append(f"an interrupted run left {', '.join(path.name for path in left)}: the next run removes it")
    orphans = _orphans(settings, shown)
    if orphans and not running:
        found.append(f"never shown, interrupted before the flip: {', '.join(orphans)}; the next run removes it")
    if read_forgotten(settings.paths.landing).unfinished:
        found.append("an erase request was interrupted: repeat it (onefunnel forget)")
    if run and (run.status == "killed" or (run.status == "running" and not running and not state.is_alive(run.pid, run.host))):
        found.append(f"run {run.run_id} of {run.as_of} was killed: BI keeps what it showed; run the night again")
    return found


def _orphans(settings: Settings, shown: str) -> list[str]:
    folder = settings.paths.versions
    kept = {manifest.version for manifest in retained(settings)} | {shown}
    return sorted({path.name.split(".", 1)[0] for path in folder.glob("[0-9]*")} - kept) if folder.is_dir() else []


def _open_alerts(settings: Settings) -> int:
    if not settings.paths.state.exists():
        return 0
    with state.connect(settings.paths.state) as db:
        return int(db.execute("select count(*) from conditions where state in ('open', 'acknowledged')").fetchone()[0])
