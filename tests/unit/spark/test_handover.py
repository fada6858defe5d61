"""What Spark is handed, and what is taken back, without a Spark."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from onefunnel.dbt import child_environment
from onefunnel.errors import ConfigError
from onefunnel.settings import Settings, load_settings
from onefunnel.spark.handover import hand_over, memory_mib, session_settings, take_back


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def landed(settings: Settings, name: str, columns: str) -> Path:
    part = settings.paths.home / f"{name}.parquet"
    duckdb.sql(f"select {columns}").write_parquet(str(part))
    return part


def told_of(settings: Settings, statements: str, parts: dict[str, list[Path]]) -> dict[str, dict[str, object]]:
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute(f"create schema landing; {statements}")
    hand_over(settings, parts)
    told = json.loads((settings.paths.spark / "told.json").read_text(encoding="utf-8"))
    return {relation["name"]: relation for relation in told["landing"]}


def test_landed_files_are_handed_over_as_they_are(settings: Settings) -> None:
    part = landed(settings, "part", "'7' as \"Id\", 'x' as _source, 1::bigint as _row")
    view = f'create view landing.zoho__deals as select "Id", null::varchar as "Lost", _source, _row from \'{part}\''
    (relation,) = told_of(settings, view, {"zoho__deals": [part]}).values()
    assert relation["columns"] == [["Id", "string"], ["Lost", "string"], ["_source", "string"], ["_row", "bigint"]]
    (link,) = Path(str(relation["folder"])).iterdir()
    assert link.is_symlink()
    assert link.resolve() == part


def test_a_file_whose_columns_are_called_otherwise_is_copied_as_the_view_shows_it(settings: Settings) -> None:
    part = landed(settings, "part", "'7' as \" Id \", 1::bigint as _row")
    (relation,) = told_of(
        settings, f'create view landing.zoho__deals as select " Id " as "Id", _row from \'{part}\'', {"zoho__deals": [part]}
    ).values()
    (copy,) = Path(str(relation["folder"])).iterdir()
    assert not copy.is_symlink()
    assert duckdb.sql(f"from '{copy}'").columns == ["Id", "_row"]


def test_a_time_of_day_is_handed_over_as_that_of_1970(settings: Settings) -> None:
    relations = told_of(settings, "create table landing.working_hours as select 1 as isodow, time '09:30' as opens", {})
    assert relations["working_hours"]["columns"] == [["isodow", "int"], ["opens", "timestamp"]]
    found = duckdb.sql(f"select opens at time zone 'UTC' from '{relations['working_hours']['folder']}/*.parquet'").fetchall()
    assert str(found[0][0]) == "1970-01-01 09:30:00"


def test_views_of_what_is_new_stay_behind(settings: Settings) -> None:
    statements = "create table landing.new_files (a int); create view landing.new_zoho__deals as select 1 as a"
    assert set(told_of(settings, statements, {})) == {"new_files"}


def test_what_is_published_replaces_what_was_there_and_nothing_else_stays(settings: Settings, tmp_path: Path) -> None:
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create schema landing; create schema staging; create schema facts; create table staging.old as select 1 as a")
        db.execute("create table landing.kept as select 1 as a; create table facts.gone as select 1 as a")
    folder = settings.paths.spark / "made"
    folder.mkdir(parents=True)
    duckdb.sql("set TimeZone = 'UTC'")
    duckdb.sql("select 7 as n, timestamptz '2026-03-01 10:00:00+00' as entered_at").write_parquet(str(folder / "part.parquet"))
    (settings.paths.spark / "told.json").write_text(json.dumps({"folder": str(settings.paths.spark)}))
    (settings.paths.spark / "made.json").write_text(json.dumps({"marts.mart": str(folder)}))
    take_back(settings)
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        found = db.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        assert found == [("landing.kept",), ("marts.mart",)]
        assert db.execute("select n, entered_at::varchar, typeof(entered_at) from marts.mart").fetchall() == [
            (7, "2026-03-01 10:00:00", "TIMESTAMP")
        ]
    assert not settings.paths.spark.exists()


@pytest.mark.parametrize(("limit", "mib"), [("4GB", 3814), ("2 GiB", 2048), ("100MB", 1024)])
def test_memory(limit: str, mib: int) -> None:
    assert memory_mib(limit) == mib


def test_more_is_landed_more_parts_there_are(tmp_path: Path) -> None:
    parts = [
        session_settings(Settings(home=tmp_path, threads=2), tmp_path, size)["spark.sql.shuffle.partitions"]
        for size in (0, 1_600_000_000, 10**13)
    ]
    assert parts == ["2", "100", "2000"]


def test_without_an_environment_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, engine="spark", spark_python=tmp_path / "none" / "python")
    with pytest.raises(ConfigError) as error:
        child_environment(settings)
    assert "onefunnel/spark/requirements.txt" in error.value.hint


def test_another_engine_is_refused() -> None:
    with pytest.raises(ConfigError, match="duckdb"):
        load_settings(engine="postgres")
