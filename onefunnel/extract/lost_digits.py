"""Ids that a program held as numbers of floating point: beyond 2^53 several ids are one such number, and which is meant is not known.

They land as such numbers are written, 1.202100000000000E+17, which staging takes for no id and tells (is_cut_id in parse.sql).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from onefunnel.extract.normalise import literal, quoted

# A number of floating point is a whole number exactly up to here.
EXACT = 2**53
# One of 32 bits, which has some seven digits: a whole number up to here, a hundredth up to there.
EXACT_IN_32_BITS, CENTS_IN_32_BITS = 2**24, 2**17
_ID_NAME = re.compile(r"(.*[\W_])?(id|ID|Id)|.*[a-z](ID|Id)|(?i:duplicate_of)", re.DOTALL)
# How programs write such numbers: as one of a column with fractions or gaps (pandas), or in short. 1e17 is a text of its own, and what a
# spreadsheet cut, 1.2021E+17, is seen to be cut already.
_FLOATING = r"[0-9]{16,}[.]0|[0-9]([.][0-9]+)?e[+][0-9]{2}|[0-9][.][0-9]+[eE][0-9]{2}"


class Rounded(str):
    """The digits that a workbook kept of a longer number."""

    __slots__ = ()


def is_id(column: str) -> bool:
    """Whether a column holds ids, told by its name."""
    return _ID_NAME.fullmatch(column.strip()) is not None


def id_sql(column: str) -> str:
    """A column of ids with the numbers of which digits are lost as what they are."""
    name = quoted(column)
    is_lost = (
        f"({name} like '%.0' or {name} like '%e%' or {name} like '%E%') and regexp_full_match({name}, {literal(_FLOATING)}) "
        f"and try_cast({name} as double) >= {EXACT}"
    )
    return f"case when {is_lost} then printf('%.15E', try_cast({name} as double)) else {name} end"


def unknown_ids(cells: Sequence[Any]) -> list[Any]:
    """Cells of a workbook's column of ids: what is Rounded and stands in several rows may be the ids of several, and is none.

    What stands in one row names that row: it is kept with the digits that are there.
    """
    times = Counter(cell for cell in cells if isinstance(cell, Rounded))
    return [f"{float(cell):.15E}" if isinstance(cell, Rounded) and times[cell] > 1 else cell for cell in cells]
