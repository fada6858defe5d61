"""Every KPI and main mart of the real CRM export equals what the oracle calculates from its sheets."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from oracle.compare import assert_same, published
from oracle.entities import Settings
from oracle.funnel import Funnel, build_funnel
from oracle.marts import MARTS
from oracle.zoho import read_zoho

pytestmark = pytest.mark.slow

AS_OF = date(2024, 6, 22)
COMPARED = [mart for mart in MARTS if mart != "mart_payment_plan"]  # the export knows no plan


@pytest.fixture(scope="module")
def funnel(real_data: Path, real_home: Path) -> Funnel:
    with duckdb.connect(str(real_home / "published" / "current.duckdb"), read_only=True) as connection:
        ((source_name,),) = connection.execute("select distinct source_name from facts.fct_lead_funnel").fetchall()
    return build_funnel(read_zoho(real_data, Settings(AS_OF, source_name, "zoho")))


@pytest.mark.parametrize("mart", COMPARED)
def test_mart_equals_the_oracle(mart: str, real: duckdb.DuckDBPyConnection, funnel: Funnel) -> None:
    keys, calculate = MARTS[mart]
    assert_same(published(real, mart), calculate(funnel), keys)


def test_the_export_plans_no_payments(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute("select count(*) from marts.mart_payment_plan").fetchone() == (0,)
