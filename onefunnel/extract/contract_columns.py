"""Whether what was delivered has the columns that staging cannot do without, and what else they may be called."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Sequence

from onefunnel.errors import MissingColumn

# How alike two names must be, from 0 to 1: to be offered for a required column that is absent; to be called a slip of the pen.
RENAMED, MISSPELT = 0.5, 0.8


def check_columns(columns: Sequence[str], required: Sequence[str], file: str) -> None:
    """Raise MissingColumn naming the first required column that is absent and the delivered one most like it."""
    delivered = {name.strip().lower() for name in columns}
    if len(columns) == 1 and _is_whole_line(columns[0], required):
        raise MissingColumn(
            "each line is in quotes as a whole, so that all columns are one",
            where=f"{file}: column {columns[0]}",
            hint="a program took the lines of an export for cells: deliver it as it was before; until then the last good load stays",
        )
    for name in required:
        if name.lower() not in delivered:
            like = most_like(name, columns, RENAMED)
            hint = f"was it renamed to {like!r}? " if like else ""
            if len(columns) == 1 and len(set(required)) > 1:
                hint += "All columns came as one: say with `delimiter` of the entity what stands between them. "
            raise MissingColumn(
                f"the required column {name!r} is absent",
                where=f"{file}: columns {', '.join(columns) or '(none)'}",
                hint=f"{hint}Deliver it under its old name, or change the mapping of this system; where the column names are not in the "
                "first line, say in which with `header_row` of the entity; until then the last good load stays",
            )


def most_like(name: str, names: Iterable[str], cutoff: float) -> str | None:
    """The one of these names that is written most like it, whatever the case, if one is alike enough."""
    written = {each.strip().lower(): each for each in names}
    like = difflib.get_close_matches(name.strip().lower(), written, n=1, cutoff=cutoff)
    return written[like[0]] if like else None


def _is_whole_line(cell: str, required: Sequence[str]) -> bool:
    """Whether a header cell is itself a line that names the required columns."""
    return len(required) > 1 and any({name.lower() for name in required} <= _names_in(cell, mark) for mark in ",;\t|")


def _names_in(line: str, delimiter: str) -> set[str]:
    try:
        return {name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])}
    except csv.Error:
        return set()
