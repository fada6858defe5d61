"""Where a database is gone on from: the cursor that a load remembers, of which rows, and at most as late as the load is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from onefunnel.errors import ConfigError
from onefunnel.landing.loads import StagedLoad
from onefunnel.sources import TableEntity

if TYPE_CHECKING:
    import sqlalchemy as sa

# How each kind of cursor is kept in a manifest and read back.
CURSOR_TYPES: dict[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "datetime": (lambda value: value.isoformat(), datetime.fromisoformat),
    "date": (lambda value: value.isoformat(), date.fromisoformat),
    "int": (str, int),
    "Decimal": (str, Decimal),
    "float": (repr, float),
    "str": (str, str),
}
NUMBERS = {"int", "Decimal", "float"}
# Texts that sort as what they mean: ISO moments of one zone, written alike, and digits of one length.
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:([ T])\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?")
# The zone of a timestamp without one is not known: nowhere is it earlier than in UTC-12.
WESTERNMOST = timedelta(hours=12)


def rows_key(url: sa.URL, options: TableEntity) -> str:
    """What tells the rows of one database, table and query from those of another. Of the URL neither user nor password nor options."""
    place = [url.get_backend_name(), url.host or "", str(url.port or ""), url.database or ""]
    return hashlib.sha256("|".join([*place, options.table or "", *(options.query or "").split()]).encode()).hexdigest()[:16]


def cursor_from(staged: StagedLoad, options: TableEntity, lookback: timedelta, rows: str = "") -> Any:
    """Where to read from: the cursor of the newest load before this one, less the lookback; None reads everything.

    A number or a text has no days: the lookback then re-reads nothing, and the last value itself is read again. rows: see `rows_key`;
    where that load read other rows, its cursor says nothing of these.
    """
    state = last_state(staged, options)
    if state is None:
        return None
    if rows and state.get("of", rows) != rows:
        what = f"`table`, `query` or the database is another than at the load before: read whole, not from `{options.cursor}` on"
        staged.warnings.append(f"{what}. What was landed before still counts where the new rows do not hold its keys")
        return None
    value = CURSOR_TYPES[state["type"]][1](state["value"])
    # loads that found nothing new repeat the cursor of the one that did
    first = next(load for load in staged.earlier if load.cursor == state)
    return before_lookback(at_most(value, datetime.fromisoformat(first.interval_end)), lookback)


def last_state(staged: StagedLoad, options: TableEntity) -> dict[str, str] | None:
    """What the newest load before this one remembers of the entity's cursor; None where there is none."""
    states = [load.cursor for load in staged.earlier if load.cursor and load.cursor["column"] == options.cursor]
    return states[-1] if states else None


def before_lookback(value: Any, lookback: timedelta) -> Any:
    """A number or a text has no days."""
    return value - lookback if isinstance(value, date) else value


def at_most(value: Any, end: datetime) -> Any:
    """A dated cursor no later than `end`, as written; any other as it is."""
    day = (end - WESTERNMOST).astimezone(UTC).date()
    if isinstance(value, datetime):
        return min(value, end if value.tzinfo else (end - WESTERNMOST).astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, date):
        return min(value, day)
    if isinstance(value, str) and ISO.fullmatch(value):
        return value if value[:10] <= day.isoformat() else day.isoformat()
    return value


@dataclass
class Reached:
    """The greatest cursor of the rows read. Raises ConfigError for values among which there is none."""

    column: str
    where: str
    last: Any = None
    _shape: tuple[str, ...] | None = None
    _like: Any = None

    def add(self, values: Sequence[Any]) -> None:
        told = [value for value in values if value is not None and value != ""]
        for kind in {type(value) for value in told} | ({type(self.last)} if self.last is not None else set()):
            self._check_kind(kind.__name__, told)
        for value in told if any(isinstance(each, str) for each in told) else ():
            self.check_text(value)
        if told:
            self.last = max(told if self.last is None else [self.last, *told])

    def _check_kind(self, kind: str, told: list[Any]) -> None:
        if kind not in CURSOR_TYPES:
            hint = "use a timestamp, date, number or text"
            raise ConfigError(f"the cursor column {self.column!r} is of type {kind}", where=self.where, hint=hint)
        first = type(told[0]).__name__ if self.last is None and told else type(self.last).__name__
        if told and kind != first and not {kind, first} <= NUMBERS:
            self._refuse(f"holds values of type {first} and of type {kind}, of which none is the last")

    def check_text(self, text: str) -> None:
        """One shape for all: in another one, the order of texts is not the order of what they mean."""
        iso = ISO.fullmatch(text)
        if not iso and not text.isdecimal():
            self._refuse(f"is text such as {text[:40]!r}, whose order is not that of time")
        shape = ("iso", iso[1] or "", iso[2] or "") if iso else ("digits", str(len(text)))
        is_alike = self._shape in (None, shape) or (iso and self._shape and self._shape[0] == "iso" and not (iso[1] and self._shape[1]))
        if not is_alike:
            self._refuse(f"is text written in several ways, {self._like[:40]!r} and {text[:40]!r}: its order is not that of time")
        if self._shape is None or (iso and iso[1]):
            self._shape, self._like = shape, text

    def _refuse(self, what: str) -> None:
        hint = "cast it in a `query`, such as `select *, cast(… as timestamp) as changed_at from …` with `cursor: changed_at`, use another "
        hint += "column, or leave `cursor` out: then all is read"
        raise ConfigError(f"the cursor column {self.column!r} {what}; rows would be left out", where=self.where, hint=hint)


def cursor_state(
    options: TableEntity, last: Any, staged: StagedLoad, rows: str = "", behind: Mapping[str, str] | None = None
) -> dict[str, str] | None:
    """The cursor to go on from. Nothing new: that of the load before. Naive timestamps stay naive, as the database compares them.

    behind: what to remember beside it (late_rows.py).
    """
    if options.cursor is None:
        return None
    if last is None:
        state = last_state(staged, options)
        return state if state and state.get("of", rows) == rows else None
    if isinstance(last, datetime) and last.tzinfo:
        last = last.astimezone(UTC)
    end = staged.interval.end
    reached = at_most(last, end)
    if at_most(last, max(end, datetime.now(UTC)) + timedelta(days=2)) != last:
        what = f"a row's `{options.cursor}` is {last}, in the future: the next load goes on from {reached}, and reads such rows again"
        staged.warnings.append(f"{what}. Correct them in the source")
    kind = type(reached).__name__
    return {"column": options.cursor, "type": kind, "value": CURSOR_TYPES[kind][0](reached), "of": rows, **(behind or {})}
