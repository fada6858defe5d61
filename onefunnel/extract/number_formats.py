"""The currency that a workbook shows beside a number and keeps in the format of its cell: `"$"#,##0.00`, `[$€-407] #,##0`."""

from __future__ import annotations

import re
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
_OPENING = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_STYLE = re.compile(rb"\bs\s*=\s*[\"']([0-9]{1,6})[\"']")


class Money(float):
    """A number with the sign of its currency, as the format of its cell shows it."""

    sign: str

    def __new__(cls, value: float, sign: str) -> Money:
        money = super().__new__(cls, value)
        money.sign = sign
        return money

    def text(self, decimal_separator: str) -> str:
        """As an export to CSV would write it, never to be taken for groups of thousands."""
        number = abs(Decimal(repr(float(self))))
        written = format(number, "f").removesuffix(".0")
        written += "0" if re.search(r"[.]\d{3}$", written) else ""
        return f"{'-' if self < 0 else ''}{self.sign}{written.replace('.', decimal_separator)}"


def sign_in(code: str) -> str | None:
    """The currency that a format shows beside its numbers; None for none."""
    pieces = _PIECE.findall(_first_section(code))
    place = next((symbol.strip(" .\xa0") for _, _, symbol, _ in pieces if symbol.strip(" .\xa0")), None)
    if place:
        return place
    words = ["".join(piece).strip(" .\xa0") for piece in pieces]
    # letters that are escaped one by one are a word
    words.append("".join(escaped for escaped, *_ in pieces).strip(" .\xa0"))
    return next((word for word in words if word.lower() in SIGNS or _CODE.fullmatch(word)), None)


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
    try:
        root = ElementTree.fromstring(styles) if styles else None  # noqa: S314 - entities are refused before
    except ElementTree.ParseError:
        root = None
    if root is None:
        return {}
    parts = {part.tag.rpartition("}")[2]: part for part in root}
    signs = {each.get("numFmtId"): sign for each in parts.get("numFmts", ()) if (sign := sign_in(each.get("formatCode", "")))}
    return {index: signs[style.get("numFmtId")] for index, style in enumerate(parts.get("cellXfs", ())) if style.get("numFmtId") in signs}


def mark_money(rows: list[list[Any]], xml: bytes, signs: dict[int, str]) -> None:
    """Make Money, in place, of the numbers whose cells show a currency."""
    for cell in _OPENING.finditer(xml) if signs else ():
        style, place = _STYLE.search(cell[1]), _PLACE.search(cell[1])
        sign = signs.get(int(style[1]) if style else 0)
        if sign is None or place is None:
            continue
        row, column = int(place[2]) - 1, column_number(place[1]) - 1
        if row < len(rows) and column < len(rows[row]) and type(rows[row][column]) in (int, float):
            rows[row][column] = Money(rows[row][column], sign)


def column_number(letters: bytes) -> int:
    """A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
