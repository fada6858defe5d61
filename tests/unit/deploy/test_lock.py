"""requirements.lock: complete, with hashes, free of addresses, and installable by the pip that comes with Python 3.11."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^\]]+\])?==(?P<version>[^\s;]+)")


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pinned(lock: str) -> dict[str, str]:
    return {canonicalize_name(m["name"]): m["version"] for m in map(LINE.match, lock.splitlines()) if m and not m["extras"]}


def test_everything_that_pyproject_asks_for_is_pinned_within_its_bounds(pinned):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
        *project["build-system"]["requires"],
    ]
    for requirement in map(Requirement, wanted):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is pinned at {version}: run make lock"


def test_every_pin_has_a_hash(lock):
    blocks = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    pins = [block for block in blocks if LINE.match(block)]
    assert len(pins) > 150
    assert all("--hash=sha256:" in block for block in pins)


def test_every_pin_with_an_extra_stands_without_it_too(lock, pinned):
    for match in map(LINE.match, lock.splitlines()):
        if match and match["extras"]:
            assert pinned[canonicalize_name(match["name"])] == match["version"]


def test_it_names_no_index_and_no_machine(lock):
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|file:|/(home|tmp|root)/", lock)
