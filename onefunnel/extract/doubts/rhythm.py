"""Ad spend that tells every seventh day, or the first of every third month: costs of weeks or quarters, each counted on its first day.
And targets of quarters or years, each of which would be that of its first month.

No column says so; only the days do. A cost of a month is counted in that month, and needs no word.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_units import day_sql
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import TabularSource

# So many days in one rhythm are no chance; a file of more days tells many of them one after another, and is not looked at.
LEAST_DAYS, MOST_DAYS = {"week": 5, "quarter": 3, "year": 2}, 1000
WEEK = 7
MONTHS = {3: "quarter", 12: "year"}


def check_rhythm(writer: PartWriter, part: LandedFile, source: TabularSource) -> None:
    """Warn where all days of ad spend are whole weeks apart, or all are firsts of months that are whole quarters or years apart."""
    names = {name.strip().lower(): name for name in part.columns}
    if "targets" in contract_entities(source.system, writer.staged.entity) and "month" in names:
        _check_targets(writer, part, source, names["month"])
    if "ad_spend" not in contract_entities(source.system, writer.staged.entity) or not {"date", "cost"} <= set(names):
        return
    day = day_sql(names["date"], source.date_order)
    query = (
        f"select {day} as day, sum({number_sql(names['cost'], source.decimal_separator)}) as money "
        f"from {rows_of(writer.staged.folder / part.part)} group by day having day is not null order by day limit {MOST_DAYS}"
    )
    found = writer.run(query, part.path).fetchall()
    days = [day for day, _ in found]
    period = _period(days)
    if period is None or len(days) < LEAST_DAYS[period]:
        return
    what = (
        f"all {len(days)} days are a {period} or several apart, from {days[0]} to {days[-1]}: if each row is of a {period}, "
        f"{sum(money or 0 for _, money in found):,.2f} would count as spent on their first days"
    )
    writer.doubt(part, what, "export by day, or deliver such costs as `channel_costs` with from_date and to_date", is_refused=False)


def _check_targets(writer: PartWriter, part: LandedFile, source: TabularSource, month: str) -> None:
    text = f"trim({quoted(month)})"
    first = f"coalesce({day_sql(month, source.date_order)}, try_cast({text} || '-01' as date))"
    query = f"select distinct date_trunc('month', {first})::date from {rows_of(writer.staged.folder / part.part)} where {first} is not null"
    months = sorted(found for (found,) in writer.run(f"{query} limit {MOST_DAYS}", part.path).fetchall())
    period = _period(months)
    if period in ("quarter", "year") and len(months) >= LEAST_DAYS[period]:
        what = f"all {len(months)} months are a {period} or several apart, from {months[0]:%Y-%m} to {months[-1]:%Y-%m}"
        hint = f"if each target is of a {period}, it would be that of its first month: deliver a row for each month"
        writer.doubt(part, what, hint, is_refused=False)


def _period(days: list[date]) -> str | None:
    if len(days) < 2 or len(days) == MOST_DAYS:
        return None
    if all((later - earlier).days % WEEK == 0 for earlier, later in pairwise(days)):
        return "week"
    apart = [12 * (later.year - earlier.year) + later.month - earlier.month for earlier, later in pairwise(days)]
    if any(day.day != 1 for day in days):
        return None
    return next((name for months, name in sorted(MONTHS.items(), reverse=True) if all(each % months == 0 for each in apart)), None)
