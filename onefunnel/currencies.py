"""Codes of currencies (ISO 4217, as CLDR knows them): an unknown one would wait for rates that no source can deliver."""

from __future__ import annotations

from datetime import date

# Old enough that no data is of them: RUR, DEM, TRL. One that was in use later may be the currency of what was paid then.
WITHDRAWN_BEFORE = date(2015, 1, 1)
# No ISO codes, but people pay in them.
BITCOIN = ("BTC", "XBT")
# Where CLDR puts codes of what is no money: tests, metals, units of account; and that of none.
NO_TERRITORY, NO_CURRENCY = "ZZ", "XXX"


def check_currency(code: str) -> str:
    """The code as it is. Raises ValueError, with the code that is meant where one is known."""
    from babel.core import get_global

    by_territory = get_global("territory_currencies")
    known = [used for place, used in by_territory.items() if place != NO_TERRITORY and code != NO_CURRENCY]
    ends = [end for used in known for each, _, end, _ in used if each == code]
    if code in BITCOIN or None in ends or any(date(*end) >= WITHDRAWN_BEFORE for end in ends):
        return code
    # the first two letters of a code are its country
    now = next((each for each, _, end, is_tender in by_territory.get(code[:2], ()) if end is None and is_tender), None)
    meant = f"{now} is meant, its successor" if ends and now else "write it as EUR, USD, RUB, GBP"
    raise ValueError(f"{'withdrawn' if ends else 'no such'} currency: {code!r} ({meant})")
