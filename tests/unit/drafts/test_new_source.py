"""A sample of an unknown system becomes staging models that dbt can build."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from onefunnel.cli.new_source import _drafted
from onefunnel.drafts.guess import Undecided
from onefunnel.entities import read_entities
from onefunnel.errors import ConfigError
from onefunnel.new_source import draft_source
from onefunnel.project import project_root

DEALS = """Record ID;Create Date;Original Source;Deal Stage;Deal owner;Email;Amount;Closed Lost Reason;Close Date
5805028000056864695;13.07.2023 10:00;Google Ads;Won;Eve;a@b.c;1.234,50;;20.07.2023
5805028000056864696;14.07.2023 10:00;Facebook;Lost;O'Neil;x@b.c;10,50;Price;14.07.2023
"""


UNREADABLE = """5805028000056864697;15.07.2023 10:00;Google Ads;New;Eve;;1;;not yet
5805028000056864698;June 13;Google Ads;New;Eve;;1;;
;16.07.2023 10:00;Google Ads;New;Eve;;1;;
"""
HISTORY = """Deal ID,Stage,Changed at
5805028000056864695,Demo done,14.07.2023 10:00
5805028000056864695,Won,15.07.2023 10:00
5805028000056864696,Demo done,14.07.2023 10:00
5805028000056864696,Lost,15.07.2023 10:00
"""
ADS = """Reporting starts,Campaign name,Impressions,Link clicks,Amount spent (EUR)
2023-07-13,Brand,100,5,10.50
2023-07-14,Brand,100,5,11.50
2023-07-15,Brand,100,5,about 9
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copied_project(tmp_path / "project")


def copied_project(copy: Path) -> Path:
    """A copy of the dbt project, so that drafts do not land in the real one."""
    root = project_root()
    copy.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(root / name, copy)
    for name in ("models", "seeds", "dbt_project"):
        shutil.copytree(root / name, copy / name)
    return copy


@pytest.mark.slow
def test_a_draft_reads_the_columns_of_the_sample(project: Path, tmp_path: Path) -> None:
    sample = tmp_path / "deals.csv"
    sample.write_text(DEALS)
    result = draft_source("acme", "acme_crm", [str(sample)], project)
    draft = result.drafts[0]
    assert (draft.entity, draft.rows, draft.missing, draft.personal, draft.notes) == ("leads", 2, (), ("Email",), ())
    assert (result.date_order, result.decimal_separator) == ("dmy", ".")
    sql = (project / "models/staging/acme_crm/stg_acme_crm__leads.sql").read_text()
    assert "{{ landed_rows('acme_crm', 'leads', [to_iso(" in sql
    assert """{{ to_id('"Record ID"') }} as lead_id""" in sql
    assert "{{ to_text('cast(null as varchar)') }} as campaign" in sql
    assert yaml.safe_load(result.sources_block)[0]["personal"] == ["Email"]
    # no list is left to edit: the folder says what it delivers, and dbt is told that it is there
    entity = read_entities(project / "models/staging/acme_crm/acme_crm.yml")["leads"]
    assert (entity.required, entity.personal) == (("Record ID", "Create Date", "Original Source"), ("Email",))
    before, after = ((root / "dbt_project.yml").read_text() for root in (project_root(), project))
    assert [line for line in after.splitlines() if line not in before.splitlines()] == ["    acme_crm: {leads: leads}"]
    assert yaml.safe_load(after)["vars"]["systems"]["acme_crm"] == {"leads": "leads"}
    assert not list(project.rglob("*.parquet"))
    with pytest.raises(ConfigError, match="there already"):
        draft_source("acme", "acme_crm", [str(sample)], project)


@pytest.mark.parametrize(
    ("system", "sample", "says"),
    [
        ("zoho", "deals.csv", "known already"),
        ("Acme CRM", "deals.csv", "not a system"),
        ("acme", "nope.csv", "no such file"),
        ("acme", "visits=deals.csv", "no entity visits"),
    ],
)
def test_what_cannot_be_drafted_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, sample: str, says: str
) -> None:
    (tmp_path / "deals.csv").write_text(DEALS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=says):
        draft_source("acme", system, [sample], project)


