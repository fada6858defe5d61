"""Whether two warehouses say the same: every published relation, row by row; doubles to nine digits, all else to the letter."""

from __future__ import annotations

from pathlib import Path

import duckdb

# A double of which more digits agree is the same figure; a difference of a sum's last bits is one of order, not of meaning.
DIGITS = 1e-9
# Below this a double is what two sums that cancel out leave.
NOTHING = 1e-9
# What says which run wrote the row, and no more.
OF_THE_RUN = {"build_number"}


def differences(one: Path, other: Path, schemas: tuple[str, ...] = ("facts", "marts")) -> list[str]:
    """A sentence for each relation that differs: missing, of other columns or types, or the first rows that one has and the other not."""
    found = []
    with duckdb.connect() as db:
        left, right = _copy(db, one, "one", schemas), _copy(db, other, "other", schemas)
        found += [f"{name} is only in the {'first' if name in left else 'second'}" for name in sorted(set(left) ^ set(right))]
        for name in sorted(set(left) & set(right)):
            found += _differences(db, name, left[name], right[name])
    return found


def _copy(db: duckdb.DuckDBPyConnection, path: Path, side: str, schemas: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The relations as tables `side.<schema>__<name>` of db, views read in their own file; their columns with their types."""
    found: dict[str, dict[str, str]] = {}
    db.execute(f"create schema {side}")
    with duckdb.connect(str(path), read_only=True) as source:
        rows = source.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns "
            "where table_catalog = current_database() and list_contains(?, table_schema) "
            "order by table_schema, table_name, ordinal_position",
            [list(schemas)],
        ).fetchall()
        for schema, table, column, kind in rows:
            if column not in OF_THE_RUN:
                found.setdefault(f"{schema}__{table}", {})[column] = kind
        for name in found:
            db.register("rows_of_it", source.execute(f"from {name.replace('__', '.', 1)}").to_arrow_table())
            db.execute(f"create table {side}.{name} as from rows_of_it")
    return found


def _differences(db: duckdb.DuckDBPyConnection, name: str, left: dict[str, str], right: dict[str, str]) -> list[str]:
    if left != right:
        changed = {column: (left.get(column), right.get(column)) for column in left | right if left.get(column) != right.get(column)}
        told = [f"{name}: columns or types differ: {changed}" if changed else f"{name}: columns stand in another order"]
        if set(left) != set(right):
            return told
    else:
        told = []
    exact = [column for column, kind in left.items() if kind not in ("DOUBLE", "FLOAT")]
    doubles = [column for column, kind in left.items() if kind in ("DOUBLE", "FLOAT")]
    # rows are paired by all that is exact; of rows that are the same there, by the order of their doubles
    counts = [db.execute(f"select count(*) from {side}.{name}").fetchone()[0] for side in ("one", "other")]
    if counts[0] != counts[1]:
        told.append(f"{name}: {counts[0]} and {counts[1]} rows")
    keys = ", ".join(f'"{column}"' for column in exact) or "1"
    order = ", ".join(f'round("{column}", 6), "{column}"' for column in doubles) or "1"
    numbered = "select *, row_number() over (partition by {keys} order by {order}) as twin from {side}.{name}"
    one = numbered.format(keys=keys, order=order, side="one", name=name)
    other = numbered.format(keys=keys, order=order, side="other", name=name)
    same = " and ".join([f'a."{column}" is not distinct from b."{column}"' for column in exact] + ["a.twin = b.twin"])
    unpaired = db.execute(
        f"select a.*, b.* from ({one}) a full join ({other}) b on {same} where a.twin is null or b.twin is null"
    ).fetchall()
    if unpaired:
        told.append(f"{name}: {len(unpaired)} rows without their like, such as {_rows(unpaired[:4], list(left))}")
    for column in doubles:
        far = db.execute(f'select a."{column}", b."{column}" from ({one}) a join ({other}) b on {same} where {_is_far(column)}').fetchall()
        if far:
            told.append(f"{name}.{column}: {len(far)} doubles differ, such as {far[:3]}")
    return told


def _is_far(column: str) -> str:
    a, b = f'a."{column}"', f'b."{column}"'
    return (
        f"(({a} is null) <> ({b} is null) or ({a} is not null and abs({a} - {b}) > {NOTHING} "
        f"and abs({a} - {b}) > {DIGITS} * greatest(abs({a}), abs({b}))))"
    )


def _rows(rows: list[tuple[object, ...]], columns: list[str]) -> list[dict[str, object]]:
    width = len(rows[0]) // 2
    return [
        {"of": "first", **_shown(columns, row[:width])} if row[width - 1] is not None else {"of": "second", **_shown(columns, row[width:])}
        for row in rows
    ]


def _shown(columns: list[str], values: tuple[object, ...]) -> dict[str, object]:
    return {column: value for column, value in zip(columns, values, strict=False) if value is not None}
