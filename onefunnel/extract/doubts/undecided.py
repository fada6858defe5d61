"""What a file says that could be two things, where sources.yml does not decide: refused with the line to write."""

from __future__ import annotations

import re
from collections.abc import Sequence

from onefunnel.config import PipelineConfig
from onefunnel.errors import ConfigError
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import MONEY, TYPED, PartWriter, Relation
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import FilesSource

# Their amounts have three decimals (ISO 4217).
THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
GROUPED = r"-?[1-9][0-9]{0,2}([.][0-9]{3})+"
WHOLE = r"-?[1-9][0-9]{0,2}"
# No number in groups of three begins so, and ends in three decimals.
THREE = r"-?(0|[0-9]{4,})[.][0-9]{3}"
BY_GROUPS = r"-?[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]{1,2})?"
BY_COMMA = r"-?[0-9]{1,3}([.][0-9]{3})*,[0-9]{1,2}"
# With a currency or nothing beside them: what only a decimal comma reads, what is of two sizes, and where the comma must divide thousands.
ONLY_BY_COMMA = r"[^0-9]*([0-9]{1,3}([. ][0-9]{3})*,[0-9]{1,2}|[0-9]{4,},[0-9]+|0,[0-9]+)[^0-9]*"
ONE_GROUP = r"[^0-9]*[1-9][0-9]{0,2},[0-9]{3}[^0-9]*"
IN_GROUPS = r"[^0-9]*[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]{1,2}|,[0-9]{3})[^0-9]*"
MANY = 3
CENT_IN_MICROS, MIN_MICROS = 10_000, 5
# A table whose days were taken for months is told by so many cells of each kind.
MIN_SWAPPED, MONTHS = 5, 12
# How the cell of a day begins.
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}"
NUMBERED = r"^\s*([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4}|[0-9]{2})([^0-9]|$)"
ISO = r"^\s*[0-9]{4}-([0-9]{2})-([0-9]{2})"


def check_undecided(writer: PartWriter, relation: Relation, part: LandedFile, config: PipelineConfig, source: FilesSource) -> None:
    """Raise ConfigError where money is of one of two sizes, of one of two currencies, or all there twice, and nothing declares it."""
    _check_second_header(writer, part)
    _check_swapped(writer, part)
    names = {name.strip().lower(): name for name in part.columns}
    if "cost" in names and source.entities[writer.staged.entity].overlap != "add":
        _check_twice(writer, part, (names["cost"],), names.get("date"), part.columns)
        known = {name.lower() for name in writer.read}
        compared = [name for name in part.columns if name.lower() in known]
        # equal budgets of two ad sets are no chance; that as many people saw both is one
        if compared and "impressions" in names:
            _check_twice(writer, part, (names["cost"], names["impressions"]), names.get("date"), compared)
        _check_micros(writer, part, source, names["cost"])
    money = sorted((MONEY - {"currency"}) & set(names))
    read = {name.lower() for name in writer.read}
    numbers = [*money, *(name for name in ("direct_cost", "value", "index") if name in names and name in read)]
    is_declared = "decimal_separator" in source.model_fields_set
    if source.currency not in THREE_DECIMALS:
        for number in numbers if not is_declared else ():
            _check_thousands(writer, relation, part, source, names[number], names.get("currency"))
        for number in money if source.decimal_separator == "," else ():
            _check_groups_of_comma(writer, relation, part, source, names[number], names.get("currency"))
        for number in numbers if not is_declared or source.decimal_separator == "," else ():
            _check_commas(writer, relation, part, source, names[number])
    for amount in money if "currency" in names and source.currency is None else ():
        _check_currency(writer, part, source, names[amount], names["currency"], config.reporting.base_currency)


def swapped(name: str, dates: int, texts: int, file: str) -> ConfigError:
    """What is to be said of a column in which a program took days for months: the dates that can be read so are of other days."""
    return ConfigError(
        f"column {name}: {dates} dates all of the days 1 to 12, and {texts} texts of the others: "
        "the program that opened the export took days for months",
        where=file,
        hint="deliver the export as it was before it was opened, or with dates as 2026-01-31",
    )