def test_a_dry_run_is_of_a_draft_that_is_there(project: Path, tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(DEALS)
    with pytest.raises(ConfigError, match="not drafted yet"):
        draft_source("acme", "acme_crm", [str(tmp_path / "deals.csv")], project, is_new=False)


def test_what_nothing_decides_is_asked_before_anything_is_written(project: Path, tmp_path: Path) -> None:
    sample = tmp_path / "deals.csv"
    sample.write_text("Id,Created,Source,Stage\n1,05/01/2026,Google,New\n")
    with pytest.raises(Undecided, match="no day beyond 12 decides"):
        draft_source("acme", "acme_crm", [str(sample)], project)
    sample.write_text("Sensor,Reading\na,1\n")
    with pytest.raises(ConfigError, match="nothing is proposed; its columns: Sensor, Reading"):
        draft_source("acme", "acme_crm", [str(sample)], project)
    assert not (project / "models/staging/acme_crm").exists()
    assert (project / "dbt_project.yml").read_text() == (project_root() / "dbt_project.yml").read_text()


def test_on_a_terminal_what_nothing_decides_is_asked_until_it_is_answered(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = tmp_path / "deals.csv"
    sample.write_text("Id,Created,Source,Stage\n1,05/01/2026,Google,New\n")
    answers = iter(["day", "mdy"])
    monkeypatch.setenv("ONEFUNNEL_PROJECT_DIR", str(project))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "prompt", lambda text: next(answers))
    result = _drafted("acme", "acme_crm", [str(sample)], {}, check=False, as_json=False)
    assert result.date_order == "mdy"
    assert "1 dates such as 05/01/2026 can be read both ways" in capsys.readouterr().out
    with pytest.raises(Undecided):
        _drafted("acme", "acme_two", [str(sample)], {}, check=False, as_json=True)


def test_a_column_written_otherwise_is_read_as_it_is_written(project: Path, tmp_path: Path) -> None:
    sample = tmp_path / "deals.csv"
    sample.write_text("Id,Created,Closing Date,Source,Stage,Mail to\n1,31.01.2026,1/31/2026,Google,New,a@b.c\n1,30.01.2026,,Google,New,\n")
    result = draft_source("acme", "acme_crm", [str(sample)], project)
    assert result.drafts[0].date_orders == {"Closing Date": "mdy"}
    assert result.drafts[0].personal == ("Mail to",)
    assert result.drafts[0].notes[0].startswith("Id repeats: 2 rows hold 1 ids, for example '1' 2 times")
    sql = (project / "models/staging/acme_crm/stg_acme_crm__leads.sql").read_text()
    assert """to_iso('"Closing Date"', date_order="'mdy'")""" in sql
    assert """to_iso('"Created"')""" in sql


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, run_cli: Callable) -> dict[str, Any]:
    """A naive draft of three samples and what its dry run says: leads with what cannot be read, a history without ids, a report of ads."""
    folder = tmp_path_factory.mktemp("samples")
    (folder / "deals.csv").write_text(DEALS + UNREADABLE)
    (folder / "history.csv").write_text(HISTORY)
    (folder / "ads.csv").write_text(ADS)
    env = {"ONEFUNNEL_PROJECT_DIR": str(copied_project(folder / "project"))}
    samples = [argument for name in ("deals", "history", "ads") for argument in ("--from", folder / f"{name}.csv")]
    said = run_cli("new-source", "acme", "--system", "acme_crm", *samples, "--json", env=env)
    # the draft is there, and is tried again
    text = run_cli("new-source", "acme", "--system", "acme_crm", *samples[:2], "--check", env=env).stdout
    return json.loads(said.stdout) | {"text": text, "folder": folder}


@pytest.mark.slow
def test_a_draft_is_tried_by_the_rules_of_a_night(tried: dict[str, Any]) -> None:
    run = tried["dry_run"]
    assert run["stopped"] == ""
    assert not run["is_clean"]
    assert [(each["entity"], each["rows"], each["usable"]) for each in run["entities"]] == [
        ("leads", 5, 3),
        ("stage_events", 4, 4),
        ("ad_spend", 3, 2),
    ]
    assert run["entities"][0]["ends_early"] == 1
    assert run["entities"][0]["spans"]["created_at"] == ["2023-07-13", "2023-07-15"]
    set_aside = {(one["entity"], one["rule"]): (one["column"], one["count"], one["row"], one["example"]) for one in run["quarantined"]}
    assert set_aside["leads", "unparsable_date"] == ("Create Date", 1, 4, "aaaa 99")
    assert set_aside["leads", "missing_id"][1:3] == (1, 5)
    assert set_aside["ad_spend", "unparsable_number"] == ("Amount spent (EUR)", 1, 3, "aaaaa 9")
    assert [(one["column"], one["count"], one["example"]) for one in run["unread"]] == [("Close Date", 1, "aaa aaa")]
    # what the draft made up: the channel of an account of ads, the id of an entry
    words = {(entity, field, value) for entity, field, value, _ in run["unmapped"]}
    assert {("ad_spend", "channel", "acme"), ("leads", "channel", "google ads"), ("stage_events", "stage", "demo done")} <= words


@pytest.mark.slow
def test_a_draft_that_is_there_is_tried_again_and_says_that_it_is_not_ready(tried: dict[str, Any]) -> None:
    text = tried["text"]
    assert "written:" not in text
    assert "leads: 5 rows read, 3 count" in text
    assert "quarantined: unparsable_date of Create Date 1 times, first in row 4, like 'aaaa 99'" in text
    assert "NOT READY" in text
    assert "a@b.c" not in text
