"""Columns that were filled and are empty in the newest load: a right that was lost in the CRM, a field that was moved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from onefunnel.landing import LoadManifest

# By chance a column of fewer values is empty: an empty one says something where at least so many were to be expected.
EXPECTED_VALUES = 8
# Of a column that is always filled fewer rows say enough.
ALWAYS, FEWEST_ROWS = 0.9, 3


def emptied_columns(db: duckdb.DuckDBPyConnection, landing: Path, loads: list[LoadManifest], read: Iterable[str]) -> tuple[str, ...]:
    """Of the columns in `read` those that hold nothing in the newest of `loads` (by time) and did in the one before."""
    told = [load for load in loads if load.rows and load.files]
    # the first load of a source that adds is its whole history, and knows of each row what became of it
    comparable = told[1:] if loads[-1].delivery == "delta" else told
    if len(comparable) < 2 or comparable[-1] is not loads[-1]:
        return ()
    before, (rows, now) = _filled(db, landing, comparable[-2]), _filled(db, landing, loads[-1])
    known = {name.lower() for name in read}
    return tuple(
        name for name, filled in before[1].items() if name.lower() in known and now.get(name) == 0 and _is_telling(filled / before[0], rows)
    )


def _is_telling(share: float, rows: int) -> bool:
    return share * rows >= EXPECTED_VALUES or (share >= ALWAYS and rows >= FEWEST_ROWS)


def _filled(db: duckdb.DuckDBPyConnection, landing: Path, load: LoadManifest) -> tuple[int, dict[str, int]]:
    """(rows, values by column) of a load."""
    parts = [str(load.folder(landing) / file.part) for file in load.files]
    query = (
        "select path_in_schema, sum(num_values)::bigint, sum(num_values - coalesce(stats_null_count, 0))::bigint "
        "from parquet_metadata(?) group by path_in_schema"
    )
    found = db.execute(query, [parts]).fetchall()
    return max((rows for _, rows, _ in found), default=0), {name: filled for name, _, filled in found}
