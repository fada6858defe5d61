"""A real Superset: what dashboards/superset makes is imported, every chart gives the marts' figures, a rollback the older ones.

Runs where `make superset` has set up its environment, or ONEFUNNEL_SUPERSET names one.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml
from nights import ROOT

from onefunnel.durable import flip_symlink

pytestmark = [pytest.mark.slow, pytest.mark.bi]
PASSWORD = "of-a-test-alone"  # noqa: S105
SPEC = yaml.safe_load((ROOT / "dashboards/superset/spec.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment() -> Path:
    """Folder of the programs of Superset's environment."""
    named = os.environ.get("ONEFUNNEL_SUPERSET")
    programs = Path(named or ROOT / ".superset" / "venv") / "bin"
    if not (programs / "superset").exists():
        pytest.skip("no Superset here: make superset sets it up (900 MB), ONEFUNNEL_SUPERSET names another environment")
    return programs


@pytest.fixture(scope="module")
def published(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's publication, with a second version in which every figure is doubled."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copy(demo_home / "published/current.duckdb", folder / "one.duckdb")
    shutil.copy(folder / "one.duckdb", folder / "two.duckdb")
    (folder / "two.duckdb").chmod(0o644)
    with duckdb.connect(str(folder / "two.duckdb")) as db:
        db.execute("update marts.mart_kpi_monthly set value = value * 2")
    flip_symlink(folder / "current.duckdb", "one.duckdb")
    return folder


def make(environment: Path, published: Path, state: Path) -> str:
    command = [environment / "python", ROOT / "dashboards/superset/make.py", "--published", published / "current.duckdb", "--state", state]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"SUPERSET_ADMIN_PASSWORD": PASSWORD}
    done = subprocess.run([str(word) for word in command], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client(environment: Path, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Superset with everything imported, twice, asked as its user admin."""
    state = tmp_path_factory.mktemp("superset")
    make(environment, published, state)
    assert "2 dashboards, 9 charts" in make(environment, published, state)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (state / "log").open("w") as log:
        server = subprocess.Popen(
            [environment / "superset", "run", "-p", str(port)],
            env=variables | {"SUPERSET_CONFIG_PATH": str(state / "superset_config.py")},
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as asking:
            deadline = time.monotonic() + 240
            while True:
                try:
                    asking.get("/health")
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < deadline, (state / "log").read_text()[-3000:]
                    time.sleep(1)
            login = {"username": "admin", "password": PASSWORD, "provider": "db", "refresh": False}
            asking.headers["Authorization"] = f"Bearer {asking.post('/api/v1/security/login', json=login).json()['access_token']}"
            yield asking
    finally:
        server.terminate()
        server.wait(30)


def told(client: httpx.Client, title: str) -> list[dict[str, Any]]:
    """The rows that a chart shows, asked anew."""
    charts = client.get("/api/v1/chart/", params={"q": "(page_size:100)"}).json()["result"]
    (number,) = [chart["id"] for chart in charts if chart["slice_name"] == title]
    answer = client.get(f"/api/v1/chart/{number}/data/", params={"force": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"][0]["data"]


def from_marts(published: Path, chart: dict[str, Any]) -> set[tuple[Any, ...]]:
    """The same figures by plain SQL on the published file."""
    dataset = SPEC["datasets"][chart["dataset"]]
    by = [*([f"epoch_ms({dataset['time']})"] if chart["kind"] != "table" else []), *chart["by"]]
    metrics = [dataset["metrics"][metric]["sql"] for metric in chart["metrics"]]
    wanted = [f"{column} = ?" for column in chart.get("where", {})] + [f"{column} <> ?" for column in chart.get("except", {})]
    values = [*chart.get("where", {}).values(), *chart.get("except", {}).values()]
    with duckdb.connect(str(published / "current.duckdb"), read_only=True) as db:
        rows = db.execute(f"select {', '.join(by + metrics)} from ({dataset['sql']}) where {' and '.join(wanted)} group by all", values)
        return {comparable(row) for row in rows.fetchall()}


def comparable(row: Any) -> tuple[Any, ...]:
    """Numbers to nine digits; a day as the milliseconds that Superset tells."""
    import datetime

    def one(value: Any) -> Any:
        if isinstance(value, datetime.date):
            value = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC).timestamp() * 1000
        return value if value is None or isinstance(value, str | bool) else f"{float(value):.9g}"

    return tuple(one(value) for value in row)


@pytest.mark.parametrize("name", SPEC["charts"])
def test_a_chart_shows_what_the_marts_hold(client: httpx.Client, published: Path, name: str) -> None:
    chart = SPEC["charts"][name]
    rows = told(client, chart["title"])
    assert len(rows) > 3
    assert {comparable(row.values()) for row in rows} == from_marts(published, chart)


def test_both_dashboards_hold_their_charts_and_columns_are_described(client: httpx.Client) -> None:
    found = {each["slug"]: each["id"] for each in client.get("/api/v1/dashboard/").json()["result"]}
    assert set(found) == {"ceo", "channel-manager"}
    for slug, number in found.items():
        held = {chart["slice_name"] for chart in client.get(f"/api/v1/dashboard/{number}/charts").json()["result"]}
        dashboard = SPEC["dashboards"][slug.replace("-", "_")]
        assert held == {SPEC["charts"][chart]["title"] for row in dashboard["rows"] for chart in row}
    datasets = client.get("/api/v1/dataset/").json()["result"]
    assert {each["table_name"] for each in datasets} == set(SPEC["datasets"])
    for each in datasets:
        dataset = client.get(f"/api/v1/dataset/{each['id']}").json()["result"]
        assert all(column["description"] for column in dataset["columns"]), each["table_name"]
        assert all(metric["description"] for metric in dataset["metrics"])


def test_a_next_version_is_shown_and_a_rollback_shows_the_older_figures(client: httpx.Client, published: Path) -> None:
    title = SPEC["charts"]["revenue_by_month"]["title"]

    def by_month() -> dict[Any, float]:
        return {row["month"]: row["figure"] for row in told(client, title)}

    first = by_month()
    assert len(first) > 20
    flip_symlink(published / "current.duckdb", "two.duckdb")
    assert by_month() == pytest.approx({month: 2 * figure for month, figure in first.items()})
    flip_symlink(published / "current.duckdb", "one.duckdb")
    assert by_month() == first
