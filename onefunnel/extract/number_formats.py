"""What a workbook shows beside a number and keeps in the format of its cell: `"$"#,##0.00`, `[$€-407] #,##0`, `0.0" тыс."`, `0%`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Columns whose amounts staging compares with the currency of their row.
MONEY_COLUMNS = _set("amount cost direct_cost")
# As `currency_signs` of dbt_project/macros/parse.sql; a code of three letters is one, too.
SIGNS = _set(
    "$ us$ c$ ca$ a$ au$ nz$ hk$ s$ r$ mx$ доллар доллара долларов долл dollar dollars rur rmb cn¥ dh dhs ₽ € euro euros евро £ ¥ ￥ 元 円 "
    "yen руб рубль рубля рублей р rubles br ₴ грн гривен ₸ тг тенге сум so'm ₺ tl ₹ rs ₩ ₪ ₫ đ ฿ ₱ ₦ ₾ ֏ ₼ ₿ rp rm zł zl kč kc kr ft fr "
    "sfr lei лв"
)
_CODE = re.compile(r"[A-Z]{3}")
# What a section of a format holds: a blank of a letter's width, a filling letter, an escaped one, a text, a currency, a colour.
_PIECE = re.compile(r"_.|\*.|\\(.)|\"([^\"]*)\"|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]|([$\xa2-\xa5\u20a0-\u20cf])", re.DOTALL)
# Thousands and millions, alone or before a currency: 12.5k, 3 тыс. руб., 1.2 Mio. €, TEUR.
_UNIT = re.compile(
    r"([x×*] ?)?1(0{3}|0{6})|'000s?"
    r"|[$€£₽]?(k|к|m|mm|mn|b|bn|t|т|thsd|thousands?|mln|mio|mill?ion(s|en)?|billions?|mrd|mld|tsd|tausend|tys|lakhs?|lac|crores?|cr|тыс|тысяч[аи]?"
    r"|млн|миллион(а|ов)?|млрд|миллиард(а|ов)?)[. ]*(р|руб(лей)?|грн|[$€£₽₴₸]|eur|usd|rub|gbp|chf|pln|uah|kzt)?",
    re.IGNORECASE,
)
# A comma behind the last digit divides by a thousand what is shown: the cell holds the whole amount.
_SCALED = re.compile(r"[0#?],+(?![,0#?])")
# A sign that is shown before the digits of a number above zero: who reads the sheet sees one below it.
_LESS = re.compile(r"[^0#?]*[-−–(][^0#?]*[0#?]")
_BUILT_IN_PERCENTS = {"9": "0%", "10": "0.00%"}
_OPENING = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_STYLE = re.compile(rb"\bs\s*=\s*[\"']([0-9]{1,6})[\"']")


# Columns of days and moments, by a word of their names; serial numbers of days from 1927 to 2064; the two counts' distance.
_OF_TIME = re.compile(r"(?i:(?:.*[\W_])?(?:date|datum|day|time|at|month|дата|день|время)(?:[\W_].*)?)|.*[a-z](?:Date|Time|At)")
LEAST_DAY, GREATEST_DAY, DAYS_TO_1904 = 10_000, 60_000, 1462


class Money(float):
    """A number with the sign of its currency, as the format of its cell shows it ("" for none), its unit and power as in `unit_in`."""

    sign: str
    unit: str
    power: int

    def __new__(cls, value: float, sign: str, unit: str = "", power: int = 0) -> Money:
        money = super().__new__(cls, value)
        money.sign, money.unit, money.power = sign, unit, power
        return money

    def text(self, decimal_separator: str) -> str:
        """As an export to CSV would write it, never to be taken for groups of thousands; staging reads no number beside a unit."""
        number = abs(Decimal(repr(float(self)))).scaleb(self.power)
        written = format(number, "f").removesuffix(".0")
        written += "0" if re.search(r"[.]\d{3}$", written) else ""
        unit = f" {self.unit}" if self.unit else ""
        return f"{'-' if self < 0 else ''}{self.sign}{written.replace('.', decimal_separator)}{unit}"


def sign_in(code: str) -> str | None:
    """The currency that a format shows beside its numbers; None for none."""
    pieces = _PIECE.findall(_first_section(code))
    place = next((symbol.strip(" .\xa0") for _, _, symbol, _ in pieces if symbol.strip(" .\xa0")), None)
    return place or next((word for word in _words(pieces) if word.lower() in SIGNS or _CODE.fullmatch(word)), None)


def unit_in(code: str) -> tuple[str, int]:
    """(what a format says that its numbers count, by which power of ten it shows them): ("тыс", 0), ("%", 2); "" where they are whole.

    "minus" is one, too: what is above zero in the cell and below it on the sheet.
    """
    section = _first_section(code)
    bare = _PIECE.sub("", section)
    if "%" in bare:
        return "%", 2
    if _LESS.match(_PIECE.sub(lambda piece: piece[1] or piece[2] or "", section)):
        return "minus", 0
    unit = next((word for word in _words(_PIECE.findall(section)) if word == "%" or _UNIT.fullmatch(word)), "")
    return ("" if unit != "%" and _SCALED.search(bare) else unit), 0


def _words(pieces: list[tuple[str, str, str, str]]) -> list[str]:
    """The texts of a format; letters that are escaped one by one are a word."""
    return [each.strip(" .\xa0") for each in ("".join(escaped for escaped, *_ in pieces), *("".join(piece) for piece in pieces))]


def _first_section(code: str) -> str:
    """Up to the `;` before the negative numbers."""
    quoted = False
    for index, letter in enumerate(code):
        quoted ^= letter == '"'
        if letter == ";" and not quoted and code[index - 1 : index] != "\\":
            return code[:index]
    return code


def is_known(sign: str) -> bool:
    return sign.lower() in SIGNS or _CODE.fullmatch(sign) is not None


def signs_of_styles(styles: bytes) -> dict[int, str]:
    """The currency of each cell style that shows one. Formats that are not written out mean the reader's own currency: none."""
    return {style: sign for style, code in _formats(styles) if (sign := sign_in(code))}


