"""A channel that messages are sent to, for tests of alerts and of the morning message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from receiver import Receiver


@pytest.fixture
def channel() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()
