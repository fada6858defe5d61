"""Reports with titles and totals around their table, workbooks whose cells have types under a decimal comma: one night, every figure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from nights import ROOT, RunCli

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Iterator[duckdb.DuckDBPyConnection]:
    home: Path = tmp_path_factory.mktemp("tables") / "home"
    run_cli("run", "--sources", ROOT / "tests/cases/tables.yml", "--home", home, "--as-of", "2026-03-31")
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(("source", "payments", "revenue"), [("workbook", 4, "3436.87"), ("workbook_numbers", None, "2227.50")])
def test_typed_cells_of_a_workbook_are_not_read_again_as_text(
    published: duckdb.DuckDBPyConnection, source: str, payments: int | None, revenue: str
) -> None:
    count, amount = published.execute("select count(*), sum(amount_base) from facts.fct_payment where source_name = ?", [source]).fetchone()
    assert amount.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(revenue)
    assert payments in (None, count)


def test_titles_and_totals_are_no_rows(published: duckdb.DuckDBPyConnection) -> None:
    query = "select source_name, count(*), sum(cost_base), sum(impressions) from facts.fct_ad_spend group by 1 order by 1"
    titles, totals = published.execute(query).fetchall()
    assert titles == ("titles", 1, Decimal("1200.50"), 12345)
    assert totals[0] == "totals"
    assert totals[2] == 100 * totals[1]
    assert totals[3] == 1000 * totals[1]
    # the day whose cost the platform does not say is a row all the same, and is shown
    left = published.execute("select source_name, rule from facts.fct_quarantine where entity = 'ad_spend'").fetchall()
    assert left == [("totals", "missing_amount")]