def _check_second_header(writer: PartWriter, part: LandedFile) -> None:
    """Refuse two exports one below the other whose columns are in different orders: all below the second header is read under wrong names.

    A second header in the order of the first is no row, and was left out before.
    """
    names = {name.strip().lower(): name for name in part.columns}
    needed = [quoted(names[name]) for name in writer.required if name in names]
    if len(needed) < 2:
        return
    columns = f"({', '.join(literal(name) for name in names)})"
    is_header = " and ".join(f"lower(trim({name})) in {columns}" for name in needed)
    query = f"select min_by([{', '.join(needed)}], _row) from {rows_of(writer.staged.folder / part.part)} where {is_header}"
    (cells,) = writer.run(query, part.path).fetchone()
    if cells:
        writer.doubt(
            part,
            f"a second header in another order: a row says {', '.join(cells)} under {', '.join(writer.required)}, "
            "so that all rows below it are read under wrong names",
            "deliver the two exports as two files",
        )


def _check_swapped(writer: PartWriter, part: LandedFile) -> None:
    """Refuse a column of texts in which all ISO dates are of the days 1 to 12, and all others, written as 13.02.2026, are of later ones.

    Not where all are of one month, which is what a program leaves that began to write dates otherwise on the 13th.
    """
    read = {name.lower() for name in writer.read}
    for name in _written_in_two_ways(writer, part):
        if read and name.lower() not in read:
            continue
        iso, other = ([_number_in(name, form, place) for place in (1, 2)] for form in (ISO, NUMBERED))
        cells = (
            f"select regexp_matches({quoted(name)}, {literal(ISO)}) as is_iso, "
            f"case when is_iso then [{', '.join(iso)}] else list_sort([{', '.join(other)}]) end as said "
            f"from {rows_of(writer.staged.folder / part.part)} where regexp_matches({quoted(name)}, {literal(f'({NUMBERED})|({ISO})')})"
        )
        query = (
            "select count(*) filter (is_iso), count(*) filter (not is_iso), "
            f"bool_and((said[2] <= {MONTHS}) = is_iso) and count(distinct said[1]) > 1 from ({cells})"
        )
        dates, texts, is_split = writer.run(query, part.path).fetchone()
        if is_split and min(dates, texts) >= MIN_SWAPPED:
            raise swapped(name, dates, texts, part.path)


def _number_in(name: str, form: str, place: int) -> str:
    return f"try_cast(regexp_extract({quoted(name)}, {literal(form)}, {place}) as integer)"


def _written_in_two_ways(writer: PartWriter, part: LandedFile) -> list[str]:
    """Columns of which the least or the greatest cell is such a text."""
    ends = writer.ends(part)
    return [name for name in part.columns if any(re.search(NUMBERED, cell) for cell in ends.get(name, ()))]


def _check_thousands(
    writer: PartWriter, relation: Relation, part: LandedFile, source: FilesSource, amount: str, currency: str | None
) -> None:
    """1.234 is a thousand or one and a bit. Another point, a longer whole number or a currency of three decimals says which.

    Where three decimals are the rule, so that only numbers in groups of three stand beside, one that a person typed otherwise (12000,
    990.5) says nothing: then only 0.500 and 1234.500 do.

    Of an index only the proportion counts: it is of two sizes only where whole numbers stand beside, 1.234 and 900.
    """
    value = f"trim({quoted(amount)})"
    is_text = f"not contains(coalesce({TYPED}, ''), {literal(f'|{amount.strip().lower()}|')})" if relation.typed else "true"
    is_of_three = f"upper(trim({quoted(currency)})) in {THREE_DECIMALS}" if currency else "false"
    proves = f"coalesce({is_of_three}, false) or regexp_full_match({value}, '{THREE}')"
    says = (
        f"{proves} or regexp_full_match({value}, '-?[0-9]{{4,}}') "
        f"or (contains({value}, '.') and not regexp_full_match({value}, '{GROUPED}|{BY_COMMA}'))"
    )
    query = (
        f"select count(*) filter (regexp_full_match({value}, '{GROUPED}')), count(*) filter (regexp_full_match({value}, '{BY_COMMA}')), "
        f"count(*) filter ({says}), count(*) filter ({proves}), count(*) filter (regexp_full_match({value}, '{WHOLE}')) "
        f"from {rows_of(writer.staged.folder / part.part)} where {value} is not null and {is_text}"
    )
    grouped, by_comma, saying, proving, whole = writer.run(query, part.path).fetchone()
    is_said = proving or (saying and (grouped < MANY or MANY * saying >= grouped))
    if not grouped or is_said or (amount.strip().lower() == "index" and not whole and not by_comma):
        return
    what = f"column {amount}: {grouped} value(s) such as 9.999, thousands or numbers of three decimals"
    hint = f'say of source {source.name}: `decimal_separator: ","` where the point divides thousands, else `decimal_separator: "."`'
    writer.doubt(part, what, hint, is_refused=by_comma or grouped >= MANY)


