"""The KPIs as dbt metrics: dbt reads them, and MetricFlow's own command gives the figures of the marts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from nights import ROOT

pytestmark = pytest.mark.slow
MAKE = ROOT / "dashboards/metricflow/make.py"


def make(python: Path, published: Path, project: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, MAKE, "--published", published, "--project", project]
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def figures(published: Path, channel: str) -> pd.DataFrame:
    """Sums and ratios of the marts, one row per month and one column per KPI; of channels under their label."""
    with duckdb.connect(str(published), read_only=True) as db:
        rows = db.execute(
            "select month, channels.label_en as channel, kpi, case statistic when 'sum' then coalesce(value, 0) else value end as value "
            "from marts.mart_kpi_monthly join facts.dim_kpi on kpi = kpi_key left join facts.dim_channel as channels using (channel_key) "
            f"where statistic in ('sum', 'ratio') and channel_key {channel}"
        ).df()
    return rows.pivot(index=["month", "channel"], columns="kpi", values="value").reset_index()


def test_dbt_reads_every_sum_and_ratio_as_a_metric(demo_home: Path, tmp_path: Path) -> None:
    published = demo_home / "published/current.duckdb"
    said = make(Path(sys.executable), published, tmp_path / "project")
    kpis = figures(published, "= 'all'").columns.drop(["month", "channel"])
    assert said.startswith(f"{len(kpis)} KPIs are metrics")
    assert {"leads", "cpl", "romi"} <= set(kpis)


def test_nothing_published_is_said(tmp_path: Path) -> None:
    command = [sys.executable, str(MAKE), "--published", str(tmp_path / "current.duckdb"), "--project", str(tmp_path / "project")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "what to do: run a night first" in done.stderr


@pytest.fixture(scope="module")
def mf() -> Path:
    """MetricFlow's command."""
    named = os.environ.get("ONEFUNNEL_METRICFLOW")
    command = Path(named or ROOT / ".metricflow" / "venv") / "bin" / "mf"
    if not command.exists():
        pytest.skip("no MetricFlow here: docs/bi.md says how to set it up, ONEFUNNEL_METRICFLOW names another environment")
    return command


@pytest.mark.bi
@pytest.mark.parametrize(("channel", "by"), [("= 'all'", []), ("<> 'all'", ["channel__label_en"])], ids=["all", "by channel"])
def test_a_query_gives_the_figures_of_the_mart(demo_home: Path, tmp_path: Path, mf: Path, channel: str, by: list[str]) -> None:
    published = demo_home / "published/current.duckdb"
    make(mf.with_name("python"), published, tmp_path / "project")
    wanted = figures(published, channel)
    kpis = list(wanted.columns.drop(["month", "channel"]))
    command = [
        mf,
        "query",
        "--metrics",
        ",".join(kpis),
        "--group-by",
        ",".join(["metric_time__month", *by]),
        "--csv",
        tmp_path / "told.csv",
    ]
    done = subprocess.run([str(word) for word in command], cwd=tmp_path / "project", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    told = pd.read_csv(tmp_path / "told.csv", parse_dates=["metric_time__month"]).rename(columns={"metric_time__month": "month"})
    keys = ["month", "channel"] if by else ["month"]
    told = told.rename(columns={"channel__label_en": "channel"}).set_index(keys)[kpis].sort_index()
    wanted = wanted.set_index(keys)[kpis].sort_index()
    assert len(told) == len(wanted) > 20
    pd.testing.assert_frame_equal(told.astype(float), wanted.astype(float), check_names=False, check_index_type=False, rtol=1e-9)
