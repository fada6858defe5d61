"""The command line: quick help, errors without traceback, exit codes a script can rely on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from onefunnel.cli.common import parse_as_of
from onefunnel.cli.main import COMMANDS, load_command
from onefunnel.errors import ConfigError

# Shows the help, then which heavy modules it had to import for that.
HELP_AND_HEAVY = """
import sys
import onefunnel.cli.main
sys.argv = ["onefunnel", "--help"]
try:
    onefunnel.cli.main.main()
except SystemExit:
    print([name for name in ("duckdb", "pandas", "pydantic", "httpx", "airflow") if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,channel\n1,2024-06-01,seo\n2,2024\n")
    source = {"name": "one", "system": "template", "connector": "files", "entities": {"leads": {"path": "leads.csv"}}}
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": [source]}))
    return path


def test_help_lists_every_command_and_imports_none_of_them(run_cli: Callable) -> None:
    done = run_cli("--help")
    assert all(f" {name} " in done.stdout for name, *_ in COMMANDS)
    done = subprocess.run([sys.executable, "-c", HELP_AND_HEAVY], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_help_is_quick() -> None:
    best = 9.0
    for _ in range(4):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "onefunnel.cli.main", "--help"], check=True, capture_output=True)
        best = min(best, time.perf_counter() - started)
    assert best < 2, "the help imports something heavy"


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry[0])
def test_every_command_exists_and_explains_itself(entry: tuple[str, str, str, str]) -> None:
    command = load_command(*entry)
    assert command.help
    single = not hasattr(command, "commands")
    assert not single or all(getattr(parameter, "help", None) for parameter in command.params)


def test_extract_tells_what_landed_in_words_and_in_json(run_cli: Callable, sources: Path, tmp_path: Path) -> None:
    run = ("extract", "--sources", sources, "--home", tmp_path / "home", "--as-of", "2024-06-01")
    assert "one.leads: 1 rows landed, 1 rejected; 1 count now" in run_cli(*run).stdout
    loads = json.loads(run_cli(*run, "--json").stdout)
    assert [(load["entity"], load["rows"], load["rejected_rows"]) for load in loads] == [("leads", 1, 1)]
    assert "nothing new" in run_cli(*run[:-1], "2024-06-02").stdout


def test_errors_say_what_where_and_what_to_do(run_cli: Callable, tmp_path: Path) -> None:
    done = run_cli("extract", "--sources", tmp_path / "nope.yml", code=2)
    assert done.stderr.startswith("error: the list of sources is missing\n  where: ")
    assert "what to do:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in run_cli("--debug", "extract", "--sources", tmp_path / "nope.yml", code=2).stderr


@pytest.mark.parametrize(
    "arguments", [["nope"], ["extract", "--nope"], ["extract", "--as-of", "2024-06-31"], ["extract", "--as-of", "2999-01-01"]]
)
def test_wrong_usage_ends_with_2(run_cli: Callable, sources: Path, tmp_path: Path, arguments: list[str]) -> None:
    run_cli(*arguments, code=2, env={"ONEFUNNEL_SOURCES": str(sources), "ONEFUNNEL_HOME": str(tmp_path / "home")})


def test_a_missing_column_ends_with_2(run_cli: Callable, sources: Path, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,channel\n1,seo\n")
    done = run_cli("extract", "--sources", sources, "--home", tmp_path / "home", "--as-of", "2024-06-01", code=2)
    assert "'created_at' is absent" in done.stderr


def test_a_source_that_cannot_be_read_ends_with_1(run_cli: Callable, sources: Path, tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,channel,channel,lead_id\n1,2024-05-01,seo,seo,1\n")
    done = run_cli("extract", "--sources", sources, "--home", tmp_path / "home", "--as-of", "2024-06-01", code=1)
    assert "occurs twice" in done.stderr


def test_the_zoho_example_says_what_to_set(run_cli: Callable, tmp_path: Path) -> None:
    done = run_cli(
        "run",
        "--sources",
        "examples/zoho/sources.yml",
        "--home",
        tmp_path,
        "--as-of",
        "2024-06-22",
        code=2,
        env={"ONEFUNNEL_REAL_DATA": ""},
    )
    assert "ONEFUNNEL_REAL_DATA is not set" in done.stderr


def test_as_of_is_yesterday_where_it_is_counted() -> None:
    now = datetime(2024, 6, 22, 22, 30, tzinfo=UTC)
    assert parse_as_of(None, "UTC", now) == date(2024, 6, 21)
    assert parse_as_of(None, "Europe/Berlin", now) == date(2024, 6, 22)
    with pytest.raises(ConfigError, match="not over yet"):
        parse_as_of("2024-06-22", "UTC", now)