def _check_groups_of_comma(
    writer: PartWriter, relation: Relation, part: LandedFile, source: FilesSource, amount: str, currency: str | None
) -> None:
    """1,234 under a decimal comma is one and a bit. No money but that of a few currencies has three decimals, in every row of a column."""
    value = f"trim({quoted(amount)})"
    is_text = f"not contains(coalesce({TYPED}, ''), {literal(f'|{amount.strip().lower()}|')})" if relation.typed else "true"
    is_of_three = f"coalesce(upper(trim({quoted(currency)})) in {THREE_DECIMALS}, false)" if currency else "false"
    query = (
        f"select count(*) filter (regexp_full_match({value}, '{BY_GROUPS}')), count(*) filter (contains({value}, ',') "
        f"and not regexp_full_match({value}, '{BY_GROUPS}') or regexp_full_match({value}, '-?[0-9]{{4,}}') or {is_of_three}) "
        f"from {rows_of(writer.staged.folder / part.part)} where {value} is not null and {is_text}"
    )
    grouped, others = writer.run(query, part.path).fetchone()
    if grouped >= MANY and not others:
        writer.doubt(
            part,
            f"column {amount}: {grouped} value(s) such as 9,999 under a decimal comma: no amount of {source.currency or 'such a currency'} "
            "has three decimals, so that the comma divides thousands",
            f'say `decimal_separator: "."` of source {source.name}',
        )


def _check_commas(writer: PartWriter, relation: Relation, part: LandedFile, source: FilesSource, amount: str) -> None:
    """12,250 is of two sizes. Another number of its column that the separator cannot read says that it is of the other: 7,12 under a point
    that nobody declared, 2,500.00 under a comma. Where both are there, it may be of either.
    """
    value = f"trim({quoted(amount)})"
    is_text = f"not contains(coalesce({TYPED}, ''), {literal(f'|{amount.strip().lower()}|')})" if relation.typed else "true"
    counts = ", ".join(f"count(*) filter (regexp_full_match({value}, '{form}'))" for form in (ONE_GROUP, ONLY_BY_COMMA, IN_GROUPS))
    query = f"select {counts} from {rows_of(writer.staged.folder / part.part)} where contains({value}, ',') and {is_text}"
    undecided, by_comma, in_groups = writer.run(query, part.path).fetchone()
    is_comma = source.decimal_separator == ","
    against, said, meant, other = (in_groups, "9,999.99", "thousands", ".") if is_comma else (by_comma, "9,99", "decimals", ",")
    if undecided and against:
        writer.doubt(
            part,
            f"column {amount}: {undecided} value(s) such as 9,999, and {against} such as {said}: "
            f"they would be read as {'9.999' if is_comma else '9999'}, where the comma stands before {meant}",
            f'say `decimal_separator: "{other}"` of source {source.name}',
            is_refused=not (by_comma if is_comma else in_groups),
        )


