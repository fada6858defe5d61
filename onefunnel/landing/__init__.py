"""The landing: immutable loads of what was delivered, and their registration in the warehouse."""

from onefunnel.landing.loads import LandedFile, LoadManifest, StagedLoad, all_loads, current_files, list_loads
from onefunnel.landing.register import register_landing

__all__ = ["LandedFile", "LoadManifest", "StagedLoad", "all_loads", "current_files", "list_loads", "register_landing"]
