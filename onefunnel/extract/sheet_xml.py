"""What calamine drops and a sheet's own XML says: error values, long numbers, formulas without a value, merged cells, hidden rows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from onefunnel.extract.lost_digits import EXACT, Rounded
from onefunnel.extract.number_formats import column_number

REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,9})([0-9]{1,18})[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']")
_FORMULA = rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
_UNCOMPUTED = re.compile(rb"<(?:\w+:)?c\b([^>]*)>\s*" + _FORMULA + rb"\s*</(?:\w+:)?c>")
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_ROW_NUMBER = re.compile(rb"\br\s*=\s*[\"']([0-9]{1,7})[\"']")
_IS_HIDDEN = re.compile(rb"\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</(?:\w+:)?v>")


class Uncomputed(str):
    """The empty text of a cell whose formula no program has computed yet."""

    __slots__ = ()


def restore(rows: list[list[Any]], xml: bytes) -> None:
    """Put back, in place, what the reader drops: error values, digits of long numbers, and that a formula has no value."""
    for cell in _UNCOMPUTED.finditer(xml) if b"<f" in xml or b":f" in xml else ():
        place = REFERENCE.search(cell[1])
        if place and int(place[2]) <= len(rows) and column_number(place[1]) <= len(rows[int(place[2]) - 1]):
            rows[int(place[2]) - 1][column_number(place[1]) - 1] = Uncomputed()
    has_errors = _ERROR.search(xml) is not None
    has_long = any(isinstance(cell, float) and abs(cell) >= EXACT for row in rows for cell in row)
    if not has_errors and not has_long:
        return
    for cell in _CELL.finditer(xml):
        attributes, content = cell[1], cell[2] or b""
        place, value = REFERENCE.search(attributes), _VALUE.search(content)
        if place is None or value is None:
            continue
        row, column = int(place[2]) - 1, column_number(place[1]) - 1
        if row >= len(rows) or column >= len(rows[row]):
            continue
        if _ERROR.search(attributes):
            rows[row][column] = value[1].decode()
        elif isinstance(rows[row][column], float) and abs(rows[row][column]) >= EXACT:
            rows[row][column] = _digits(value[1].decode())


def _digits(text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE]\+?\d{1,3})?", text):
        return text
    digits = format(Decimal(text), "f")
    return Rounded(digits) if "e" in text.lower() else digits


def fill_merged(rows: list[list[Any]], xml: bytes, above: int) -> int:
    """What a merged cell says, it says of each of its rows; a number that is no id would be counted in each, and stays in the first."""
    filled = 0
    for first, top, last, bottom in _MERGED.findall(xml) if b"mergeCell" in xml else ():
        column, start = column_number(first) - 1, int(top) - 1
        if first != last or start <= above or start >= len(rows) or column >= len(rows[start]) or rows[start][column] == "":
            continue
        value = rows[start][column]
        if isinstance(value, (int, float)) and not str(rows[above][column]).strip().lower().endswith("id"):
            continue
        for row in rows[start + 1 : int(bottom)]:
            if any(cell != "" for cell in row):
                row[column] = value
                filled += 1
    return filled


def hidden_rows(xml: bytes) -> set[int]:
    """Numbers of the rows that nobody sees who opens the workbook. A row without a number follows the one before."""
    found, number = set(), 0
    for row in _ROW.finditer(xml) if b"hidden" in xml else ():
        said = _ROW_NUMBER.search(row[1])
        number = int(said[1]) if said else number + 1
        if _IS_HIDDEN.search(row[1]):
            found.add(number)
    return found
