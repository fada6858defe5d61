"""What a change in a sandbox does to the figures: its marts against the same marts as they were when it was copied.

Both are read as attached files; the comparison is one SQL statement per mart, by the grain that the mart's YAML tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from onefunnel.errors import LockHeld, OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.grain import grains
from onefunnel.project import project_root
from onefunnel.publish.contents import PUBLICATION_COLUMNS
from onefunnel.publish.warehouse import is_held

if TYPE_CHECKING:
    from pathlib import Path

KPIS = "mart_kpi_monthly"
# views among the marts name their catalogue
THEN, NOW = "before", "warehouse"


@dataclass(frozen=True)
class MartDiff:
    """One mart. rows: now; changed: rows of the same key that differ, and per column how many. note: what was compared otherwise."""

    name: str
    rows: int = 0
    added: int = 0
    gone: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    columns_added: tuple[str, ...] = ()
    columns_gone: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_equal(self) -> bool:
        return not (self.added or self.gone or self.changed or self.columns_added or self.columns_gone or self.note)


@dataclass(frozen=True)
class KpiCell:
    """A figure that changed: KPI, month and channel, then -> now (None: no such figure)."""

    kpi: str
    month: str
    channel_key: str
    then: float | None
    now: float | None


@dataclass(frozen=True)
class Diff:
    """marts: all of both sides, by name; cells: changed figures, the largest change in proportion first."""

    marts: tuple[MartDiff, ...]
    cells: tuple[KpiCell, ...]

    @property
    def is_equal(self) -> bool:
        return all(mart.is_equal for mart in self.marts)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {"equal": self.is_equal, "marts": [asdict(mart) for mart in self.marts], "kpi_cells": [asdict(cell) for cell in self.cells]}


def compare(then: Path, now: Path) -> Diff:
    """The difference between the marts of two DuckDB files. Raises LockHeld while one is being built, OnefunnelError if it is damaged."""
    with duckdb.connect() as db:
        for alias, file in ((THEN, then), (NOW, now)):
            _attach(db, alias, file)
        keys = grains(project_root() / "models" / "marts")
        before, after = _columns(db, THEN), _columns(db, NOW)
        marts = [_mart(db, name, before.get(name), after.get(name), keys.get(name, ())) for name in sorted({*before, *after})]
        both = KPIS in before and KPIS in after
        return Diff(tuple(marts), tuple(_kpi_cells(db)) if both else ())


def _attach(db: duckdb.DuckDBPyConnection, alias: str, file: Path) -> None:
    try:
        db.execute(f"attach {literal(str(file))} as {alias} (read_only)")
    except duckdb.Error as error:
        if is_held(error):
            raise LockHeld("it is being built at this moment", where=str(file), hint="repeat when dbt has ended") from None
        raise OnefunnelError(
            f"it cannot be read: {str(error).splitlines()[0]}", where=str(file), hint="onefunnel sandbox NAME --anew"
        ) from None


def _columns(db: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    rows = db.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = ? and schema_name = 'marts' and not internal group by table_name",
        [database],
    ).fetchall()
    return {name: [column for column in columns if column not in PUBLICATION_COLUMNS] for name, columns in rows}


def _mart(db: duckdb.DuckDBPyConnection, name: str, before: list[str] | None, after: list[str] | None, key: tuple[str, ...]) -> MartDiff:
    if before is None or after is None:
        (rows,) = db.execute(f"select count(*) from {THEN if after is None else NOW}.marts.{quoted(name)}").fetchone()
        return MartDiff(name, 0, 0, rows, note="the mart is gone") if after is None else MartDiff(name, rows, rows, note="a new mart")
    shape = (tuple(column for column in after if column not in before), tuple(column for column in before if column not in after))
    common = [column for column in after if column in before]
    if not set(key) <= set(common) or not _is_key(db, name, key):
        return _whole_rows(db, name, common, *shape)
    values = [column for column in common if column not in key]
    (rows, added, gone, changed), counts = _by_key(db, name, key, values)
    return MartDiff(name, rows, added, gone, changed, {column: n for column, n in zip(values, counts, strict=True) if n}, *shape)


def _is_key(db: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...]) -> bool:
    if not key:
        return False
    columns = ", ".join(quoted(column) for column in key)
    twice = " union all ".join(f"select 1 from {side}.marts.{quoted(name)} group by {columns} having count(*) > 1" for side in (THEN, NOW))
    return db.execute(f"select count(*) from ({twice})").fetchone()[0] == 0


def _by_key(
    db: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...], values: list[str]
) -> tuple[tuple[int, int, int, int], tuple[int, ...]]:
    """Rows now, added, gone and changed; then, per value column, how many rows of one key differ in it."""
    differs = [f"(t.{quoted(column)} is distinct from n.{quoted(column)})" for column in values]
    both = "t.here and n.here"
    counts = "".join(f", count(*) filter (where {both} and {each})" for each in differs)
    row = db.execute(
        f"""
        select
            count(n.here), count(*) filter (where t.here is null), count(*) filter (where n.here is null),
            count(*) filter (where {both} and ({" or ".join(differs) or "false"})){counts}
        from (select *, true as here from {THEN}.marts.{quoted(name)}) as t
        full join (select *, true as here from {NOW}.marts.{quoted(name)}) as n on {_same(key)}
        """
    ).fetchone()
    return row[:4], row[4:]


def _same(key: tuple[str, ...]) -> str:
    return " and ".join(f"t.{quoted(column)} is not distinct from n.{quoted(column)}" for column in key)


def _whole_rows(
    db: duckdb.DuckDBPyConnection, name: str, columns: list[str], columns_added: tuple[str, ...], columns_gone: tuple[str, ...]
) -> MartDiff:
    """Where no key tells rows apart: rows of one side that the other has not, as often."""
    chosen = ", ".join(quoted(column) for column in columns)
    then, now = (f"select {chosen} from {side}.marts.{quoted(name)}" for side in (THEN, NOW))
    rows, added, gone = db.execute(
        f"select (select count(*) from ({now})), (select count(*) from ({now} except all {then})), "
        f"(select count(*) from ({then} except all {now}))"
    ).fetchone()
    note = "compared by whole rows: its key is not unique, or is another one" if added or gone else ""
    return MartDiff(name, rows, added, gone, 0, {}, columns_added, columns_gone, note)


def _kpi_cells(db: duckdb.DuckDBPyConnection) -> list[KpiCell]:
    key = ("kpi", "month", "channel_key")
    rows = db.execute(
        f"""
        select
            coalesce(n.kpi, t.kpi), strftime(coalesce(n.month, t.month), '%Y-%m'), coalesce(n.channel_key, t.channel_key),
            t.value, n.value, abs(n.value - t.value) as change
        from {THEN}.marts.{KPIS} as t
        full join {NOW}.marts.{KPIS} as n on {_same(key)}
        where t.value is distinct from n.value
        -- in proportion, because a count, a ratio and money have no common measure; what comes or goes altogether is first
        order by coalesce(change / greatest(abs(t.value), abs(n.value)), 9) desc, change desc nulls last, 2 desc, 1, 3
        """
    ).fetchall()
    return [KpiCell(*row[:5]) for row in rows]