def units_of_styles(styles: bytes) -> dict[int, tuple[str, int]]:
    """The unit of each cell style that shows one, and its power, as `unit_in`."""
    return {style: unit for style, code in _formats(styles) if (unit := unit_in(code))[0]}


def _formats(styles: bytes) -> list[tuple[int, str]]:
    try:
        root = ElementTree.fromstring(styles) if styles else None  # noqa: S314 - entities are refused before
    except ElementTree.ParseError:
        root = None
    if root is None:
        return []
    parts = {part.tag.rpartition("}")[2]: part for part in root}
    codes = _BUILT_IN_PERCENTS | {each.get("numFmtId", ""): each.get("formatCode", "") for each in parts.get("numFmts", ())}
    return [(index, codes.get(style.get("numFmtId", ""), "")) for index, style in enumerate(parts.get("cellXfs", ()))]


def mark_money(rows: list[list[Any]], xml: bytes, signs: dict[int, str], units: dict[int, tuple[str, int]]) -> None:
    """Make Money, in place, of the numbers whose cells show a currency or a unit."""
    for cell in _OPENING.finditer(xml) if signs or units else ():
        style, place = _STYLE.search(cell[1]), _PLACE.search(cell[1])
        shown = int(style[1]) if style else 0
        if place is None or (shown not in signs and shown not in units):
            continue
        row, column = int(place[2]) - 1, column_number(place[1]) - 1
        if row < len(rows) and column < len(rows[row]) and type(rows[row][column]) in (int, float):
            rows[row][column] = Money(rows[row][column], signs.get(shown, ""), *units.get(shown, ("", 0)))


def column_number(letters: bytes) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def count_from_1900(names: Sequence[object], rows: Iterable[list[Any]]) -> None:
    """Shift, in place, days that a workbook of 1904 counts in cells that show plain numbers; those that it shows as dates are read so."""
    dated = [index for index, name in enumerate(names) if _OF_TIME.fullmatch(str(name).strip())]
    for row in rows:
        for index in dated:
            if type(row[index]) in (int, float) and LEAST_DAY < row[index] < GREATEST_DAY:
                row[index] += DAYS_TO_1904
