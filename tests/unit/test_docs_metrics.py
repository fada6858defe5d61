"""docs/metrics.md says what the seed says."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefunnel.docs_metrics import PAGE, SEED, read_kpis, render, write
from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root

HEADER = (
    "kpi_key,label_en,label_ru,department,unit,direction,formula,basis,display_order,is_additive,dated_by,statistic,numerator,"
    "numerator_less,denominator\n"
)
LINE = "romi,ROMI,Окупаемость,marketing,ratio,higher,(income - cost) / cost,cohort,10,false,lead created,ratio,income,cost,cost\n"


def test_the_page_is_what_the_seed_gives() -> None:
    page = (project_root() / PAGE).read_text(encoding="utf-8")
    assert page == render(read_kpis(project_root() / SEED)), "docs/metrics.md is out of date: make docs"


def test_every_kpi_is_on_the_page_once() -> None:
    page = (project_root() / PAGE).read_text(encoding="utf-8")
    for kpi in read_kpis(project_root() / SEED):
        assert page.count(f"\n| `{kpi.key}` |") == 1


def test_a_changed_formula_changes_the_page(tmp_path: Path) -> None:
    seed = tmp_path / SEED
    seed.parent.mkdir()
    seed.write_text(HEADER + LINE, encoding="utf-8")
    before = write(tmp_path).read_text(encoding="utf-8")
    assert "(`income` - `cost`) / `cost`" in before
    seed.write_text(HEADER + LINE.replace(",income,cost,cost", ",income,,cost"), encoding="utf-8")
    after = write(tmp_path).read_text(encoding="utf-8")
    assert "| `income` / `cost` |" in after


@pytest.mark.parametrize(
    ("line", "problem"),
    [(LINE.replace("ratio,higher", "percent,higher"), "unknown unit"), ("romi,ROMI\n", "is missing")],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    seed = tmp_path / "kpis.csv"
    seed.write_text(HEADER + LINE + line, encoding="utf-8")
    with pytest.raises(OnefunnelError, match=problem) as error:
        read_kpis(seed)
    assert "line 3" in error.value.where
