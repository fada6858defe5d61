"""Phones as the digits that are dialled from abroad, in whatever form their country writes them, so that equal phones get equal hashes.

Of `0171 …`, `+49 (0)171 …`, `0049171…` and `49171…` in Germany, or `8 (912) …`, `+7912…` and `912…` in Russia, 49171… and 7912… are left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from onefunnel.durable import write_whole
from onefunnel.extract.normalise import NO_PHONE, kind_of, literal, one_phone_sql, quoted

COUNTRIES = "phone_countries.json"
NOBODY = re.compile(NO_PHONE)


def international(text: str, country: str) -> str:
    """Code of the country and national number; a text that holds no phone number as it is. country: of numbers that name none (ISO 3166).

    What begins with no plus may have lost it in an export: that is believed of the code of this country, and of another where the number is
    none of this one.
    """
    from phonenumbers import country_code_for_region, national_significant_number

    digits = re.sub(r"\D", "", text)
    if NOBODY.fullmatch(digits):
        return text
    if text.lstrip().startswith("+") or (digits.startswith("0") and not digits.startswith("00")):
        number = _parsed(text, country)
    else:
        # in this order, each parsed only if the one before is no number; to tell costs as much as to parse
        readings = [(text, country), ("+" + digits.removeprefix("00"), None)]
        if digits.startswith(str(country_code_for_region(country))):
            readings.reverse()
        number = next((each for reading in readings if _is_valid(each := _parsed(*reading))), None) or _parsed(text, country)
    return text if number is None else f"{number.country_code}{national_significant_number(number)}"


def rewrite_phones(run: Callable[[str], Any], table: str, columns: Iterable[str], country: str, scratch: Path) -> None:
    """Put the phones of a table into that form, each text once. run: executes SQL."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    forms = scratch / "phones.parquet"
    for column in columns:
        if kind_of(column) != "phone":
            continue
        one = one_phone_sql(quoted(column))
        told = run(f"select distinct {quoted(column)}, {one} from {table} where {one} is not null").fetchall()
        known = {text: form for text, phone in told if (form := international(phone, country)) != text}
        pq.write_table(
            pa.table({"told": list(known), "form": list(known.values())}, schema=pa.schema({"told": pa.string(), "form": pa.string()})),
            forms,
        )
        run(f"update {table} set {quoted(column)} = form from read_parquet({literal(str(forms))}) as forms where {quoted(column)} = told")
    forms.unlink(missing_ok=True)


def note_country(landing: Path, country: str) -> None:
    """Remember that phones of this landing are written so: an erase request must find them."""
    if country not in (noted := noted_countries(landing)):
        write_whole(landing / COUNTRIES, json.dumps(sorted({*noted, country})) + "\n")


def noted_countries(landing: Path) -> list[str]:
    """The countries of which phones of this landing were taken to be."""
    path = landing / COUNTRIES
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def check_country(country: str) -> str:
    """The country as it is. Raises ValueError for one that no phone numbers are known of."""
    from phonenumbers import SUPPORTED_REGIONS

    if country not in SUPPORTED_REGIONS:
        raise ValueError(f"no such country: {country!r} (write it as DE, RU, GB)")
    return country


def _parsed(text: str, country: str | None) -> Any:
    from phonenumbers import NumberParseException, parse

    try:
        return parse(text, country)
    except NumberParseException:
        return None


def _is_valid(number: Any) -> bool:
    from phonenumbers import is_valid_number

    return number is not None and is_valid_number(number)
