"""Small agencies that the tests of the generator share."""

from __future__ import annotations

from datetime import date

import pytest

from onefunnel.demo.spec import DemoSpec
from onefunnel.demo.world import World, build

END = date(2026, 3, 31)


@pytest.fixture(scope="session")
def clean_world() -> World:
    return build(DemoSpec(seed=3, months=10, leads_per_month=150, end=END, dirty=False))


@pytest.fixture(scope="session")
def dirty_world() -> World:
    return build(DemoSpec(seed=3, months=10, leads_per_month=150, end=END, dirty=True))
