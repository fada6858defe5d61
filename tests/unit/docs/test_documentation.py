"""The words and the code say the same: every command, variable, target, mart and KPI is documented, and what is documented exists."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.exceptions import TyperException

from onefunnel.cli.main import COMMANDS, load_command
from onefunnel.config import load_config

ROOT = Path(__file__).resolve().parents[3]
READMES = ("README.md", "README.ru.md")
PAGES = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
# A code span or a line of a code block that calls the command.
CALL = re.compile(r"(?:^|`|&& |\| )(onefunnel(?: [^`\n|&;#]*)?)(?=`|$|\n| \||;| &&| #)", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tabled(text: str, pattern: str) -> set[str]:
    """What stands in the first column of the page's tables."""
    return set(re.findall(rf"^\| `({pattern})` \|", text, re.MULTILINE))


def variables_in_code() -> set[str]:
    files = [*ROOT.glob("onefunnel/**/*.py"), *ROOT.glob("dags/*.py"), ROOT / "profiles.yml", ROOT / "docker-compose.yml"]
    return set(re.findall(r"ONEFUNNEL_[A-Z_]*[A-Z]", "\n".join(path.read_text(encoding="utf-8") for path in files)))


def variables_in_settings() -> set[str]:
    from onefunnel.settings import Settings

    return {f"ONEFUNNEL_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("readme", READMES)
def test_every_variable_is_in_the_table_of_settings_and_no_other(readme):
    documented = tabled(read(readme), "ONEFUNNEL_[A-Z_]+")
    assert variables_in_code() | variables_in_settings() <= documented
    tests = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py") if path != Path(__file__))
    assert {name for name in documented - variables_in_code() - variables_in_settings() if name not in tests} == set()


@pytest.mark.parametrize("readme", READMES)
def test_every_mart_is_in_the_table_of_marts_and_no_other(readme):
    assert tabled(read(readme), "mart_[a-z_]+") == {path.stem for path in ROOT.glob("models/marts/mart_*.sql")}


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_documented(readme):
    assert {name for name, *_ in COMMANDS} <= set(re.findall(r"onefunnel ([a-z-]+)", read(readme)))


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_is_documented_and_every_documented_one_exists(readme):
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", read(readme))) == targets
    assert len(targets) <= 12


def test_make_without_a_target_explains_itself():
    shown = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "make demo" in shown
    assert "make test" in shown


def test_every_kpi_is_in_the_metrics():
    with (ROOT / "seeds" / "kpis.csv").open(encoding="utf-8", newline="") as file:
        keys = {row["kpi_key"] for row in csv.DictReader(file) if "{stage}" not in row["kpi_key"]}
    page = read("docs/metrics.md")
    assert {key for key in keys if f"`{key}`" not in page} == set()


@pytest.mark.parametrize("readme", READMES)
def test_the_exit_codes_are_documented(readme):
    assert all(f"**{code}**" in read(readme) for code in (0, 1, 2, 3))


def calls() -> list[tuple[str, str]]:
    return sorted({(page, call.strip()) for page in PAGES for call in CALL.findall(read(page))})


@pytest.mark.parametrize(("page", "call"), calls())
def test_every_documented_command_is_understood(page, call):
    words = [word.strip("[]") for word in shlex.split(call.replace("…", ""))][1:]
    if not words or words[0].startswith("-"):
        return
    entry = next((entry for entry in COMMANDS if entry[0] == words[0]), None)
    assert entry, f"{page}: {call}: no such command"
    command, name = load_command(*entry), words.pop(0)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"{page}: {call}: no such command"
        command = command.commands[name]
    if words and "--help" not in words:
        try:
            command.make_context(name, words)
        except TyperException as error:
            # A mention of an option is not a whole call: what else the command wants is left out.
            if type(error).__name__ not in ("MissingParameter", "BadOptionUsage"):
                raise


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", read(page)) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_the_list_of_sources_in_the_readme_is_valid(readme, tmp_path):
    block = re.search(r"```yaml\n(.*?)```", read(readme), re.DOTALL)[1]
    path = tmp_path / "sources.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(block)), encoding="utf-8")
    assert [source.name for source in load_config(path).sources] == ["crm"]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_knows_one_machine(page):
    assert not re.search(r"/(home|root|work|tmp/w)/", read(page))
