"""Faults 1 and 2: kill -9 at every step of candidate and publication. Readers see old or new, whole; the next run heals."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from small_home import publish_number, settings_of, shown_numbers

from onefunnel.faultpoints import POINTS, VARIABLE
from onefunnel.publish.manifest import current_manifest, current_version
from onefunnel.publish.status import status

pytestmark = pytest.mark.slow

PUBLISH = """
import sys
from pathlib import Path
from small_home import publish_number, settings_of
publish_number(settings_of(Path(sys.argv[1]), keep_versions=2), 3)
"""
STEPS = [point for point in POINTS if point.startswith(("candidate.", "publish."))]
FLIPPED = STEPS.index("publish.after_flip")


@pytest.mark.parametrize("point", STEPS)
def test_readers_see_old_or_new_and_the_next_run_heals(point: str, tmp_path: Path, run_code: Any) -> None:
    settings = settings_of(tmp_path / "home", keep_versions=2)
    for number in (1, 2):
        publish_number(settings, number)
    old = current_version(settings)

    killed: CompletedProcess[str] = run_code(PUBLISH, settings.paths.home, killed=True, env={VARIABLE: point})
    assert not killed.stdout

    is_new = STEPS.index(point) >= FLIPPED
    assert shown_numbers(settings.paths.current) == ({3.0} if is_new else {2.0}), "never a mixture"
    assert (current_version(settings) != old) is is_new
    assert status(settings).version == current_version(settings), "status tells which"
    if is_new and point != "publish.after_retention":
        healed_by_itself = point in ("publish.after_manifest", "publish.before_retention")
        assert bool(status(settings).problems) is not healed_by_itself

    publish_number(settings, 4)
    assert shown_numbers(settings.paths.current) == {4.0}
    after = status(settings)
    assert not after.problems
    assert len(after.versions) == 2
    names = {path.name.split(".")[0] for path in settings.paths.versions.iterdir()}
    assert names == set(after.versions), "nothing of the killed run remains"
    assert not list(settings.paths.published.glob(".candidate-*"))


def test_contents_after_a_kill_are_those_of_an_undisturbed_run(tmp_path: Path, run_code: Any) -> None:
    disturbed, calm = settings_of(tmp_path / "disturbed"), settings_of(tmp_path / "calm")
    run_code(PUBLISH, disturbed.paths.home, killed=True, env={VARIABLE: "publish.before_flip"})
    for settings in (disturbed, calm):
        publish_number(settings, 3)
    assert current_manifest(disturbed).tables == current_manifest(calm).tables
