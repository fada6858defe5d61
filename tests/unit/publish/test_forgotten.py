"""A row loses its identity and nothing else; rows of one person stay linked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from onefunnel.errors import ConfigError
from onefunnel.forgotten import Forgotten, erase_known, erase_rows, identity_columns, read_forgotten
from onefunnel.landing.loads import MANIFEST, LandedFile, LoadManifest
from onefunnel.publish.forget import forget
from onefunnel.settings import Settings

ROWS = [
    ("1", "c7", "hash-ann", "hash-phone", "Acme", "10"),
    ("2", "c7", None, None, None, "20"),
    ("3", None, "hash-ann", "hash-phone", None, "30"),
    ("4", "c8", "hash-bob", "hash-phone", "Bob Ltd", "40"),
    ("c7", None, None, None, None, "50"),
]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "part-00000.parquet"
    with duckdb.connect() as db:
        db.execute(
            "create table leads (lead_id varchar, contact_id varchar, contact_email varchar, contact_phone varchar, "
            "company varchar, budget varchar)"
        )
        db.executemany("insert into leads values (?, ?, ?, ?, ?, ?)", ROWS)
        db.execute(f"copy leads to '{path}' (format parquet)")
    return path


def rows_of(part: Path) -> list[tuple[str | None, ...]]:
    return duckdb.sql(f"from '{part}'").fetchall()


def test_only_the_persons_rows_change_and_their_order_stays(part: Path) -> None:
    tokens = dict.fromkeys(("c7", "hash-ann"), "erased-1")
    with duckdb.connect() as db:
        links, details = identity_columns(["lead_id", "contact_id", "contact_email", "contact_phone", "company", "budget"])
        assert erase_rows(db, part, tokens, links, details) == 3
    assert rows_of(part) == [
        ("1", "erased-1", None, None, None, "10"),
        ("2", "erased-1", None, None, None, "20"),
        ("3", None, "erased-1", None, None, "30"),
        ROWS[3],
        ROWS[4],
    ]


def test_extraction_consults_the_list(part: Path, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    listed = Forgotten("salt", {})
    assert erase_known(part, landing) == 0
    Forgotten("salt", {listed.name_of("hash-ann"): "erased-2"}).save(landing)
    assert erase_known(part, landing) == 2
    assert rows_of(part)[0][1:4] == ("erased-2", None, None)
    assert rows_of(part)[2][1:4] == (None, "erased-2", None)
    assert erase_known(part, landing) == 0, "once erased, nobody is found"


def test_the_list_holds_no_value(tmp_path: Path) -> None:
    listed = read_forgotten(tmp_path)
    Forgotten(listed.salt, {listed.name_of("ann@example.com"): "erased-3"}).save(tmp_path)
    assert "ann@example.com" not in (tmp_path / "forgotten.json").read_text()
    assert read_forgotten(tmp_path).tokens == {listed.name_of("ann@example.com"): "erased-3"}


def test_a_damaged_list_stops_extraction(part: Path, tmp_path: Path) -> None:
    (tmp_path / "forgotten.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        erase_known(part, tmp_path)


def test_the_id_of_a_list_of_contacts_is_a_contact_id() -> None:
    assert identity_columns(["Id", "Email"], is_contact_list=True) == (["Id"], ["Email"])
    assert identity_columns(["Id", "Contact Name"]) == (["Contact Name"], [])


@pytest.mark.parametrize("contact", ["7", "42", "C", "00"])
def test_a_contact_id_may_be_short(tmp_path: Path, contact: str) -> None:
    load = tmp_path / "landing" / "template" / "leads" / "source=crm" / "load=1"
    load.mkdir(parents=True)
    landed = load / "part-00000.parquet"
    duckdb.sql(f"select '1' as lead_id, '{contact}' as contact_id union all select '2', 'other'").write_parquet(str(landed))
    file = LandedFile("leads.csv", "", "", landed.name, 2)
    manifest = LoadManifest("crm", "template", "leads", "1", "", "", "", 2, 0, "", (file,))
    (load / MANIFEST).write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    assert forget(Settings(home=tmp_path), contact).rows == 1
    assert [row[1].startswith("erased-") for row in rows_of(landed)] == [True, False]


@pytest.mark.parametrize(
    "nobody", ["", " ", "@", "a@", "0", "0.0", "-1", "-", "n/a", "NULL", "Unknown", "00000000-0000-0000-0000-000000000000"]
)
def test_what_stands_for_nobody_is_nobody(tmp_path: Path, nobody: str) -> None:
    """All rows without a contact would become those of one erased person."""
    with pytest.raises(ConfigError, match="nobody is named"):
        forget(Settings(home=tmp_path), nobody)
