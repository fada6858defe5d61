"""Compare a published mart with the oracle's, value by value, and show the first rows that differ."""

from __future__ import annotations

import math
from datetime import date, datetime

import duckdb
import pandas as pd


def published(connection: duckdb.DuckDBPyConnection, mart: str) -> pd.DataFrame:
    """A published mart as it stands."""
    cursor = connection.execute(f'select * from marts."{mart}"')
    names = [column[0] for column in cursor.description]
    return pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)


def differences(
    actual: pd.DataFrame,
    expected: pd.DataFrame,
    keys: list[str],
    tolerance: float = 1e-9,
    absolute: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Rows of `key…, column, published, oracle` that differ; a row missing on one side differs in column `(row)`.

    Numbers agree within the relative tolerance, or within `absolute[column]`; everything else must be equal.
    """
    left, right = _keyed(actual, keys), _keyed(expected, keys)
    columns = [column for column in expected.columns if column not in keys]
    found = []
    for key in sorted(left.keys() | right.keys(), key=str):
        if key not in left or key not in right:
            found.append([*key, "(row)", "present" if key in left else "missing", "present" if key in right else "missing"])
            continue
        for column in columns:
            ours, theirs = left[key][column], right[key][column]
            if not _same(ours, theirs, tolerance, (absolute or {}).get(column, 0.0)):
                found.append([*key, column, ours, theirs])
    return pd.DataFrame(found, columns=[*keys, "column", "published", "oracle"])


def assert_same(
    actual: pd.DataFrame, expected: pd.DataFrame, keys: list[str], tolerance: float = 1e-9, absolute: dict[str, float] | None = None
) -> None:
    """Fail with a readable list of the first differing cells."""
    assert len(expected), "the oracle has no rows: nothing was compared"
    diff = differences(actual, expected, keys, tolerance, absolute)
    if len(diff):
        by_column = diff["column"].value_counts().to_dict()
        raise AssertionError(f"{len(diff)} cells differ: {by_column}\n{diff.head(25).to_string(index=False)}")


def _keyed(frame: pd.DataFrame, keys: list[str]) -> dict[tuple, dict]:
    rows = {tuple(_plain(row[key]) for key in keys): row for row in frame.to_dict("records")}
    assert len(rows) == len(frame), f"{keys} are no key of these {len(frame)} rows"
    return rows


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.date() if value == datetime.combine(value.date(), datetime.min.time()) else value
    return value


def _same(ours: object, theirs: object, tolerance: float, absolute: float) -> bool:
    if _is_null(ours) or _is_null(theirs):
        return _is_null(ours) and _is_null(theirs)
    if isinstance(ours, (date, str)) or isinstance(theirs, (date, str)):
        return ours == theirs if isinstance(ours, str) else pd.Timestamp(ours) == pd.Timestamp(theirs)
    return math.isclose(float(ours), float(theirs), rel_tol=tolerance, abs_tol=max(absolute, 1e-12))


def _is_null(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))
