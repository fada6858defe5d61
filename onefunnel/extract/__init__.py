"""Extraction: one source, one interval, into landing. All entities of a source land, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from onefunnel.interval import Interval

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig, Source
    from onefunnel.landing.loads import LoadManifest, StagedLoad
    from onefunnel.settings import Settings

Progress = Callable[[str], None]


def extract_source(
    config: PipelineConfig, source: Source, interval: Interval, settings: Settings, progress: Progress | None = None
) -> list[LoadManifest]:
    """Land one source. Returns a manifest per entity; `unchanged` marks one whose delivery was already landed.

    Raises ConfigError (missing file, column, secret), OnefunnelError (unreadable, refused, source down): then nothing of the source is landed.
    """
    say = progress or (lambda line: None)
    staged: list[StagedLoad] = []
    try:
        for entity in source.entities:
            staged.append(_stage(config, source, entity, interval, settings))
            say(f"{source.name}.{entity}: {sum(item.rows for item in staged[-1].files)} rows read")
        return [load.commit() for load in staged]
    finally:
        for load in staged:
            load.discard()


def _stage(config: PipelineConfig, source: Source, entity: str, interval: Interval, settings: Settings) -> StagedLoad:
    from onefunnel.landing.loads import StagedLoad

    options = source.entities[entity]
    delivery = getattr(options, "delivery", None) or ("delta" if getattr(options, "cursor", None) else "full")
    staged = StagedLoad(
        settings.paths.landing, system=source.system, entity=entity, source=source.name, interval=interval, delivery=delivery
    )
    try:
        if source.connector == "files":
            from onefunnel.extract.files import stage_files as stage
        elif source.connector == "database":
            from onefunnel.extract.database import stage_table as stage
        else:
            from onefunnel.extract.rest import stage_resource as stage
        stage(config, source, entity, staged, settings)
    except BaseException:
        staged.discard()
        raise
    return staged
