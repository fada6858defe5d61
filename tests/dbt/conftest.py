"""Agencies on which the verdict's models run, without dbt's process for each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from parse_once import hand_on_parse

from benchmarks.verdict_incidents import Laboratory
from onefunnel.settings import HomePaths


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory, hash_key: str, parsed_home: Path) -> Iterator[Laboratory]:
    """Compiles the models once for all agencies of a module, whose sources are alike."""
    folder = tmp_path_factory.mktemp("agencies")
    hand_on_parse(parsed_home, folder / "home")
    shutil.copytree(HomePaths(folder / "home").target, folder / "target")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONEFUNNEL_HASH_KEY", hash_key)
        yield Laboratory(folder)
