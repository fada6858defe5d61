"""A row loses its identity and nothing else; rows of one person stay linked."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from onefunnel.forgotten import Forgotten, erase_known, erase_rows, identity_columns, read_forgotten

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
