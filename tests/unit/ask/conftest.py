"""A published file of a few figures."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose published file holds some KPIs, and a table that is nobody's business."""
    folder = tmp_path_factory.mktemp("ask")
    (folder / "published").mkdir()
    with duckdb.connect(str(folder / "published/current.duckdb")) as db:
        db.execute("create schema marts; create schema facts; create schema onefunnel")
        db.execute("create table onefunnel.candidate as select 'canary' as parent")
        db.execute("create table marts.mart_publication as select 'v1' as version")
        db.execute(
            "create table facts.dim_kpi as select 'cpl' as kpi_key, 'Cost per lead' as label_en, 'Стоимость заявки' as label_ru, "
            "'marketing' as department, 'base_currency' as unit, 'lower' as direction, 'cost / leads' as formula, "
            "null::varchar as unknown_because, 30 as display_order"
        )
        db.execute(
            "create table marts.mart_kpi_monthly as select (date '2026-01-01' + to_months(range::integer))::date as month, 'cpl' as kpi, "
            "'all' as channel_key, range + 0.5 as value, 1.25::decimal(30, 4) as numerator, 1::decimal(30, 4) as denominator, "
            "false as is_partial, null::double as mom_pct, null::double as yoy_pct from range(3)"
        )
        db.execute(
            "comment on table marts.mart_kpi_monthly is 'Every KPI.'; comment on column marts.mart_kpi_monthly.value is 'The figure.'"
        )
    return folder


@pytest.fixture
def published(home: Path) -> Path:
    return home / "published/current.duckdb"
