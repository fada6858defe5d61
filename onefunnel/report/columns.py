"""Rows as compact columns: what keeps two years of every KPI and channel small enough to travel inside one HTML file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON knows it: dates as ISO text, numbers to the cent from 100 on, to 4 decimals from 1 on,
    to 5 significant digits below; whole ones as integers. Much finer than anything the page shows."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        number = float(value)
        if number != number or number in (float("inf"), float("-inf")):
            return None
        digits = 2 if abs(number) >= 100 else 4
        number = round(number, digits) if abs(number) >= 1 else float(f"{number:.5g}")
        return int(number) if number == int(number) else number
    return str(value)


def _run_lengths(values: Sequence[Any]) -> list[Any]:
    """[value, count, value, count, …]; True and 1 stay apart."""
    runs: list[Any] = []
    for (_, value), group in groupby(values, key=lambda value: (type(value), value)):
        runs += [value, sum(1 for _ in group)]
    return runs


def pack_column(values: Sequence[Any]) -> dict[str, Any]:
    """One column: `v` plain values or `r` run lengths, whichever is shorter; of text they hold positions in the dictionary `d`."""
    plain_values = [plain(value) for value in values]
    packed: dict[str, Any] = {}
    if any(isinstance(value, str) for value in plain_values):
        words = sorted({value for value in plain_values if value is not None}, key=str)
        position: dict[Any, Any] = {word: index for index, word in enumerate(words)}
        packed["d"] = words
        plain_values = [position.get(value) for value in plain_values]
    runs = _run_lengths(plain_values)
    packed |= {"r": runs} if len(runs) < len(plain_values) else {"v": plain_values}
    return packed


def pack_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """{"n": number of rows, "c": {column: packed column}}."""
    return {"n": len(rows), "c": {name: pack_column([row[index] for row in rows]) for index, name in enumerate(names)}}


def unpack_table(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows again, as the page's own reader sees them."""
    columns: dict[str, list[Any]] = {}
    for name, packed in table["c"].items():
        values = packed.get("v")
        if values is None:
            runs = packed["r"]
            values = [value for index in range(0, len(runs), 2) for value in [runs[index]] * runs[index + 1]]
        if "d" in packed:
            values = [None if value is None else packed["d"][value] for value in values]
        columns[name] = values
    return [{name: values[index] for name, values in columns.items()} for index in range(table["n"])]
