"""sources.yml: every mistake is told with file, line and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onefunnel.config import DatabaseSource, expand_variables, load_config
from onefunnel.currencies import check_currency
from onefunnel.errors import ConfigError
from onefunnel.project import project_root

GOOD = """version: 1
reporting: {base_currency: EUR, time_zone: Europe/Berlin}
sources:
  - name: demo
    system: template
    connector: files
    entities:
      leads: {path: "leads*.csv"}
  - name: crm
    system: template
    connector: database
    url_env: CRM_DATABASE_URL
    enabled: false
    entities:
      leads: {table: sales.leads, cursor: updated_at}
  - name: ads
    system: template
    connector: rest
    base_url: https://ads.example.com
    token_env: ADS_TOKEN
    header_env: {X-Key: ADS_KEY}
    entities:
      ad_spend: {path: /report, delivery: delta, params: {from: "{since}"}, paging: {by: cursor, param: after, next: next}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_with_its_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert [source.name for source in config.enabled_sources] == ["demo", "ads"]
    assert isinstance(config.source("crm"), DatabaseSource)
    assert (config.lookback_days, config.quality.max_quarantined_rows_pct, config.folder) == (35, 5, tmp_path)
    assert list(config.reporting.working_hours) == ["mon", "tue", "wed", "thu", "fri"]
    assert config.secret_variables == {"CRM_DATABASE_URL", "ADS_TOKEN", "ADS_KEY"}


@pytest.mark.parametrize("name", ["demo", "zoho"])
def test_the_shipped_examples_are_valid(name: str) -> None:
    assert load_config(project_root() / "examples" / name / "sources.yml").enabled_sources


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("system: template", "systen: template", 5, "systen: unknown key"),
        ("    connector: files\n", "", 4, "connector"),
        ("connector: files", "connector: ftp", 6, "connector"),
        ('{path: "leads*.csv"}', "{}", 8, "path: missing"),
        ('{path: "leads*.csv"}', "{path: x, encoding: klingon}", 8, "no such encoding"),
        ('{path: "leads*.csv"}', "{path: x, delimiter: ';;'}", 8, "delimiter"),
        ("leads: {path", "visits: {path", 8, "no entity visits"),
        ('{path: "leads*.csv"}', "{path: x, overlap: both}", 8, "overlap"),
        ('{path: "leads*.csv"}', "{path: x, overlap: add}", 8, "`overlap: add` means nothing for leads"),
        ("cursor: updated_at", "cursor: updated_at, overlap: add", 15, "count them again"),
        ("name: crm", "name: demo", 9, "two sources are called demo"),
        ("name: demo", "name: Demo!", 4, "name"),
        ("Europe/Berlin", "Europe/Berlim", 2, "no such time zone"),
        ("base_currency: EUR", "base_currency: euro", 2, "base_currency"),
        ("base_currency: EUR", "base_currency: RUR", 2, "withdrawn currency: 'RUR' .RUB is meant"),
        ("    connector: files", "    currency: DEM\n    connector: files", 6, "withdrawn currency: 'DEM' .EUR is meant"),
        ("    connector: files", "    currency: XXZ\n    connector: files", 6, "no such currency: 'XXZ'"),
        ("version: 1", "version: 2", 1, "version"),
        ("version: 1", "version: 1\nquality: {max_age_hours: 0}", 2, "max_age_hours"),
        ("version: 1", "version: 1\nversion: 1", 2, "given twice"),
        ("version: 1", "version: 1\nreporting: {working_hours: {mon: 9-18}}\n#", 2, "09:00-18:00"),
        ("table: sales.leads", "table: 'leads; drop table x'", 15, "table"),
        ("table: sales.leads, ", "", 15, "either a table or a query"),
        ("    url_env: CRM_DATABASE_URL\n", "", 9, "url_env"),
        ("https://ads", "https://user:pw@ads", 19, "base_url"),
        ("by: cursor, param: after, next: next", "by: cursor", 23, "needs next and param"),
        ("delivery: delta, ", "", 23, "delivery: delta"),
        (
            "system: template\n    connector: files",
            "system: template\n    expect: {payments: {min_rows: 1}}\n    connector: files",
            4,
            "expects rows of payments",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    text = GOOD.replace(old, new, 1)
    if "reporting: {working" in new:
        text = text.replace("reporting: {base_currency: EUR, time_zone: Europe/Berlin}\n", "", 1)
    with pytest.raises(ConfigError, match=says) as error:
        load_config(write(tmp_path, text))
    assert error.value.exit_code == 2
    assert error.value.where.endswith(f"sources.yml, line {line}")
    assert error.value.hint


@pytest.mark.parametrize("text", ["", "[]", "just words", "a: b: c", "sources:\n\t- x", "\0"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_config(write(tmp_path, text))


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        load_config(tmp_path / "nope.yml")
    (tmp_path / "sources.yml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "sources.yml")


def test_an_unknown_source_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write(tmp_path, GOOD)).source("nope")
    assert "demo, crm, ads" in error.value.hint


def test_variables_expand_in_paths_only_when_written_in_braces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPORTS", "/data/exports")
    assert expand_variables("${EXPORTS}/$EXPORTS/%EXPORTS%", "here") == "/data/exports/$EXPORTS/%EXPORTS%"
    monkeypatch.setenv("EXPORTS", "")
    with pytest.raises(ConfigError, match="EXPORTS is not set"):
        expand_variables("${EXPORTS}/a.csv", "here")


@pytest.mark.parametrize("example", sorted(path.parent.name for path in (project_root() / "examples").glob("*/sources.yml")))
def test_every_example_can_be_read(example: str) -> None:
    assert load_config(project_root() / "examples" / example / "sources.yml").sources


def test_ids_of_names_another_source(tmp_path: Path) -> None:
    block = "{{name: {}, system: template, connector: files, ids_of: crm, entities: {{payments: {{path: p.csv}}}}}}"
    path = tmp_path / "sources.yml"
    path.write_text(f"version: 1\nsources:\n- {block.format('bank')}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="ids_of names no other source: crm"):
        load_config(path)


@pytest.mark.parametrize(("said", "wrong"), [("[email, email]", "email is given twice"), ("[name]", "match_by")])
def test_match_by_names_addresses_once(tmp_path: Path, said: str, wrong: str) -> None:
    path = tmp_path / "sources.yml"
    block = f"{{name: bank, system: template, connector: files, match_by: {said}, entities: {{payments: {{path: p.csv}}}}}}"
    path.write_text(f"version: 1\nsources:\n- {block}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=wrong):
        load_config(path)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('date_order: mdy, formats: ["%d/%m/%Y"]', "03/02/2001 is 03 February by format '%d/%m/%Y' and 02 March 2001 by `date_order: mdy`"),
        ('date_order: dmy, formats: ["%m.%d.%Y %H:%M"]', "by `date_order: dmy`"),
        ('date_order: dmy, formats: ["%y.%m.%d"]', "01.02.03 is 03 February"),
        ('formats: ["%d-%m-%Y", "%m-%d-%Y"]', "by format '%m-%d-%Y'"),
        ('formats: ["%y%m%d", "%d%m%y"]', "by format '%d%m%y'"),
        ('date_order: dmy, formats: ["%d/%m/%Y", "%d.%m.%y", "%-d %b %Y"]', None),
        ('date_order: mdy, formats: ["%Y.%m.%d", "%m_%d_%Y", "%Y-%m-%dT00:00:00Z", "%d %B %Y"]', None),
        ('formats: ["%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S %z"]', None),
    ],
)
def test_two_forms_that_read_a_text_as_different_days_are_refused(tmp_path: Path, said: str, wrong: str | None) -> None:
    block = f"{{name: crm, system: template, connector: files, {said}, entities: {{payments: {{path: p.csv}}}}}}"
    path = write(tmp_path, f"version: 1\nsources:\n- {block}\n")
    if wrong is None:
        assert load_config(path)
        return
    with pytest.raises(ConfigError, match=re.escape(wrong)):
        load_config(path)


@pytest.mark.parametrize("code", ["EUR", "USD", "RUB", "GBP", "KZT", "UZS", "GEL", "AED", "HRK", "BGN", "BYN", "CNH", "BTC"])
def test_money_that_is_or_was_paid_in_is_a_currency(code: str) -> None:
    assert check_currency(code) == code


@pytest.mark.parametrize(("code", "meant"), [("RUR", "RUB"), ("TRL", "TRY"), ("ROL", "RON"), ("PLZ", "PLN"), ("XAU", None), ("XXX", None)])
def test_of_a_withdrawn_currency_the_successor_is_told(code: str, meant: str | None) -> None:
    with pytest.raises(ValueError, match=f"withdrawn currency: '{code}' .{meant} is meant" if meant else f"no such currency: '{code}'"):
        check_currency(code)
