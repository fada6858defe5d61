"""A load is whole or absent, whatever kills the process that makes it; the current ones are told by their intervals."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from onefunnel.durable import sha256_of
from onefunnel.errors import OnefunnelError
from onefunnel.interval import Interval
from onefunnel.landing import LandedFile, LoadManifest, StagedLoad, all_loads, current_files, list_loads
from onefunnel.landing.loads import natural_order


def stage(
    landing: Path, as_of: str, rows: int = 1, delivery: str = "full", path: str = "a.csv", columns: tuple[str, ...] = ("id",)
) -> StagedLoad:
    interval = Interval.for_as_of(date.fromisoformat(as_of))
    staged = StagedLoad(landing, system="other", entity="rows", source="src", interval=interval, delivery=delivery)
    part = staged.next_part()
    duckdb.sql(f"select range::varchar as id, {rows} as version from range({rows})").write_parquet(str(part))
    staged.files.append(LandedFile(path, f"sha{rows}", f"print{rows}", part.name, rows, 0, columns))
    return staged


def loads(landing: Path) -> list[LoadManifest]:
    return list_loads(landing, "other", "rows", "src")


def test_nothing_is_seen_before_commit_and_everything_after(tmp_path: Path) -> None:
    staged = stage(tmp_path, "2024-06-01", 3)
    assert loads(tmp_path) == []
    manifest = staged.commit()
    assert loads(tmp_path) == [manifest]
    assert (manifest.rows, manifest.rows_current, manifest.previous_rows_current) == (3, 3, None)
    (part,) = (path for path in manifest.folder(tmp_path).iterdir() if path.name != "manifest.json")
    assert part.name == manifest.files[0].part == f"part-{sha256_of(part)[:16]}.parquet"


def test_a_retry_replaces_its_own_load(tmp_path: Path) -> None:
    stage(tmp_path, "2024-06-01", 3).commit()
    stage(tmp_path, "2024-06-01", 2).commit()
    assert [load.rows for load in loads(tmp_path)] == [2]
    assert not list(tmp_path.rglob(".old-*")) + list(tmp_path.rglob(".tmp-*"))


def test_content_that_lands_again_in_its_interval_has_been_here_since_it_first_came(tmp_path: Path) -> None:
    first = stage(tmp_path, "2024-06-01", 3).commit()
    again = stage(tmp_path, "2024-06-01", 3).commit()
    assert again.landed_at > first.landed_at
    assert again.files == first.files
    changed = stage(tmp_path, "2024-06-01", 4).commit()
    assert changed.files[0].landed_at == changed.landed_at


def test_the_same_load_has_the_same_content_hash(tmp_path: Path) -> None:
    first, second = stage(tmp_path, "2024-06-01", 3).commit(), stage(tmp_path, "2024-06-01", 3).commit()
    assert first.sha256 == second.sha256


@pytest.mark.faults
@pytest.mark.parametrize("point", ["extract.before_rename", "extract.between_renames", "extract.after_rename"])
def test_killed_while_committing_the_next_attempt_finds_a_whole_load(tmp_path: Path, point: str) -> None:
    stage(tmp_path, "2024-06-01", 3).commit()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_loads import stage; from pathlib import Path; "
        "stage(Path(sys.argv[2]), '2024-06-01', 5).commit()"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)], env={"ONEFUNNEL_FAULT_AT": point, "PATH": ""}, check=False
    )
    assert killed.returncode == -9
    assert [load.rows for load in loads(tmp_path)] in ([3], [5], [])
    stage(tmp_path, "2024-06-02", 1, path="b.csv").commit()
    assert [load.rows for load in loads(tmp_path)] == [5 if point == "extract.after_rename" else 3, 1]
    assert not list(tmp_path.rglob(".old-*")) + list(tmp_path.rglob(".tmp-*"))


def test_full_deliveries_replace_by_path_and_by_content_in_order_of_intervals(tmp_path: Path) -> None:
    newer = stage(tmp_path, "2024-06-02", 5).commit()
    older = stage(tmp_path, "2024-06-01", 3).commit()
    assert [load.load_id for load, _ in current_files([newer, older])] == [newer.load_id]
    renamed = replace(newer, load_id="20990101T000000-x", files=(replace(newer.files[0], path="b.csv"),))
    assert [item.path for _, item in current_files([newer, renamed])] == ["b.csv"]


def test_deltas_all_count(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        manifest = stage(tmp_path, f"2024-06-0{day}", day, delivery="delta").commit()
    assert (manifest.rows, manifest.rows_current, manifest.previous_rows_current) == (3, 6, 3)


def test_columns_are_compared_with_the_load_before_without_case(tmp_path: Path) -> None:
    stage(tmp_path, "2024-06-01", 1, columns=("Id", "Old")).commit()
    manifest = stage(tmp_path, "2024-06-02", 2, columns=("ID", "New")).commit()
    assert (manifest.new_columns, manifest.absent_columns) == (("New",), ("Old",))


def test_a_damaged_manifest_is_told(tmp_path: Path) -> None:
    manifest = stage(tmp_path, "2024-06-01").commit()
    (manifest.folder(tmp_path) / "manifest.json").write_text('{"source": ')
    with pytest.raises(OnefunnelError, match="manifest is damaged"):
        all_loads(tmp_path)


def test_a_manifest_survives_its_file(tmp_path: Path) -> None:
    manifest = stage(tmp_path, "2024-06-01").commit()
    path = manifest.folder(tmp_path) / "manifest.json"
    assert LoadManifest.read(path) == manifest
    assert json.loads(path.read_text())["files"][0]["path"] == "a.csv"
    assert all_loads(tmp_path, {("another", manifest.system, manifest.entity)}) == []


def test_an_entity_that_nobody_names_any_more_is_not_shown(tmp_path: Path) -> None:
    manifest = stage(tmp_path, "2024-06-01").commit()
    assert all_loads(tmp_path, {(manifest.source, manifest.system, manifest.entity)}) == [manifest]
    assert all_loads(tmp_path, {(manifest.source, manifest.system, "payments")}) == []
    assert all_loads(tmp_path, {(manifest.source, "another", manifest.entity)}) == []


def test_what_is_read_whole_replaces_what_was_delivered_under_any_name(tmp_path: Path) -> None:
    stage(tmp_path, "2024-06-01", 3, path="leads.csv").commit()
    stage(tmp_path, "2024-06-02", 2, delivery="delta", path="more.csv").commit()
    manifest = stage(tmp_path, "2024-06-03", 4, delivery="whole", path="crm_leads").commit()
    assert [item.path for _, item in current_files(loads(tmp_path))] == ["crm_leads"]
    assert (manifest.rows_current, manifest.previous_rows_current) == (4, 5)


def test_files_of_a_load_are_ordered_as_people_number_them() -> None:
    names = ["ads/spend_9.csv", "ads/spend_10.csv", "ads/Spend_11.csv", "b/export.csv", "b/export (2).csv", "b/export (10).csv"]
    assert sorted(reversed(names), key=natural_order) == names
