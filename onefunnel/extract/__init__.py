"""Extraction: one source, one interval, into landing. All entities of a source land, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onefunnel.errors import LockHeld
from onefunnel.interval import Interval

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.landing.loads import LoadManifest, StagedLoad
    from onefunnel.settings import Settings
    from onefunnel.sources import Source

Progress = Callable[[str], None]
LOCK_SECONDS = 600


def extract_source(
    config: PipelineConfig, source: Source, interval: Interval, settings: Settings, progress: Progress | None = None
) -> list[LoadManifest]:
    """Land one source. Returns a manifest per entity; `unchanged` marks one whose delivery was already landed.

    Raises ConfigError (missing file or secret) or OnefunnelError (absent column, unreadable, refused, source down): then nothing is landed.
    """
    say = progress or (lambda line: None)
    staged: list[StagedLoad] = []
    shared: dict[str, str] = {}
    with _source_lock(settings, source.name):
        try:
            for entity in source.entities:
                staged.append(_stage(config, source, entity, interval, settings, shared))
                say(f"{source.name}.{entity}: {sum(item.rows for item in staged[-1].files):,} rows read")
            return [load.commit() for load in staged]
        finally:
            for load in staged:
                load.discard()


@contextmanager
def _source_lock(settings: Settings, name: str) -> Iterator[None]:
    """One extraction of a source at a time; different sources run side by side."""
    from filelock import FileLock, Timeout

    folder = settings.paths.landing / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{name}.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise LockHeld(f"another run extracts source {name}", where=str(folder), hint="let it finish and repeat") from None


def _stage(
    config: PipelineConfig, source: Source, entity: str, interval: Interval, settings: Settings, shared: dict[str, str]
) -> StagedLoad:
    from onefunnel.landing.loads import StagedLoad

    delivery = _delivery(source, entity)
    staged = StagedLoad(
        settings.paths.landing,
        system=source.system,
        entity=entity,
        source=source.name,
        interval=interval,
        delivery=delivery,
        phone_country=source.phone_country,
        shared=shared,
    )
    try:
        _stage_by(source)(config, source, entity, staged, settings)
    except BaseException:
        staged.discard()
        raise
    return staged


def _delivery(source: Source, entity: str) -> str:
    """whole: the load is all there is; full: all that a file of its name says; delta: it adds to the loads before."""
    if source.connector == "api":
        from onefunnel.systems import description_of

        return "whole" if description_of(source.system).resources[entity].is_whole else "delta"
    options = source.entities[entity]
    delivery = getattr(options, "delivery", None) or ("delta" if getattr(options, "cursor", None) else "full")
    return "whole" if delivery == "full" and source.connector != "files" else delivery


def _stage_by(source: Source) -> Callable[..., None]:
    """The connector of a source, imported only when it is used."""
    if source.connector == "files":
        from onefunnel.extract.files import stage_files

        return stage_files
    if source.connector == "database":
        from onefunnel.extract.database import stage_table

        return stage_table
    if source.connector == "api":
        from onefunnel.extract.api import stage_api

        return stage_api
    if source.connector == "singer":
        from onefunnel.extract.singer import stage_singer

        return stage_singer
    from onefunnel.extract.rest import stage_resource

    return stage_resource
