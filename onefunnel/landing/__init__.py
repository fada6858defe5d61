"""The landing: immutable loads of what was delivered, and their registration in the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onefunnel.landing import loads
from onefunnel.landing.loads import LandedFile, LoadManifest, StagedLoad, all_loads, current_files, list_loads
from onefunnel.landing.register import register_landing

if TYPE_CHECKING:
    from onefunnel.settings import Settings

__all__ = ["LandedFile", "LoadManifest", "StagedLoad", "all_loads", "current_files", "has_loads", "list_loads", "register_landing"]


def has_loads(settings: Settings, source: str) -> bool:
    """Whether this home holds any load of this source."""
    return loads.has_loads(settings.paths.landing, source)
