"""Fault 19: twenty readers during two hundred publications. No error, one version per connection."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from small_home import publish_number, read_until, settings_of

READERS, PUBLICATIONS = 20, 200


@pytest.mark.slow
def test_twenty_readers_see_no_error_during_two_hundred_publications(tmp_path: Path) -> None:
    settings, stop = settings_of(tmp_path / "home", keep_versions=2), tmp_path / "stop"
    publish_number(settings, 0)
    # each a process of its own; what they import is imported once
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["small_home"])
    told = processes.SimpleQueue()
    readers = [processes.Process(target=read_until, args=(settings.paths.current, stop, told)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, PUBLICATIONS + 1):
            publish_number(settings, number)
    finally:
        stop.touch()
        for reader in readers:
            reader.join(60)
    assert [reader.exitcode for reader in readers] == [0] * READERS
    counts = [told.get() for _ in readers]
    assert all(reads > 0 for reads, _ in counts)
    assert sum(versions for _, versions in counts) > READERS, "the readers met several versions"
