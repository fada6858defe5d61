"""Fault 17: an erased person is gone from every byte a home keeps; neither a new extraction nor a rollback brings them back."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import hash_value
from onefunnel.publish.forget import forget
from onefunnel.publish.manifest import current_manifest, retained
from onefunnel.publish.status import status
from onefunnel.settings import Settings

pytestmark = pytest.mark.slow
AS_OF = "2026-03-31"
# Ids and shares of the person move to a token; every KPI must stay.
KPI_TABLES = (
    "marts.mart_kpi_monthly",
    "marts.mart_kpi_daily",
    "marts.mart_channel_economics",
    "marts.mart_ltv_cohort",
    "marts.mart_verdict",
)


def _busiest_person(source: Path) -> dict[str, str]:
    """The contact with most leads who also has an e-mail address and a contact id."""
    with (source / "leads.csv").open(encoding="utf-8-sig", newline="") as stream:
        leads = [row for row in csv.DictReader(stream) if row.get("contact_email") and row.get("contact_id")]
    (contact, _), *_ = Counter(row["contact_id"] for row in leads).most_common(1)
    return next(row for row in leads if row["contact_id"] == contact)


def _traces(home: Path, needles: list[str]) -> list[str]:
    """Where any of these texts stands: in the bytes of a file, or in a text column of a Parquet or DuckDB file (those are compressed)."""
    found = []
    for path in (path for path in home.rglob("*") if path.is_file() and not path.is_symlink()):
        content = path.read_bytes()
        found += [f"{path.relative_to(home)}: bytes" for needle in needles if needle.encode() in content]
        if path.suffix == ".parquet":
            with duckdb.connect() as db:
                found += _columns_with(db, f"read_parquet('{path}', hive_partitioning = false)", needles, path.name)
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as db:
                tables = db.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
                for (table,) in tables:
                    found += _columns_with(db, table, needles, f"{path.name}: {table}")
    return found


def _columns_with(db: duckdb.DuckDBPyConnection, relation: str, needles: list[str], where: str) -> list[str]:
    columns = [row[0] for row in db.execute(f"describe from {relation}").fetchall() if row[1] == "VARCHAR"]
    if not columns:
        return []
    holds = [" or ".join(f'contains("{column}", ?)' for _ in needles) for column in columns]
    found = db.execute(f"select {', '.join(f'bool_or({each})' for each in holds)} from {relation}", needles * len(columns)).fetchone()
    return [f"{where}.{column}" for column, is_there in zip(columns, found, strict=True) if is_there]


@pytest.fixture
def home(tmp_path: Path, demo_home: Path) -> Path:
    """A copy of the demo home, to erase from."""
    copy = tmp_path / "home"
    shutil.copytree(demo_home, copy, symlinks=True)
    return copy


def test_an_erased_person_is_gone_and_stays_gone(home: Path, demo_source: Path, run_cli: Any, hash_key: str) -> None:
    person = _busiest_person(demo_source)
    needles = [person["contact_email"], hash_value(hash_key, "contact_email", person["contact_email"])]
    identity = f":{person['contact_id']}"
    settings = Settings(home=home)
    before = current_manifest(settings)
    run_cli("sandbox", "ann", "--home", home)
    assert any("sandboxes/ann" in str(path) for path in home.rglob("warehouse.duckdb")), "an analyst has a copy of it"
    assert _traces(home, needles), "the person stands somewhere before"

    run_cli("forget", "--contact", person["contact_email"], "--home", home)

    assert _traces(home, needles) == []
    assert _clients(settings, identity) == 0
    assert not status(settings).problems, "versions, manifests and their hashes agree"
    shown = current_manifest(settings)
    assert shown.version == before.version, "BI shows the same version"
    assert {name: shown.tables[name] for name in KPI_TABLES} == {name: before.tables[name] for name in KPI_TABLES}, "no figure changed"

    # the source still delivers the person: its next export has one lead more, so it is landed again
    changed = home.parent / "source"
    shutil.copytree(demo_source, changed)
    leads = (changed / "leads.csv").read_text(encoding="utf-8")
    (changed / "leads.csv").write_text(
        leads + leads.splitlines()[1].replace(leads.splitlines()[1].split(",")[0], "L-new", 1) + "\n", encoding="utf-8"
    )
    run_cli("run", "--sources", changed / "sources.yml", "--home", home, "--as-of", AS_OF)
    assert len(retained(settings)) == 2
    assert _traces(home, needles) == []
    assert _clients(settings, identity) == 0

    run_cli("rollback", "--home", home)
    assert current_manifest(settings).version == before.version
    assert _traces(home, needles) == []
    assert _clients(settings, identity) == 0


def _clients(settings: Settings, identity: str) -> int:
    with duckdb.connect(str(settings.paths.current), read_only=True) as db:
        return db.execute(
            "select (select count(*) from facts.fct_lead_funnel where ends_with(client_key, ?)) "
            "+ (select count(*) from facts.fct_payment where ends_with(client_key, ?))",
            [identity, identity],
        ).fetchone()[0]


def test_a_request_for_nobody_changes_nothing_but_is_remembered(home: Path, run_cli: Any) -> None:
    settings = Settings(home=home)
    before = current_manifest(settings)
    done = run_cli("forget", "--contact", "stranger@example.org", "--home", home)
    assert "nobody was found" in done.stdout
    assert current_manifest(settings) == before
    assert (settings.paths.landing / "forgotten.json").exists()


def test_without_the_hash_key_the_request_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEFUNNEL_HASH_KEY", raising=False)
    with pytest.raises(ConfigError, match="ONEFUNNEL_HASH_KEY"):
        forget(Settings(home=home), "ann@example.com")
    assert not (home / "landing" / "forgotten.json").exists()
