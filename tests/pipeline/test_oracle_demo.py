"""Every KPI and main mart of two demo agencies equals what the oracle calculates from the very files that were loaded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from oracle.compare import assert_same, differences, published
from oracle.entities import Settings
from oracle.funnel import Funnel, build_funnel
from oracle.kpis import KPIS, Kpi, with_added
from oracle.marts import MARTS
from oracle.template import read_template

pytestmark = pytest.mark.slow

SHARED_AS_OF = date(2026, 3, 31)
RUNNING_AS_OF = date(2026, 3, 18)


@pytest.fixture(scope="module")
def shared_night(demo_home: Path, demo_source: Path, hash_key: str) -> tuple[Path, Funnel]:
    """26 months whose last one is over."""
    return demo_home, build_funnel(read_template(demo_source, Settings(SHARED_AS_OF, hash_key=hash_key)))


@pytest.fixture(scope="module")
def running_night(tmp_path_factory: pytest.TempPathFactory, run_cli, hash_key: str) -> tuple[Path, Funnel]:
    """14 months of another agency, seen in the middle of the last one: later rows are delivered, but have not happened yet."""
    folder = tmp_path_factory.mktemp("running")
    run_cli("demo-data", "--out", folder / "source", "--seed", 11, "--months", 14, "--leads-per-month", 80, "--end", "2026-03-31")
    run_cli("run", "--sources", folder / "source" / "sources.yml", "--home", folder / "home", "--as-of", RUNNING_AS_OF)
    return folder / "home", build_funnel(read_template(folder / "source", Settings(RUNNING_AS_OF, hash_key=hash_key)))


@pytest.mark.parametrize("night", ["shared_night", "running_night"])
@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_oracle(night: str, mart: str, request: pytest.FixtureRequest) -> None:
    home, funnel = request.getfixturevalue(night)
    keys, calculate = MARTS[mart]
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as connection:
        assert_same(published(connection, mart), calculate(funnel), keys)


def test_a_kpi_that_is_added_to_the_seed_is_computed_once_more_by_its_line() -> None:
    line = {"kpi_key": "rejection_share", "statistic": "ratio", "numerator": "rejected", "numerator_less": "", "denominator": "leads"}
    assert with_added(KPIS, [line])["rejection_share"] == Kpi("ratio", "rejected", "leads")
    assert with_added(KPIS, [{**line, "kpi_key": "cpl"}]) == KPIS


def test_oracle_knows_every_kpi(demo: duckdb.DuckDBPyConnection) -> None:
    assert {key for (key,) in demo.execute("select kpi_key from facts.dim_kpi").fetchall()} == set(KPIS)


def test_running_month_is_compared_with_the_same_days(running_night: tuple[Path, Funnel]) -> None:
    """Guards the test above: the comparison of the running month must hold figures, or nothing would be compared."""
    home, _ = running_night
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as connection:
        months = connection.execute(
            "select month, count(to_date_previous_month), count(to_date_previous_year) "
            "from marts.mart_kpi_monthly where is_partial group by month"
        ).fetchall()
    assert [month for month, _, _ in months] == [date(2026, 3, 1)]
    assert min(months[0][1:]) > 100


def test_a_wrong_cell_is_reported(shared_night: tuple[Path, Funnel]) -> None:
    """The comparison itself fails on bad data: a cent, a missing row and a null each show up as a difference."""
    home, funnel = shared_night
    keys, calculate = MARTS["mart_channel_economics"]
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as connection:
        actual = published(connection, "mart_channel_economics")
    actual = actual.reset_index(drop=True)
    paying = actual.index[actual["cost"] > 0]
    actual.loc[paying[0], "cost"] = float(actual.loc[paying[0], "cost"]) + 0.01
    actual.loc[paying[1], "cpl"] = None
    found = differences(actual.drop(index=paying[2]), calculate(funnel), keys)
    assert sorted(found["column"]) == ["(row)", "cost", "cpl"]
