"""`phone_country`: phones as their country writes them meet those that are written for abroad."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest_landing import KEY, Landing

from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import hash_value
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


def test_a_country_that_is_none_is_told(tmp_path: Path) -> None:
    landing = Landing(tmp_path, source={"phone_country": "XX"})
    with pytest.raises(ConfigError, match="no such country: 'XX'"):
        landing.land()
