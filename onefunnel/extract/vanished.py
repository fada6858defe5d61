"""Records that an API deletes without a word: what landed before and is listed no more comes again as its last row, marked as deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from onefunnel.extract.normalise import literal, quoted
from onefunnel.landing.loads import StagedLoad, current_files

DELETED = "is_deleted"
# (how many there are after one id up to another, the first of their ids)
Count = Callable[[int, int], tuple[int, list[int]]]


def differing(known: list[int], count: Count) -> tuple[set[int], set[int]]:
    """(ids that are known and gone, ids that are listed and not known), known being in order.

    Ids are counted in halves, so that a night on which nothing was deleted asks once. As many that came back hide those that are gone.
    """
    gone: set[int] = set()
    back: set[int] = set()
    spans = [(0, len(known))] if known else []
    while spans:
        first, last = spans.pop()
        total, listed = count(known[first - 1] if first else 0, known[last - 1])
        if total == last - first:
            continue
        if total == len(listed):
            gone |= set(known[first:last]) - set(listed)
            back |= set(listed) - set(known[first:last])
        elif last - first > 1:
            middle = (first + last) // 2
            spans += [(first, middle), (middle, last)]
    return gone, back


class Landed:
    """The newest landed row of each id, of the loads before this one."""

    def __init__(self, staged: StagedLoad, key: str, columns: Iterable[str]) -> None:
        import duckdb

        self.db, self.key, self.columns = duckdb.connect(), key, tuple(columns)
        files = [(load.folder(staged.landing) / item.part, item.columns) for load, item in current_files(staged.earlier)]
        told = {name for _, names in files for name in names}
        chosen = [quoted(name) if name in told else f"cast(null as varchar) as {quoted(name)}" for name in self.columns]
        listed = ", ".join(literal(str(path)) for path, _ in files)
        self.rows = (
            f"(select {', '.join(chosen)} from read_parquet([{listed}], union_by_name = true, hive_partitioning = false) "
            f"qualify row_number() over (partition by {quoted(key)} order by _load_id desc, _row desc) = 1)"
        )
        self.is_empty = not files

    def ids(self) -> set[int]:
        """Ids that were there."""
        if self.is_empty:
            return set()
        found = self.db.execute(f"select {quoted(self.key)} from {self.rows} where {DELETED} is distinct from 'true'")
        return {int(row[0]) for row in found.fetchall()}

    def tombstones(self, ids: set[int]) -> list[dict[str, Any]]:
        """Their rows as they last were, marked as deleted."""
        if not ids:
            return []
        named = ", ".join(literal(str(each)) for each in sorted(ids))
        found = self.db.execute(
            f"select * from {self.rows} where {quoted(self.key)} in ({named}) order by cast({quoted(self.key)} as bigint)"
        )
        return [dict(zip(self.columns, row, strict=True)) | {DELETED: "true"} for row in found.fetchall()]
