"""Bad data on a whole night: exit 3, the old version still read, the reason told; and what no night may leave behind (faults 9, 13, 25)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from nights import RunCli
from receiver import Receiver

pytestmark = [pytest.mark.slow, pytest.mark.faults]

FIRST, SECOND = "2026-03-30", "2026-03-31"
CANARY = "canary.person@example.org"
DIGEST = "digest: {to: [{url_env: CHEF_URL}, {url_env: CHEF_URL, language: ru}], pdf: false}\n"


@pytest.fixture(scope="module")
def chef() -> Iterator[Receiver]:
    """Who gets the morning message."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli, chef: Receiver) -> Path:
    """Folder with `source/` (three clean months, one lead with the canary's address) and `home/` with a published night."""
    folder = tmp_path_factory.mktemp("held-back")
    run_cli("demo-data", "--out", folder / "source", "--seed", 5, "--months", 3, "--leads-per-month", 60, "--end", FIRST, "--clean")
    leads = folder / "source" / "leads.csv"
    lines = leads.read_text().splitlines()
    at = lines[0].split(",").index("contact_email")
    cells = lines[1].split(",")
    cells[at] = CANARY
    leads.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    sources = folder / "source" / "sources.yml"
    sources.write_text(sources.read_text() + DIGEST)
    run_cli("run", "--sources", sources, "--home", folder / "home", "--as-of", FIRST, env={"CHEF_URL": chef.url})
    return folder


def _only_the_header(source: Path) -> None:
    leads = source / "leads.csv"
    leads.write_text(leads.read_text().splitlines()[0] + "\n")


def _night_that_is_held_back(
    published: Path, run_cli: RunCli, chef: Receiver, folder: Path, spoil: Callable[[Path], None], gate: str
) -> str:
    """What the night on spoilt files says, in a copy of the agency; BI keeps the old version, and who is on call is told."""
    morning, on_call = list(chef.messages), Receiver()
    shutil.copytree(published, folder, symlinks=True)
    source, home = folder / "source", folder / "home"
    before = json.loads((home / "published/manifest.json").read_text())["version"]
    spoil(source)
    urls = {"CHEF_URL": chef.url, "ONEFUNNEL_ALERT_URLS": on_call.url}
    held = run_cli("run", "--sources", source / "sources.yml", "--home", home, "--as-of", SECOND, code=3, env=urls)
    on_call.stop()
    assert f"the gate on {gate} is closed" in held.stderr
    assert "docs/runbook.md#" in held.stderr
    assert json.loads((home / "published/manifest.json").read_text())["version"] == before
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as shown:
        assert shown.execute("select version from marts.mart_publication").fetchall() == [(before,)]
    state = json.loads(run_cli("status", "--home", home, "--json", code=None).stdout)
    assert state["version"] == before
    assert json.loads(run_cli("alerts", "list", "--home", home, "--json").stdout)
    assert chef.messages == morning, "the morning message speaks of what is published; of what is held back the alert speaks"
    assert any("a quality gate is closed" in message["title"] for message in on_call.messages)
    return held.stderr


def test_what_must_not_be_built_from_ends_3(published: Path, run_cli: RunCli, chef: Receiver, tmp_path: Path) -> None:
    _night_that_is_held_back(published, run_cli, chef, tmp_path / "copy", _only_the_header, "landing")


REVENUE = (
    "select month, value from marts.mart_kpi_monthly where kpi = 'revenue' and channel_key = 'all' and month < date '2026-03-01' order by 1"
)


def _keep(path: Path, is_kept: Callable[[int, dict[str, str]], bool]) -> None:
    """The file again, with the rows for which this holds of their number and cells."""
    head, *rows = path.read_text().splitlines()
    cells = [dict(zip(head.split(","), row.split(","), strict=False)) for row in rows]
    path.write_text("\n".join([head, *(row for number, row in enumerate(rows) if is_kept(number, cells[number]))]) + "\n")


def _in_no_known_currency(path: Path) -> None:
    head, *rows = path.read_text().splitlines()
    at = head.split(",").index("currency")
    changed = [",".join([*cells[:at], "ZZZ", *cells[at + 1 :]]) for cells in (row.split(",") for row in rows)]
    path.write_text("\n".join([head, *changed]) + "\n")


def _a_part_of_the_rows(source: Path) -> None:
    _keep(source / "leads.csv", lambda _, cells: cells["contact_email"] != CANARY)
    _keep(source / "payments.csv", lambda _, cells: cells["paid_at"] >= "2026-03")
    _in_no_known_currency(source / "payment_plan.csv")
    _keep(source / "stage_events.csv", lambda number, _: number % 2 == 0)
    _keep(source / "channel_costs.csv", lambda _, cells: cells["from_date"] >= "2026-03")
    _keep(source / "targets.csv", lambda _, cells: cells["month"] >= "2026-03")


def test_files_with_a_part_of_their_rows_take_nothing_away_without_a_word(
    published: Path, run_cli: RunCli, chef: Receiver, tmp_path: Path
) -> None:
    """The newest days under an old name, a filter left on, a list of what is open: held back with source, entity, days, rows, money and
    the lines to write; with them the same day is whole. A lead that is gone is told. So is money of no known currency.
    """
    source, home = tmp_path / "copy/source", tmp_path / "copy/home"
    with duckdb.connect(str(published / "home/published/current.duckdb"), read_only=True) as shown:
        before = shown.execute(REVENUE).fetchall()
    said = _night_that_is_held_back(published, run_cli, chef, tmp_path / "copy", _a_part_of_the_rows, "candidate")
    version = json.loads((home / "published/manifest.json").read_text())["version"]
    for entity in ("payments", "stage_events", "channel_costs", "targets"):
        assert f"demo, {entity}: 2026-01-" in said
    for words in ("history_kept", "in base currency", "`delivery: delta`", "`quality: {history_from: DAY}`"):
        assert words in said
    assert "demo, leads:" not in said
    assert "quarantined_rows_share" in said
    results = [json.loads(path.read_text()) for path in home.glob("quality/*/candidate.json")]
    told = [
        check["detail"]
        for result in results
        for check in result["checks"]
        if check["name"] == "history_kept" and check["outcome"] == "warn"
    ]
    assert [detail for detail in told if "demo, leads: 2026-01-" in detail]
    assert not list(home.rglob("*.spill")), "what the gate compared with is not left behind"
    shutil.copyfile(published / "source/payment_plan.csv", source / "payment_plan.csv")
    sources = source / "sources.yml"
    text = sources.read_text().replace('payments: {path: "payments.csv"}', 'payments: {path: "payments.csv", delivery: delta}')
    sources.write_text(text + f"quality: {{history_from: {SECOND}}}\n")
    run_cli("run", "--sources", sources, "--home", home, "--as-of", SECOND)
    assert json.loads((home / "published/manifest.json").read_text())["version"] != version
    with duckdb.connect(str(home / "published/current.duckdb"), read_only=True) as shown:
        assert shown.execute(REVENUE).fetchall() == before


def test_a_published_night_says_good_morning_once_in_each_language(published: Path, run_cli: RunCli, chef: Receiver) -> None:
    english, russian = chef.messages
    assert "Leads" in english["message"]
    assert "Количество заявок" in russian["message"]


def test_no_address_and_no_key_is_in_any_byte_of_the_home(published: Path, hash_key: str) -> None:
    found = [
        path
        for path in (published / "home").rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in (CANARY, hash_key))
    ]
    assert found == []
    assert CANARY in (published / "source/leads.csv").read_text(), "the canary was delivered"
