"""A sandbox is a whole copy of a good build, whatever production does meanwhile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
import pytest
from small_home import build_warehouse, settings_of

from onefunnel import sandbox as desk
from onefunnel.durable import sha256_of
from onefunnel.errors import ConfigError, LockHeld, OnefunnelError
from onefunnel.locking import build_lock
from onefunnel.publish.forget import forget
from onefunnel.settings import Settings

AS_OF = "2026-03-31"


def build(settings: Settings, number: int) -> None:
    """A good build, every value of which is `number`, and what it leaves for sandboxes."""
    build_warehouse(settings, number)
    settings.paths.target.mkdir(exist_ok=True)
    (settings.paths.target / "manifest.json").write_text(f'{{"build": {number}}}')
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create or replace table landing.built_run as select 1 as build_number")
    desk.keep_last_build(settings)


def value_in(file: Path) -> float:
    with duckdb.connect(str(file), read_only=True) as db:
        (found,) = db.execute("select distinct value from marts.mart_kpi_monthly").fetchall()
        return found[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_of(tmp_path / "home")
    build(found, 1)
    return found


def test_a_sandbox_holds_the_build_its_marts_and_its_manifest(settings: Settings) -> None:
    before = sha256_of(settings.paths.warehouse)
    made = desk.make(settings, "ann")
    assert (made.as_of, value_in(made.path / "warehouse.duckdb"), value_in(made.path / "before.duckdb")) == (AS_OF, 1, 1)
    assert (made.path / "state/manifest.json").read_text() == '{"build": 1}'
    assert sha256_of(made.path / "warehouse.duckdb") == sha256_of(settings.paths.warehouse) == before
    assert made.bytes > 2 * 12288
    assert made.age == "0 min"


def test_any_number_lives_side_by_side_and_is_removed_one_by_one(settings: Settings) -> None:
    for name in ("ann", "bob", "eve"):
        desk.make(settings, name)
    assert {each.name for each in desk.sandboxes(settings)} == {"ann", "bob", "eve"}
    desk.remove(settings, "bob")
    assert {each.name for each in desk.sandboxes(settings)} == {"ann", "eve"}
    with pytest.raises(ConfigError, match="there is no sandbox bob"):
        desk.remove(settings, "bob")


def test_the_only_one_needs_no_name_and_of_several_one_must_be_named(settings: Settings) -> None:
    link = settings.paths.sandboxes / desk.ONLY_ONE
    desk.make(settings, "ann")
    assert (desk.find(settings).name, link.resolve().name) == ("ann", "ann")
    desk.make(settings, "bob")
    assert not link.exists()
    with pytest.raises(ConfigError, match="which sandbox"):
        desk.find(settings)
    assert desk.find(settings_of(settings.home, sandbox="bob")).name == "bob"
    desk.remove(settings, "ann")
    assert link.resolve().name == "bob"


def test_dbt_finds_the_link_under_the_name_in_the_profile() -> None:
    root = Path(__file__).resolve().parents[2]
    assert f"env_var('ONEFUNNEL_SANDBOX', '{desk.ONLY_ONE}')" in (root / "profiles.yml").read_text(encoding="utf-8")


def test_a_name_that_is_taken_is_not_overwritten_unless_asked(settings: Settings) -> None:
    desk.make(settings, "ann")
    build(settings, 2)
    with pytest.raises(ConfigError, match="there already"):
        desk.make(settings, "ann")
    assert value_in(desk.find(settings).path / "warehouse.duckdb") == 1
    assert value_in(desk.make(settings, "ann", anew=True).path / "warehouse.duckdb") == 2


@pytest.mark.parametrize("name", ["", "Ann", "../home", "a/b", ".last-build", "a" * 41])
def test_what_is_no_name_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigError, match="not a name"):
        desk.make(settings, name)


def test_while_a_build_is_writing_the_last_good_one_is_copied(settings: Settings) -> None:
    desk.make(settings, "ann")
    with build_lock(settings):
        build_warehouse(settings, 2)  # what has begun and may yet break off
        assert value_in(desk.make(settings, "bob").path / "warehouse.duckdb") == 1


def test_the_first_one_waits_for_a_build_only_when_asked(settings: Settings) -> None:
    with build_lock(settings), pytest.raises(LockHeld, match="no earlier one was kept"):
        desk.make(settings, "ann")
    assert desk.make(settings, "ann").as_of == AS_OF


def test_a_build_that_broke_off_is_not_copied(settings: Settings) -> None:
    def break_off() -> None:
        with duckdb.connect(str(settings.paths.warehouse)) as db:
            db.execute("delete from landing.built_run")

    desk.make(settings, "ann")
    build_warehouse(settings, 2)
    break_off()
    assert value_in(desk.make(settings, "bob").path / "warehouse.duckdb") == 1
    desk.remove_all(settings)
    with pytest.raises(OnefunnelError, match="no build that ended well"):
        desk.make(settings, "ann")


def test_who_has_no_sandbox_pays_for_no_copy(settings: Settings) -> None:
    desk.make(settings, "ann")
    assert (settings.paths.sandboxes / desk.LAST_BUILD).exists()
    desk.remove(settings, "ann")
    build(settings, 2)
    assert not (settings.paths.sandboxes / desk.LAST_BUILD).exists()


def test_a_copy_that_fails_is_no_failure_of_the_build(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.make(settings, "ann")

    def full(source: Path, target: Path) -> None:
        raise OnefunnelError("the copy failed: no space left")

    monkeypatch.setattr(desk, "_clone", full)
    build(settings, 2)
    with pytest.raises(OnefunnelError, match="no space left"):
        desk.make(settings, "bob")
    assert [each.name for each in desk.sandboxes(settings)] == ["ann"]
    assert not list(settings.paths.sandboxes.glob(".*.tmp"))


def test_an_erase_request_removes_every_sandbox_and_the_kept_build(settings: Settings) -> None:
    settings.paths.landing.mkdir()
    for name in ("ann", "bob"):
        desk.make(settings, name)
    assert forget(settings, "ann@example.com").sandboxes == ("ann", "bob")
    assert {path.name for path in settings.paths.sandboxes.iterdir()} <= {desk.LOCK}
    with pytest.raises(OnefunnelError, match="no build that ended well"):
        desk.make(settings, "ann")


def test_the_shell_finds_dbt_its_state_and_its_target(settings: Settings) -> None:
    made = desk.make(settings, "ann")
    shell = ["sh", "-c", '. "$0"; echo "$DBT_TARGET $ONEFUNNEL_SANDBOX $DBT_STATE"', made.path / "env"]
    said = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.strip()
    assert said == f"sandbox ann {made.path / 'state'}"