def _check_twice(writer: PartWriter, part: LandedFile, measures: Sequence[str], day: str | None, columns: Sequence[str]) -> None:
    """Rows of costs add up. An export was appended to itself where each stands twice, letter by letter, or all rows of several days do,
    or all of one that are several. Of one or two rows it is told; one row of a round cost may be there twice by chance.

    measures: what is more than nothing in such rows; columns: those that are compared. Of those that are read alone, a report may have a
    row for each action, with the whole cost in each.
    """
    told_day = quoted(day) if day else "null"
    is_something = " and ".join(f"regexp_matches(any_value({quoted(name)}), '[1-9]')" for name in measures)
    rows = (
        f"select {told_day} as day, count(*) as times, {is_something} as costs, "
        f"regexp_matches(any_value({quoted(measures[0])}), '[.,][0-9]*[1-9]') as is_odd "
        f"from {rows_of(writer.staged.folder / part.part)} group by {', '.join(map(quoted, columns))}"
    )
    days = (
        "select day, sum(times) as held, count(*) as different, min(times) as least, count(*) filter (costs) as costing, "
        f"bool_or(costs and is_odd) as is_odd from ({rows}) group by day"
    )
    is_twice = "filter (least > 1 and costing > 0)"
    query = (
        f"select sum(different), min(least), count(day) {is_twice}, sum(held) {is_twice}, min(day) {is_twice}, "
        f"coalesce(sum(costing) {is_twice}, 0), bool_or(is_odd) {is_twice} from ({days})"
    )
    different, least, twice, held, first, costing, is_odd = writer.run(query, part.path).fetchone()
    is_by_letter = len(measures) == 1
    is_whole = is_by_letter and different is not None and different >= MANY and least > 1
    is_sure = is_whole or twice >= MANY or (is_by_letter and twice and costing >= MANY)
    if not is_sure and not (is_by_letter and twice and (costing > 1 or is_odd)):
        return
    what = f"each of its {different} rows stands there {least} times or more"
    if least == 1:
        what = f"all {held} rows of {twice} day{'s' if twice > 1 else ''}, such as {first}, stand there twice or more, letter by letter"
    unread = [name for name in part.columns if name not in columns]
    if unread:
        what += f" but for what nobody reads ({', '.join(unread)})"
    writer.doubt(
        part,
        f"{what}: the costs would count as often",
        "deliver every row once; if they are different things, say `overlap: add` of the entity",
        is_refused=is_sure,
    )


def _check_micros(writer: PartWriter, part: LandedFile, source: FilesSource, cost: str) -> None:
    """Google tells costs in millionths: cents become whole numbers of four zeros, of which a person would have rounded most further."""
    value = number_sql(cost, source.decimal_separator)
    is_exact = f"value >= 100 * {CENT_IN_MICROS} and value % (10 * {CENT_IN_MICROS}) <> 0"
    query = (
        f"select count(distinct value), count(distinct value) filter ({is_exact}), bool_and(value % {CENT_IN_MICROS} = 0), sum(value) "
        f"from (select {value} as value from {rows_of(writer.staged.folder / part.part)}) where value > 0"
    )
    values, exact, is_in_cents, money = writer.run(query, part.path).fetchone()
    if is_in_cents and values >= MIN_MICROS and 2 * exact >= values:
        what = f"column {cost}: all {values} values are multiples of {CENT_IN_MICROS:,} and add up to {money:,.0f}"
        hint = "if they are millionths (cost_micros of Google), divide them by 1,000,000 before they are delivered"
        writer.doubt(part, what, hint, is_refused=False)


def _check_currency(writer: PartWriter, part: LandedFile, source: FilesSource, amount: str, currency: str, base: str) -> None:
    """Rows without a currency count in the base currency, of which no row of this file speaks; a few rows may be so by chance."""
    code = f"upper(trim({quoted(currency)}))"
    query = (
        f"select count(*) filter ({code} is null), count({code}), min({code}), max({code}), "
        f"coalesce(bool_or({code} = {literal(base)}), false) "
        f"from {rows_of(writer.staged.folder / part.part)} where {quoted(amount)} is not null"
    )
    empty, named, first, last, has_base = writer.run(query, part.path).fetchone()
    if not empty or not named or has_base:
        return
    what = f"{empty} row(s) name no currency and count as {base}, but the others are in {first if first == last else f'{first}, {last} …'}"
    hint = f"say `currency: {first if first == last else base}` of source {source.name}, or name it in each row"
    writer.doubt(part, what, hint, is_refused=first == last and named >= MANY and named > empty)
