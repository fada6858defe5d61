"""The benchmark's data must be consistent, and its peers must compute what the models compute; else its ratios mean nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from parse_once import hand_on_parse

from benchmarks.generate import generate
from benchmarks.limit import TABLES, compare, run_limit
from benchmarks.measure import run
from benchmarks.pandas_kpis import kpis
from benchmarks.scenario import FIRST_NIGHT, SECOND_NIGHT, add_delivery, measure_night, same_kpis, write_source

LEADS = 1_000


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agency")
    generate(folder, LEADS)
    return folder


def count(folder: Path, question: str) -> int:
    with duckdb.connect() as db:
        for entity in ("leads", "stage_events", "payments"):
            db.execute(f"create view {entity} as from read_parquet('{folder / entity}.parquet')")
        return db.execute(question).fetchone()[0]


@pytest.mark.slow
def test_generated_files_refer_to_generated_leads(delivery: Path) -> None:
    assert count(delivery, "select count(distinct lead_id) from leads") == LEADS
    assert count(delivery, "select count(*) from stage_events anti join leads using (lead_id)") == 0
    assert count(delivery, "select count(*) from payments anti join leads using (lead_id)") == 0
    for entity, key in (("stage_events", "event_id"), ("payments", "payment_id")):
        rows = count(delivery, f"select count(*) from {entity}")
        assert rows > LEADS
        assert count(delivery, f"select count(distinct {key}) from {entity}") == rows
    assert count(delivery, "select count(*) from stage_events join leads using (lead_id) where entered_at < created_at") == 0


def test_second_delivery_holds_only_new_leads(delivery: Path, tmp_path: Path) -> None:
    add_delivery(tmp_path, LEADS)
    later = tmp_path / "delivery-2"
    assert count(later, "select count(*) from leads") == LEADS // 100
    assert count(later, f"select count(*) from leads semi join '{delivery / 'leads.parquet'}' using (lead_id)") == 0
    assert count(later, "select count(*) from stage_events anti join leads using (lead_id)") == 0
    assert count(later, f"select max(created_at) <= '{SECOND_NIGHT} 18:00:00' from leads")


def test_a_failing_process_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with code"):
        run(["false"])
    assert run(["true"]).wall > 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, parsed_home: Path) -> Path:
    folder = tmp_path_factory.mktemp("built")
    hand_on_parse(parsed_home, folder / "home")
    write_source(folder, LEADS)
    night = measure_night(folder, folder / "home", FIRST_NIGHT, lambda line: None)
    assert night.rows["leads"] == LEADS
    assert night.parts["covered"] > 0
    return folder / "home"


@pytest.mark.slow
def test_limit_agrees_with_the_models_and_a_wrong_figure_shows(home: Path, tmp_path: Path) -> None:
    result = tmp_path / "limit.duckdb"
    run_limit(home / "landing", result, FIRST_NIGHT)
    found = {item.table: item for item in compare(home / "warehouse.duckdb", result)}
    assert set(found) == set(TABLES)
    assert all(item.is_equal and item.rows for item in found.values()), found

    with duckdb.connect(str(result)) as db:
        db.execute("update fct_payment set amount_base = amount_base + 0.01 where payment_key = (select min(payment_key) from fct_payment)")
        db.execute("update mart_kpi_monthly set value = value * 1.0000001 where kpi = 'ltv'")
    wrong = [item.table for item in compare(home / "warehouse.duckdb", result) if not item.is_equal]
    assert wrong == ["fct_payment", "mart_kpi_monthly"]


@pytest.mark.slow
def test_pandas_agrees_with_the_models_and_a_wrong_cell_shows(home: Path, tmp_path: Path) -> None:
    warehouse, result = home / "warehouse.duckdb", tmp_path / "pandas.parquet"
    found = kpis(home / "landing", pd.Timestamp(FIRST_NIGHT))
    with duckdb.connect(str(warehouse), read_only=True) as db:
        known = {kpi for (kpi,) in db.execute("select kpi_key from seeds.kpis").fetchall()}
    # the generated agency has no payment plan
    assert known - set(found["kpi"]) == {"plan_fulfilment"}

    def is_same(cells: pd.DataFrame) -> bool:
        cells.to_parquet(result)
        return same_kpis(warehouse, result)

    assert is_same(found)
    first_ratio = found.index[(found["kpi"] == "cpl") & found["value"].notna()][0]
    first_zero = found.index[(found["kpi"] == "new_clients") & (found["value"] == 0)][0]
    assert is_same(found.drop(first_zero)), "nothing and 0 are the same in a sum"
    for wrong in (found.at[first_ratio, "value"] * 1.000001, 0, None):
        assert not is_same(found.assign(value=found["value"].where(found.index != first_ratio, wrong))), wrong
    assert not is_same(found.drop(first_ratio))
    assert not is_same(found.iloc[:0])
