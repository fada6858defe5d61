"""`phone_country`: phones as their country writes them meet those that are written for abroad."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest_landing import KEY, Landing
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import MAX_PHONE_DIGITS, PHONE_AS_DECIMAL, hash_value
from onefunnel.extract.phones import international
from onefunnel.publish.forget import forget

GERMAN = "0171 1234567 | +49 171 1234567 | +49 (0)171 1234567 | 0049171/1234567 | 491711234567 | tel. 0171-123 45 67"
RUSSIAN = "8 (912) 345-67-89 | +7 912 345-67-89 | 7912 3456789 | 912 345 67 89 | 8-912-345-67-89 | 007 912 345 67 89"
LEADS = "lead_id,created_at,channel,contact_phone\n"


@pytest.mark.parametrize(
    ("country", "told", "form"),
    [
        ("DE", GERMAN, "491711234567"),
        ("RU", RUSSIAN, "79123456789"),
        ("DE", "+7 (912) 345-67-89 | 007 912 345 67 89", "79123456789"),
        ("RU", "+49 171 1234567 | 0049 171 1234567 | 8 10 49 171 1234567", "491711234567"),
        ("RU", "8 495 123-45-67 | 495 123 45 67 | 74951234567", "74951234567"),
        ("RU", "380441234567 | +380 44 123 45 67", "380441234567"),
        ("IT", "06 1234 5678 | +39 06 12345678", "390612345678"),
        ("US", "(415) 555-2671 | 1-415-555-2671 | +1 415 555 2671", "14155552671"),
        ("GB", "020 7946 0958 | +44 (0)20 7946 0958", "442079460958"),
    ],
)
def test_every_form_of_a_number_is_one(country: str, told: str, form: str) -> None:
    assert {international(text, country) for text in told.split(" | ")} == {form}


@pytest.mark.parametrize("text", ["n/a", "", "8(000)000-00-00", "1234567890", "0171 1234567 / 030 1234567 / 040 1234567"])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert international(text, "DE") == text


def hashes(landing: Landing) -> set[str | None]:
    return {row[0] for row in landing.rows("contact_phone")}


def test_phones_of_a_source_land_under_one_hash_and_are_found_again(tmp_path: Path) -> None:
    """Without a country the digits are hashed, as before; once it is named the files land anew; an erase request finds any form."""
    landing = Landing(tmp_path, {"path": "*.csv"}, system="template", entity="leads")
    landing.write("leads.csv", LEADS + "".join(f"{place},2024-06-01,seo,{told}\n" for place, told in enumerate(RUSSIAN.split(" | "))))
    landing.land()
    assert hash_value(KEY, "contact_phone", "89123456789") in hashes(landing)
    assert len(hashes(landing)) == 4
    landing.source["phone_country"] = "RU"
    landing.land("2024-06-02")
    known = hash_value(KEY, "contact_phone", "+7 912 345-67-89")
    assert hashes(landing) == {known}
    forget(landing.settings, "8 912 345-67-89")
    assert known not in hashes(landing)


CUT = ["7.91612E+10", "4,91711E+11", "4.91711e+11", "1E+11", "'7.9E+10"]


@pytest.mark.parametrize("source", [{}, {"phone_country": "RU"}, {"phone_country": "DE"}])
def test_phones_that_a_spreadsheet_cut_are_nobodys_and_told(tmp_path: Path, source: dict[str, str]) -> None:
    landing = Landing(tmp_path, {"path": "*.csv"}, source, system="template", entity="leads")
    landing.write(
        "leads.csv", LEADS + "".join(f'{place},2024-06-01,seo,"{told}"\n' for place, told in enumerate([*CUT, "8 912 345-67-89"]))
    )
    (warning,) = landing.land().warnings
    assert "leads.csv: column contact_phone: 5 value(s) such as 9.99999E+99" in warning
    assert [row[0] is None for row in landing.rows("contact_phone")] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ("491711234567.0 | 491711234567,0 | +491711234567.00", "491711234567"),
        ("+49 171 1234567, +49 172 7654321 | +49 171 1234567; n/a; +49 172 7654321 | +49 171 1234567\n+49 172 7654321", "491711234567"),
        ("+49 171 1234567/+49 172 7654321 | tel. +49 171 1234567 or +49 172 7654321 | +49 171 1234567 +49 172 7654321", "491711234567"),
        ("0171 1234567 / 030 1234567 / 040 1234567 | 0171/1234567 / 030 1234567 | 0171 123 45 67 oder 0172/7654321", "01711234567"),
        ("0171/1234567 | 0171-123-45-67 | 0171 1234567, -", "01711234567"),
        ("0049171/1234567 | 0049 171 1234567; 0049 172 7654321", "00491711234567"),
    ],
)
def test_of_several_phones_in_a_cell_the_first_counts(tmp_path: Path, told: str, first: str) -> None:
    cells = told.split(" | ")
    assert {hash_value(KEY, "contact_phone", cell) for cell in cells} == {hash_value(KEY, "contact_phone", first)}
    landing = Landing(tmp_path, {"path": "*.csv"}, {"phone_country": "DE"}, system="template", entity="leads")
    landing.write("leads.csv", LEADS + "".join(f'{place},2024-06-01,seo,"{cell}"\n' for place, cell in enumerate(cells)))
    landing.land()
    assert hashes(landing) == {hash_value(KEY, "contact_phone", "491711234567")}


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.text("0123456789+-()./ ", max_size=MAX_PHONE_DIGITS).filter(lambda text: text.find("+") <= 0))
def test_what_is_no_longer_than_a_phone_is_one(text: str) -> None:
    assume(not re.fullmatch(PHONE_AS_DECIMAL, text))
    assert hash_value(KEY, "phone", text) == hash_value(KEY, "phone", re.sub("[^0-9]", "", text))


def test_a_country_that_is_none_is_told(tmp_path: Path) -> None:
    landing = Landing(tmp_path, source={"phone_country": "XX"})
    with pytest.raises(ConfigError, match="no such country: 'XX'"):
        landing.land()
