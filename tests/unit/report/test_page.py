"""The page as a file: complete, closed to the network, whole or absent; and its words, scripts and colours by themselves."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root
from onefunnel.report import page, write_report
from onefunnel.report.page import SCRIPTS

DASHBOARDS = project_root() / "dashboards"


@pytest.fixture
def html(version: Path, tmp_path: Path) -> str:
    return write_report(version, tmp_path / "out").read_text(encoding="utf-8")


def test_everything_is_inlined(html: str) -> None:
    assert "{{ " not in html
    assert not re.search(r'<(script|link|img|iframe)[^>]*\s(src|href)="(?!data:)', html)
    assert not re.search(r"@import|url\(\s*['\"]?http", html)


def test_the_policy_allows_these_scripts_and_nothing_else(html: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts}
    assert len(scripts) == 2
    assert set(re.search(r"script-src ([^;]*)", policy)[1].split()) == hashes
    assert policy.startswith("default-src 'none'")


def test_markup_in_a_name_stays_text(make_version: Callable[..., Path], tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    path = make_version({"marts.mart_speed": [{"month": "2026-03-01", "step_key": "first_contact", "owner": hostile, "n": 1}]})
    text = write_report(path, tmp_path / "out").read_text(encoding="utf-8")
    assert hostile not in text
    assert "<img" not in text


def test_the_same_version_gives_the_same_page(version: Path, tmp_path: Path) -> None:
    assert write_report(version, tmp_path / "one").read_bytes() == write_report(version, tmp_path / "two").read_bytes()


def test_the_version_is_only_read(version: Path, tmp_path: Path) -> None:
    version.chmod(0o444)
    before = version.read_bytes()
    write_report(version, tmp_path / "out")
    assert version.read_bytes() == before


def test_a_failed_write_leaves_the_last_page(version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    before = write_report(version, out).read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page, "write_whole", full_disk)
    with pytest.raises(OnefunnelError, match="No space left"):
        write_report(version, out)
    assert (out / "index.html").read_bytes() == before
    assert not list(out.glob(".*"))


def test_a_missing_version_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OnefunnelError, match="no published version") as caught:
        write_report(tmp_path / "nothing.duckdb", tmp_path / "out")
    assert "onefunnel run" in caught.value.hint


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.duckdb").write_text("no database")
    with pytest.raises(OnefunnelError) as caught:
        write_report(tmp_path / "broken.duckdb", tmp_path / "out")
    assert caught.value.where.endswith("broken.duckdb")


def test_a_page_beyond_the_limit_is_refused(version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAXIMUM_BYTES", 1000)
    with pytest.raises(OnefunnelError, match="would be"):
        write_report(version, tmp_path / "out")
    assert not (tmp_path / "out" / "index.html").exists()


def test_text_that_begins_like_a_formula_is_defused_and_numbers_are_not(make_version: Callable[..., Path], tmp_path: Path) -> None:
    owners = ["=1+1", "+1", "-1", "@sum", "\ttab", "\rreturn", "plain", "a=b"]
    rows = [{"month": "2026-03-01", "step_key": "sql", "owner": owner, "n": number} for number, owner in enumerate(owners)]
    negative = [{"month": "2026-03-01", "kpi": "revenue", "channel_key": "all", "value": -5.5, "is_partial": False}]
    write_report(make_version({"marts.mart_speed": rows, "marts.mart_kpi_monthly": negative}), tmp_path / "out")
    with (tmp_path / "out/csv/mart_speed.csv").open(encoding="utf-8", newline="") as file:
        written = {int(row["n"]): row["owner"] for row in csv.DictReader(file)}
    assert [written[number] for number in range(8)] == [*(f"'{owner}" for owner in owners[:6]), "plain", "a=b"]
    with (tmp_path / "out/csv/mart_kpi_monthly.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["value"] == "-5.5"


def test_every_mart_is_written_as_csv_and_stale_ones_go(version: Path, tmp_path: Path) -> None:
    stale = tmp_path / "out/csv/mart_of_yesterday.csv"
    stale.parent.mkdir(parents=True)
    stale.write_text("old")
    write_report(version, tmp_path / "out")
    with duckdb.connect(str(version), read_only=True) as db:
        marts = {f"{name}.csv" for (name,) in db.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
    assert {path.name for path in stale.parent.iterdir()} == marts


def test_both_languages_have_the_same_words_and_the_page_uses_each() -> None:
    words = json.loads((DASHBOARDS / "i18n.json").read_text(encoding="utf-8"))
    assert list(words["en"]) == list(words["ru"])
    assert all(text.strip() for language in words.values() for text in language.values())
    for key, text in words["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words["ru"][key])), key
    scripts = "\n".join((DASHBOARDS / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    # a key stands in the scripts as a whole, or begins like a composed one: t(`unit_${…}`)
    named = set(re.findall(r'"([a-z0-9_]+)"', scripts)) | set(re.findall(r"`([a-z0-9_]+)`", scripts))
    composed = tuple(re.findall(r"t\(`([a-z_]+_)\$\{", scripts))
    assert {key for key in words["en"] if key not in named and not key.startswith(composed)} == set()
    asked = set(re.findall(r'\bt\("([a-z0-9_]+)"', scripts))
    assert asked - set(words["en"]) == set()


def test_every_script_is_in_the_list_and_parses() -> None:
    assert {path.stem for path in (DASHBOARDS / "js").glob("*.js")} == set(SCRIPTS)
    joined = "\n".join((DASHBOARDS / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    assert "innerHTML" not in joined
    assert "fetch(" not in joined
    assert "document.write" not in joined


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast_in_both_themes(theme: str) -> None:
    style = (DASHBOARDS / "style.css").read_text(encoding="utf-8")
    block = re.search(r":root \{(.*?)\}" if theme == "light" else r':root\[data-theme="dark"\] \{(.*?)\}', style, re.S)[1]
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    pairs = [(text, ground) for text in ("ink", "muted", "marketing", "sales", "market", "good", "bad") for ground in ("ground", "raised")]
    weak = {pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2) for pair in [*pairs, ("mark-ink", "mark")]}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    assert contrast(tokens["focus"], tokens["ground"]) >= 3


def test_contrast_is_told_apart() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#888888") < 4.5


def test_both_dark_themes_are_the_same() -> None:
    style = (DASHBOARDS / "style.css").read_text(encoding="utf-8")
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', style, re.S)[1]
    by_system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', style, re.S)[1]
    assert chosen.split() == by_system.split()


def test_the_command_writes_the_page(version: Path, tmp_path: Path, run_cli: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    published = tmp_path / "home" / "published"
    (published / "versions").mkdir(parents=True)
    version.rename(published / "versions" / "20260331-x.duckdb")
    (published / "current.duckdb").symlink_to("versions/20260331-x.duckdb")
    said = json.loads(run_cli("report", "--home", tmp_path / "home", "--json").stdout)
    assert Path(said["page"]) == published / "report" / "index.html"
    assert said["bytes"] == Path(said["page"]).stat().st_size
    assert "mart_kpi_monthly.csv" in said["csv"]
    run_cli("report", "--home", tmp_path / "home", "--version", "20260331-x", code=2)
    run_cli("report", "--home", tmp_path / "home", "--version", "20260331-x", "--out", tmp_path / "then")
    assert (tmp_path / "then" / "index.html").exists()
    missing = run_cli("report", "--home", tmp_path / "elsewhere", code=1)
    assert "onefunnel run" in missing.stderr
    assert "Traceback" not in missing.stderr
