"""The candidate holds facts and marts, no person, and the same tables for the same data."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from small_home import build_warehouse, passing_gate

from onefunnel.errors import OnefunnelError
from onefunnel.publish.candidate import find_candidate, leftovers, make_candidate
from onefunnel.publish.publication import publish
from onefunnel.publish.warehouse import before_build, set_aside_if_damaged
from onefunnel.settings import Settings

AS_OF = date(2026, 3, 31)


def test_personal_columns_are_left_out(settings: Settings) -> None:
    build_warehouse(settings, 1)
    candidate = make_candidate(settings, None, AS_OF, "run")
    with duckdb.connect(str(candidate.path), read_only=True) as db:
        columns = {row[0] for row in db.execute("select column_name from duckdb_columns() where schema_name = 'facts'").fetchall()}
    assert "amount_base" in columns
    assert "contact_email" not in columns


def test_the_version_is_written_into_the_file(settings: Settings) -> None:
    build_warehouse(settings, 1)
    candidate = make_candidate(settings, None, AS_OF, "run")
    with duckdb.connect(str(candidate.path), read_only=True) as db:
        assert db.execute("select version, quality_status from marts.mart_publication").fetchone() == (candidate.version, "pass")
    assert candidate.version.startswith("20260331-")


def test_equal_data_give_equal_contents_though_the_warehouse_shuffles_rows(settings: Settings) -> None:
    contents = []
    for run in ("one", "two"):
        build_warehouse(settings, 7)
        candidate = make_candidate(settings, None, AS_OF, run)
        publish(candidate, passing_gate(candidate), settings)
        with duckdb.connect(str(settings.paths.current), read_only=True) as db:
            contents.append(db.execute("select list(channel_key) from marts.mart_kpi_monthly").fetchone())
    assert contents[0] == contents[1]


def test_a_leftover_of_a_killed_run_is_removed(settings: Settings) -> None:
    build_warehouse(settings, 1)
    settings.paths.published.mkdir(parents=True)
    left = settings.paths.published / ".candidate-20260330-old.duckdb"
    left.write_bytes(b"half")
    candidate = make_candidate(settings, None, AS_OF, "run")
    assert leftovers(settings.paths.published) == [candidate.path]


def test_another_process_finds_the_candidate(settings: Settings) -> None:
    build_warehouse(settings, 1)
    made = make_candidate(settings, None, AS_OF, "run")
    assert find_candidate(settings) == made


def test_a_warehouse_rebuilt_for_another_day_is_refused(settings: Settings) -> None:
    build_warehouse(settings, 1, date(2026, 3, 30))
    with pytest.raises(OnefunnelError, match="another run rebuilt it"):
        make_candidate(settings, None, AS_OF, "run")
    assert not leftovers(settings.paths.published)


def test_no_warehouse_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(OnefunnelError, match="onefunnel build"):
        make_candidate(settings, None, AS_OF, "run")


def test_a_damaged_warehouse_is_set_aside_and_nothing_half_written_remains(settings: Settings) -> None:
    build_warehouse(settings, 1)
    content = bytearray(settings.paths.warehouse.read_bytes())
    content[12288 : len(content)] = bytes(len(content) - 12288)
    settings.paths.warehouse.write_bytes(content)
    with pytest.raises(OnefunnelError):
        make_candidate(settings, None, AS_OF, "run")
    assert not leftovers(settings.paths.published)


@pytest.mark.parametrize("keep", [100, 20_000])
def test_a_truncated_warehouse_is_found_and_moved_out_of_the_way(settings: Settings, keep: int) -> None:
    build_warehouse(settings, 1)
    content = settings.paths.warehouse.read_bytes()
    settings.paths.warehouse.write_bytes(content[:keep])
    aside = set_aside_if_damaged(settings)
    assert aside is not None
    assert aside.exists()
    assert not settings.paths.warehouse.exists()


def test_a_sound_warehouse_stays(settings: Settings) -> None:
    build_warehouse(settings, 1)
    assert set_aside_if_damaged(settings) is None
    assert settings.paths.warehouse.exists()


def test_the_build_is_told_what_an_earlier_day_published(settings: Settings) -> None:
    build_warehouse(settings, 3, date(2026, 3, 30))
    assert before_build(settings, date(2026, 3, 30)) is None
    candidate = make_candidate(settings, None, date(2026, 3, 30), "run")
    publish(candidate, passing_gate(candidate), settings)
    build_warehouse(settings, 4)
    # a repeated night compares with the earlier day, not with its own first try
    for _ in range(2):
        assert before_build(settings, AS_OF) == candidate.version
        with duckdb.connect(str(settings.paths.warehouse), read_only=True) as db:
            assert db.execute("select distinct value, version from landing.previous_kpi_monthly").fetchall() == [(3.0, candidate.version)]
        repeated = make_candidate(settings, None, AS_OF, "again")
        publish(repeated, passing_gate(repeated), settings)
