"""What dbt sees of the landing."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import pytest
import yaml

from onefunnel.config import PipelineConfig, load_config
from onefunnel.entities import known_systems
from onefunnel.errors import LockHeld, OnefunnelError
from onefunnel.extract import extract_source
from onefunnel.interval import Interval
from onefunnel.landing import has_loads, register_landing
from onefunnel.settings import Settings

DAY = date(2024, 6, 22)


class Night:
    """Sources in a folder, landed and registered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "home", hash_key="a-key-for-tests-only-0123456789")
        self.sources = [
            {"name": "crm", "system": "zoho", "connector": "files", "date_order": "dmy", "entities": {"deals": {"path": "deals*.csv"}}},
            {"name": "one", "system": "template", "connector": "files", "currency": "USD", "entities": {"leads": {"path": "one.csv"}}},
            {"name": "two", "system": "template", "connector": "files", "owner": "sales", "entities": {"leads": {"path": "two.csv"}}},
        ]
        (folder / "deals.csv").write_text("Id,Created Time,Stage,Source,Surplus\n1,22.06.2024 10:00,New,Facebook Ads,x\n")
        (folder / "one.csv").write_text("LEAD_ID,created_at,channel,contact_email\n7,2024-06-22,seo,a@b.c\n8,2024\n")
        (folder / "two.csv").write_text("lead_id,channel,created_at,country\n9,ppc,2024-06-21,DE\n")

    @property
    def config(self) -> PipelineConfig:
        path = self.folder / "sources.yml"
        reporting = {"time_zone": "Europe/Berlin", "working_hours": {"mon": "09:00-17:30", "sat": "10:00-12:00"}}
        path.write_text(yaml.safe_dump({"version": 1, "reporting": reporting, "lookback_days": 14, "sources": self.sources}))
        return load_config(path)

    def land(self, day: date = DAY) -> None:
        for source in self.config.sources:
            extract_source(self.config, source, Interval.for_as_of(day, "Europe/Berlin"), self.settings)

    def register(self, day: date = DAY) -> None:
        register_landing(self.settings.paths.warehouse, self.config, self.settings, day)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.paths.warehouse), read_only=True) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


@pytest.mark.slow
def test_without_anything_landed_every_view_is_there_and_empty(night: Night) -> None:
    night.register()
    for system, entities in known_systems().items():
        for name, entity in entities.items():
            described = night.query(f'describe landing."{system}__{name}"')
            assert [column for column, *_ in described] == [*entity.columns, "_typed", "_source", "_load_id", "_file", "_row"]
            assert {kind for _, kind, *_ in described[:-1]} == {"VARCHAR"}
            assert night.query(f'select count(*) from landing."{system}__{name}"') == [(0,)]
    assert not has_loads(night.settings, "crm")


def test_views_show_the_contract_of_all_sources_whatever_the_case_and_order(night: Night) -> None:
    night.land()
    night.register()
    rows = night.query(
        "select _source, lead_id, channel, country, length(contact_email), _file, _row from landing.template__leads order by 1, 2"
    )
    assert rows == [("one", "7", "seo", None, 64, "one.csv", 1), ("two", "9", "ppc", "DE", None, "two.csv", 1)]
    assert night.query('select "Source", _source from landing.zoho__deals') == [("Facebook Ads", "crm")]
    assert has_loads(night.settings, "crm")


def test_the_run_and_its_sources(night: Night) -> None:
    night.land()
    night.register()
    assert night.query("from landing.pipeline_run") == [(DAY, "Europe/Berlin", "EUR", 14, datetime(2024, 6, 22, 22, 0), 1, None, None, 7)]
    assert night.query("from landing.working_hours order by isodow") == [(1, time(9), time(17, 30)), (6, time(10), time(12))]
    settings = night.query("select source_name, source_system, date_order, currency, owner from landing.source_settings order by 1")
    assert settings == [
        ("crm", "zoho", "dmy", "EUR", "data-team"),
        ("one", "template", "ymd", "USD", "data-team"),
        ("two", "template", "ymd", "EUR", "sales"),
    ]
    assert night.query("select source_name, entity, file_name, row_number, rule from landing.rejected_rows") == [
        ("one", "leads", "one.csv", 2, "missing_columns")
    ]


def test_superseded_parts_are_not_shown_nor_their_rejected_rows(night: Night) -> None:
    night.land(date(2024, 6, 21))
    (night.folder / "one.csv").write_text("lead_id,created_at,channel\n7,2024-06-22,seo\n")
    night.land()
    night.register()
    assert night.query("select count(*) from landing.template__leads where _source = 'one'") == [(1,)]
    assert night.query("select count(*) from landing.rejected_rows") == [(0,)]
    shown = night.query("select interval_end_at, rows, file_count, is_current from landing.loads where source_name = 'one' order by 1")
    assert shown == [(datetime(2024, 6, 21, 22), 1, 1, False), (datetime(2024, 6, 22, 22), 1, 1, True)]


def test_a_source_that_left_the_list_is_not_shown(night: Night) -> None:
    night.land()
    night.sources.pop(1)
    night.register()
    assert night.query("select distinct _source from landing.template__leads") == [("two",)]


def test_a_source_that_changed_its_system_is_not_read_twice(night: Night) -> None:
    night.land(date(2024, 6, 21))
    night.sources[1]["system"] = "acme_crm"
    night.register()
    assert night.query("select _source from landing.template__leads") == [("two",)]


def test_a_new_system_is_shown_as_it_was_delivered(night: Night) -> None:
    night.sources = [{"name": "x", "system": "acme", "connector": "files", "entities": {"visits": {"path": "two.csv"}}}]
    night.land()
    night.register()
    assert night.query("select country, _source from landing.acme__visits") == [("DE", "x")]


def test_a_registration_that_fails_leaves_the_one_before(night: Night) -> None:
    night.land()
    night.register()
    next(night.settings.paths.landing.rglob("part-*.parquet")).unlink()
    with pytest.raises(OnefunnelError, match="landed file is gone"):
        night.register(date(2024, 6, 23))
    assert night.query("select as_of from landing.pipeline_run") == [(DAY,)]


def test_a_damaged_warehouse_is_set_aside_and_built_anew(night: Night) -> None:
    night.land()
    night.register()
    night.settings.paths.warehouse.write_bytes(b"\0" * 12_288)
    night.register()
    assert night.query("select count(*) from landing.template__leads") == [(2,)]
    assert len(list(night.settings.paths.home.glob("warehouse.duckdb.damaged-*"))) == 1


def test_a_warehouse_in_use_is_told(night: Night) -> None:
    night.register()
    code = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(night.settings.paths.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LockHeld, match="another process"):
            night.register()
    finally:
        holder.communicate("")


def test_a_registered_part_is_what_is_read_whatever_lands_meanwhile(night: Night) -> None:
    """A file that sorts before the others arrives while a build runs, and its interval is extracted again."""
    night.sources = [{"name": "one", "system": "template", "connector": "files", "entities": {"leads": {"path": "leads-*.csv"}}}]
    for name in ("b", "c"):
        (night.folder / f"leads-{name}.csv").write_text(f"lead_id,created_at,channel\n{name},2024-06-22,seo\n")
    night.land()
    night.register()
    (night.folder / "leads-a.csv").write_text("lead_id,created_at,channel\na,2024-06-22,seo\n")
    night.land()
    read = "select lead_id from landing.template__leads order by 1"
    assert night.query(read) == [("b",), ("c",)]
    night.register()
    assert night.query(read) == [("a",), ("b",), ("c",)]
