"""A sample of an unknown system becomes staging models that dbt can build."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from onefunnel.errors import ConfigError
from onefunnel.new_source import draft_source, guess_date_order, guess_decimal_separator, guess_entity, match_columns
from onefunnel.project import project_root

DEALS = """Record ID;Create Date;Original Source;Deal Stage;Deal owner;Email;Amount;Closed Lost Reason;Close Date
5805028000056864695;13.07.2023 10:00;Google Ads;Won;Eve;a@b.c;1.234,50;;20.07.2023
5805028000056864696;14.07.2023 10:00;Facebook;Lost;O'Neil;x@b.c;10,50;Price;21.07.2023
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project, so that drafts do not land in the real one."""
    root, copy = project_root(), tmp_path / "project"
    copy.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(root / name, copy)
    for name in ("models", "seeds", "dbt_project"):
        shutil.copytree(root / name, copy / name)
    return copy


def test_columns_are_matched_by_name_synonym_and_resemblance() -> None:
    delivered = ["Record ID", "Create Date", "Original Source", "E-Mail", "Created At", "Requested services", "Colour"]
    assert match_columns(["lead_id", "created_at", "channel", "contact_email", "requested_service", "closed_at"], delivered) == {
        "lead_id": "Record ID",
        "created_at": "Created At",
        "channel": "Original Source",
        "contact_email": "E-Mail",
        "requested_service": "Requested services",
    }


@pytest.mark.parametrize(
    ("columns", "entity"),
    [
        (["Date", "Source", "Campaign", "Impressions", "Spend", "Clicks", "Currency"], "ad_spend"),
        (["Payment ID", "Paid on", "Amount", "Currency", "Deal"], "payments"),
        (["date", "currency", "rate"], "fx_rates"),
        (["month", "kpi", "target"], "targets"),
        (["Record ID", "Create Date", "Original Source", "Deal Stage"], "leads"),
    ],
)
def test_the_entity_is_guessed(columns: list[str], entity: str) -> None:
    assert guess_entity(columns) == entity


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2023-07-03"], "ymd"),
        (["03.07.2023"], "dmy"),
        (["7/31/2023", "1/2/2023", "1/3/2023"], "mdy"),
        (["31/7/2023", "1/2/2023"], "dmy"),
        ([], "ymd"),
    ],
)
def test_the_date_order_is_guessed(values: list[str], order: str) -> None:
    assert guess_date_order(values) == order


@pytest.mark.parametrize(("values", "separator"), [(["1.234,56", "10,5"], ","), (["1,234.56", "7"], "."), (["1,234"], "."), ([], ".")])
def test_the_decimal_separator_is_guessed(values: list[str], separator: str) -> None:
    assert guess_decimal_separator(values) == separator


def test_a_draft_reads_the_columns_of_the_sample(project: Path, tmp_path: Path) -> None:
    sample = tmp_path / "deals.csv"
    sample.write_text(DEALS)
    result = draft_source("acme", "acme_crm", [str(sample)], project)
    draft = result.drafts[0]
    assert (draft.entity, draft.rows, draft.missing, draft.personal, draft.date_order) == ("leads", 2, (), ("Email",), "dmy")
    sql = (project / "models/staging/acme_crm/stg_acme_crm__leads.sql").read_text()
    assert "{{ landed_rows('acme_crm', 'leads', [to_iso(" in sql
    assert """{{ to_text('"Record ID"') }} as lead_id""" in sql
    assert "{{ to_text('cast(null as varchar)') }} as campaign" in sql
    assert yaml.safe_load(result.sources_block)[0]["personal"] == ["Email"]
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


@pytest.mark.slow
def test_a_drafted_model_builds_on_what_its_source_lands(project: Path, tmp_path: Path, run_cli: Callable) -> None:
    sample, home = tmp_path / "deals.csv", tmp_path / "home"
    sample.write_text(DEALS)
    env = {"ONEFUNNEL_PROJECT_DIR": str(project)}
    run_cli("new-source", "acme", "--system", "acme_crm", "--from", sample, env=env)
    block = draft_source("acme", "acme_two", [str(sample)], project).sources_block.replace("acme_two", "acme_crm")
    content = {"version": 1, "sources": yaml.safe_load(block)}
    (tmp_path / "sources.yml").write_text(yaml.safe_dump(content))
    run = ("--sources", tmp_path / "sources.yml", "--home", home, "--as-of", "2024-06-01")
    run_cli("extract", *run, env=env)
    run_cli("build", *run, "--select", "stg_acme_crm__leads", env=env)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as db:
        columns = "lead_id, channel_raw, sales_rep, created_at, length(contact_email_hash), quarantine_rule"
        rows = db.execute(f"select {columns} from staging.stg_acme_crm__leads order by 1")
        first, second = rows.fetchall()
    assert first[:3] == ("5805028000056864695", "google ads", "Eve")
    assert (str(first[3]), first[4], first[5]) == ("2023-07-13 10:00:00", 64, None)
    assert second[2] == "O'Neil"
