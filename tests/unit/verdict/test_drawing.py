"""`onefunnel verdict`: what it reads, draws and refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from test_planted_changes import funnel
from typer.testing import CliRunner
from verdict_bench import Bench, cell

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.project import project_root
from onefunnel.verdict import bar, number_text, parse_month, read_verdict, read_words, waterfall_steps

MONTH = date(2026, 1, 1)


@pytest.fixture
def home(bench: Bench, tmp_path: Path) -> Path:
    """A home that publishes the verdict of a month in which proposals stopped becoming contracts."""
    bench.decide([cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))], wording=True)
    published = tmp_path / "published"
    published.mkdir()
    bench.connection.execute(f"attach '{published / 'current.duckdb'}' as published")
    bench.connection.execute("create schema published.marts")
    for mart in ("mart_verdict", "mart_change_factors"):
        bench.connection.execute(f"create table published.marts.{mart} as select * from marts.{mart}")
    bench.connection.execute("detach published")
    return tmp_path


@pytest.fixture
def verdict_command() -> Callable:
    import typer

    from onefunnel.cli.verdict import verdict

    app = typer.Typer()
    app.command()(verdict)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_headline_and_the_waterfall_are_printed(home: Path, verdict_command: Callable) -> None:
    done = verdict_command("--home", home, "--month", "2026-01")
    assert done.exit_code == 0, done.output
    assert "New clients fell from 97 to 42: sales -55 (proposal -> contract 70 % -> 30 %)" in done.output
    assert "accounting, not causation" in done.output
    lines = done.output.splitlines()
    assert any(line.startswith("the month before") and "97" in line and "█" in line for line in lines)
    assert any(re.match(r"proposal -> contract +sales +-5\d(\.\d)? ", line) for line in lines), done.output
    assert any(line.startswith("2026-01") and "42" in line for line in lines)


def test_russian(home: Path, verdict_command: Callable) -> None:
    done = verdict_command("--home", home, "--lang", "ru")
    assert "Новые клиенты: было 97, стало 42: продажи -55" in done.output
    assert "предложение -> договор" in done.output


def test_a_metric_that_is_not_there_is_refused_with_the_choice(home: Path) -> None:
    with pytest.raises(ConfigError, match="no metric conversions") as refused:
        read_verdict(home / "published/current.duckdb", MONTH, "previous_month", "conversions", "cohort")
    assert refused.value.hint == "one of: leads, new_client_revenue, new_clients, revenue, sql"


def test_a_version_that_knows_no_first_line_speaks_of_clients(home: Path, bench: Bench) -> None:
    current = home / "published/current.duckdb"
    bench.connection.execute(f"attach '{current}' as older")
    bench.connection.execute("alter table older.marts.mart_verdict drop column is_first_line")
    bench.connection.execute("detach older")
    assert read_verdict(current, None, "previous_month", None, "cohort").metric == "new_clients"


def test_json_holds_all_factors(home: Path, verdict_command: Callable) -> None:
    found = json.loads(verdict_command("--home", home, "--json").output)
    assert (found["month"], found["main_department"], found["delta"]) == ("2026-01-01", "sales", -55)
    assert abs(sum(factor["effect"] for factor in found["factors"]) - found["delta"]) < 1e-9


def test_the_steps_lead_from_base_to_current(home: Path) -> None:
    verdict = read_verdict(home / "published/current.duckdb", MONTH, "previous_month", "new_clients", "cohort")
    steps = waterfall_steps(verdict, list(read_words(home / "published/current.duckdb", project_root(), "en").factors))
    assert steps[0][1] == verdict.base
    assert steps[-1][2] == pytest.approx(verdict.current)
    for (_, _, after), (_, before, _) in zip(steps, steps[1:], strict=False):  # noqa: RUF007
        assert before == pytest.approx(after, abs=0.2)


def test_a_month_without_a_verdict_is_refused_with_the_choice(home: Path) -> None:
    with pytest.raises(ConfigError, match="choose 2026-01 to 2026-01"):
        read_verdict(home / "published/current.duckdb", date(2020, 1, 1), "previous_month", "new_clients", "cohort")


def test_nothing_to_compare_is_said(home: Path) -> None:
    with pytest.raises(ConfigError, match="no month can be compared with its previous year"):
        read_verdict(home / "published/current.duckdb", None, "previous_year", "new_clients", "cohort")


def test_nothing_published_is_said(tmp_path: Path) -> None:
    with pytest.raises(OnefunnelError, match="onefunnel run"):
        read_verdict(tmp_path / "current.duckdb", None, "previous_month", "new_clients", "cohort")


@pytest.mark.parametrize("text", ["2026", "2026-13", "01-2026", "January", "2026-01-01"])
def test_a_month_is_written_one_way(text: str) -> None:
    with pytest.raises(ConfigError, match="YYYY-MM"):
        parse_month(text)


def test_bars_stay_on_the_scale() -> None:
    assert bar(0, 50, 0, 100, width=10) == "█████"
    assert bar(100, 100, 0, 100, width=10) == " " * 9 + "█"
    assert bar(80, 20, 0, 100, width=10) == "  ██████"
    assert bar(-50, 0, -50, 50, width=10) == "█████"
    assert bar(0, 0, 0, 0, width=10) == "█"


def test_numbers_are_grouped() -> None:
    assert [number_text(1234567), number_text(-8.25, signed=True), number_text(42.0), number_text(0.0, signed=True)] == [
        "1 234 567",
        "-8.2",
        "42",
        "+0",
    ]
