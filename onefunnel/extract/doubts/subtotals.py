"""Rows that are the sum of those since the last such row, from the first row of a file to the last: subtotals with ids of their own.

One payment that is what the two before it add up to is chance; that a whole file divides so is none, where its prices are many. A price
list of few prices does (50, 50, 100), and so do instalments (25, 25 and 50 percent of each client).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.sums import MONEY_OF
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

LEAST_GROUPS, LEAST_PARTS, MOST_ROWS = 3, 2, 10_000
# By so many to one a file of such prices does not divide by chance; of fewer ways in which a sum is made up they are instalments.
CERTAIN, LEAST_WAYS = 100_000, 3


@dataclass(frozen=True)
class Row:
    number: int
    cents: int
    payer: str | None


def check_subtotals(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where the rows of a currency are groups and their sums, below or above them; warn where that may be chance.

    Nothing is said where each sum is of the payer of its rows: that is how people pay the rest.
    """
    entities = contract_entities(source.system, writer.staged.entity)
    money = next((name for entity, name in MONEY_OF.items() if entity in entities), None)
    names = {name.strip().lower(): name for name in part.columns}
    if money not in names or options.overlap == "add" or part.rows > MOST_ROWS:
        return
    currency, *payers = (quoted(names[name]) if name in names else "null" for name in ("currency", "client_id", "lead_id"))
    cents_of = f"round(100 * {number_sql(names[money], source.decimal_separator)})"
    query = (
        f"select {currency}, _row, {cents_of} as cents, coalesce({', '.join(payers)}) "
        f"from {rows_of(writer.staged.folder / part.part)} where abs(cents) between 1 and 1e15 order by _row"
    )
    of_currency: dict[str | None, list[Row]] = {}
    for code, number, cents, payer in writer.run(query, part.path).fetchall():
        of_currency.setdefault(code, []).append(Row(number, int(cents), payer))
    for rows in of_currency.values():
        for place, ordered in (("before", rows), ("after", rows[::-1])):
            groups = groups_of(ordered)
            paid_by_one = [group[-1].payer in {row.payer for row in group[:-1] if row.payer} for group in groups]
            if len(groups) >= LEAST_GROUPS and not all(paid_by_one):
                is_certain = not any(paid_by_one) and _is_no_chance(groups)
                _tell(writer, part, groups, money, place, is_refused=is_certain)
                return


def groups_of(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """The rows as groups of parts with their sum behind them; none where they do not divide so, whole."""
    starts: dict[int, int] = {0: 0}  # by what all rows before it add up to
    begun: dict[int, int] = {}  # where the group begins that ends before a row
    so_far = 0
    for place, row in enumerate(rows):
        start = starts.get(so_far - row.cents)
        so_far += row.cents
        if start is not None and place - start >= LEAST_PARTS:
            starts[so_far] = place + 1
            begun[place + 1] = start
    groups, end = [], len(rows)
    while end in begun:
        groups.append(rows[begun[end] : end])
        end = begun[end]
    return groups[::-1]


def _is_no_chance(groups: list[Sequence[Row]]) -> bool:
    """Prices are multiples of some step: a row hits a sum by chance in one of as many cases as there are steps up to the greatest, or as
    there are prices, where these come again.
    """
    cents = [row.cents for group in groups for row in group]
    prices, steps = len(set(cents)), max(cents) // reduce(gcd, cents)
    cases = steps if 2 * prices > len(cents) else min(steps, prices)
    ways = {tuple(round(row.cents / group[-1].cents, 2) for row in group) for group in groups}
    return min(cents) > 0 and len(ways) >= LEAST_WAYS and cases ** len(groups) >= CERTAIN


def _tell(writer: PartWriter, part: LandedFile, groups: list[Sequence[Row]], money: str, place: str, *, is_refused: bool) -> None:
    sums = [group[-1] for group in groups]
    first = min(sums, key=lambda row: row.number)
    what = (
        f"{len(sums)} rows, the first of them row {first.number} with {first.cents / 100:,.2f}, are what the rows {place} each add up to, "
        f"and no row is left over: as subtotals they would count once more, {sum(row.cents for row in sums) / 100:,.2f} of `{money}`"
    )
    hint = "deliver the rows without subtotals (`skip_rows_matching` leaves lines out); if they are rows like others, say `overlap: add`"
    writer.doubt(part, what, hint, is_refused=is_refused)
