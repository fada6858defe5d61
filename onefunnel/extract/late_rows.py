"""Rows that a table has got behind the cursor of the last load: of a transaction that ended late, of an import that keeps its old dates.

What lies behind the place to go on from is counted before each read, and again before the next one: where there is more by then, all is
read. Rows that were changed or deleted meanwhile can hide as many late ones; those of the last weeks a lookback reads again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from onefunnel.extract.cursors import CURSOR_TYPES, at_most, before_lookback, last_state

if TYPE_CHECKING:
    import sqlalchemy as sa

    from onefunnel.landing.loads import StagedLoad
    from onefunnel.sources import TableEntity


def late_rows(connection: sa.Connection, rows: Any, options: TableEntity, staged: StagedLoad) -> int:
    """How many rows more than at the last load lie behind where that one counted them, at least; 0 where it did not count.

    rows: the table or query to select from.
    """
    state = last_state(staged, options)
    if not state or "behind_rows" not in state:
        return 0
    behind = CURSOR_TYPES[state["type"]][1](state["behind"])
    return max(_count_behind(connection, rows, options, behind) - int(state["behind_rows"]), 0)


def counted_behind(connection: sa.Connection, rows: Any, options: TableEntity, staged: StagedLoad, lookback: timedelta) -> dict[str, str]:
    """What a load remembers to compare the next one with, to be asked before it reads: {} where there is no cursor, or no row with one."""
    import sqlalchemy as sa

    if options.cursor is None:
        return {}
    cursor = sa.column(options.cursor)
    last = connection.execute(sa.select(sa.func.max(cursor)).select_from(rows)).scalar()
    if last is None or last == "" or type(last).__name__ not in CURSOR_TYPES:
        return {}
    behind = before_lookback(at_most(last, staged.interval.end), lookback)
    return {"behind": CURSOR_TYPES[type(last).__name__][0](behind), "behind_rows": str(_count_behind(connection, rows, options, behind))}


def _count_behind(connection: sa.Connection, rows: Any, options: TableEntity, behind: Any) -> int:
    import sqlalchemy as sa

    cursor = sa.column(str(options.cursor))
    # rows without a cursor are read every time
    told = [cursor != ""] if isinstance(behind, str) else []
    return int(connection.execute(sa.select(sa.func.count()).select_from(rows).where(cursor < behind, *told)).scalar() or 0)
