"""What stands in a column that nobody reads, and says how much of something a figure is of: a rate per 10 units, a cost of a month.

Read without it, the rate would be ten times too high, and the month's cost would be that of its first day. So with what a rate is told in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_words import folded, ignore_line, number_sql, unread_columns
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

SHOWN = 5
UNITS = (
    r"(rate_|currency_|курс_)?(nominal|units?|multiplier|factor|scale|amount|per|per_units?|quantity|qty|номинал|кратность|множитель"
    r"|количество|единиц|единицы|einheit(en)?|menge|faktor|nominalwert)"
)
BASES = (
    r"(base|to|quote|quoted|target|counter|home|reference|pricing|against|into|dest(ination)?)(_(currency|ccy|cur|code|iso))*"
    r"|(currency|ccy)_(to|base|quote|target|2)|базовая(_валюта)?|валюта_(курса|базы|котировки)|в_валюте|basiswährung|zielwährung"
)
# Ends of the time that a row is of; and names that may be the end of a campaign as well.
ENDS = (
    r"report(ing)?_ends?(_date)?|date_stop|period_(end|to|till)|(end|конец)_(of_)?(the_)?(period|week|month|периода|недели|месяца)"
    r"|(date_)?range_end|week_end(ing)?|date_to|to_date|to|until|through|bis|zeitraum_bis|по|по_дату|дата_по|период_по|окончание_(отчетности|периода)"
)
MAY_BE_ENDS = (
    r"ends?|end_date|date_end|end_time|stop|stop_(date|time)|finish|ende|enddatum|конец|окончание|дата_(окончания|конца|завершения)"
)
STARTS = (
    r"(report(ing)?_)?(starts?|begins?|from)(_date|_time)?|date_(start|from)|period_(start|from)|von|beginn|anfang|startdatum"
    r"|начало(_периода)?|дата_начала|с|дата_с"
)
NUMBERED = {"ymd": ["%Y/%m/%d"], "dmy": ["%d/%m/%Y", "%d-%m-%Y"], "mdy": ["%m/%d/%Y", "%m-%d-%Y"]}
ANYWHERE = ["%d.%m.%Y", "%Y%m%d", "%b %d, %Y", "%d %b %Y"]


@dataclass(frozen=True)
class Spans:
    """Of the rows whose end is a later day, and none of whose other days the file tells: how many, their money, the first of them.

    is_certain: all rows say an end, one for each day, and no end lies behind another day of the file. days: how many the file tells.
    """

    rows: int
    money: float
    first: date
    end: date
    is_certain: bool
    days: int
    is_from_start: bool


def check_unread_units(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable, base: str) -> None:
    """Raise ConfigError where rates are of several units or in another currency than `base`, or ad spend is of several days."""
    entities = contract_entities(source.system, writer.staged.entity)
    names = {name.lower(): name for name in part.columns}
    unread = unread_columns(writer, part, options)
    if "fx_rates" in entities and "currency" in names:
        for name in (each for each in unread if re.fullmatch(UNITS, folded(each))):
            _check_units(writer, part, name, names["currency"], source.decimal_separator)
        for name in (each for each in unread if re.fullmatch(BASES, folded(each))):
            _check_base(writer, part, name, base)
    if "ad_spend" in entities and {"date", "cost"} <= set(names):
        start = next((each for each in unread if re.fullmatch(STARTS, folded(each))), None)
        for name in (each for each in unread if re.fullmatch(f"{ENDS}|{MAY_BE_ENDS}", folded(each))):
            if found := _spans(writer, part, source, name, start, (names["date"], names["cost"])):
                _check_days(writer, part, name, found)


def _check_units(writer: PartWriter, part: LandedFile, name: str, currency: str, separator: str) -> None:
    """A rate is of one unit. "1" and "1 USD" are one; what holds no number says nothing."""
    number = number_sql(name, separator)
    is_one = f"regexp_full_match(regexp_replace({quoted(name)}, '[^0-9.,]', '', 'g'), '1([.,]0*)?')"
    query = (
        f"select count(*), list_sort(list(distinct {number}))[:{SHOWN}], list_sort(list(distinct trim({quoted(currency)})))[:{SHOWN}] "
        f"from {rows_of(writer.staged.folder / part.part)} where {number} is not null and not {is_one}"
    )
    rows, units, currencies = writer.run(query, part.path).fetchone()
    if rows:
        told = ", ".join(f"{unit:g}" for unit in units)
        writer.doubt(
            part,
            f"column {name} is read by nobody and says {told} in {rows} row(s): rates of {', '.join(filter(None, currencies))} "
            "would count as those of one unit",
            f"deliver `rate_to_base` of one unit (84.10 for 10 is 8.41); if it is so already, say {ignore_line(name)}",
        )


def _check_base(writer: PartWriter, part: LandedFile, name: str, base: str) -> None:
    """A rate is told in the base currency."""
    rows, others = other_codes(writer, part, name, literal(base))
    if rows:
        writer.doubt(
            part,
            f"column {name} is read by nobody and says {', '.join(others)} in {rows} row(s): their rates would count as told in {base}",
            f"deliver `rate_to_base` in {base}, the base currency of sources.yml; if it is so already, say {ignore_line(name)}",
        )


def other_codes(writer: PartWriter, part: LandedFile, name: str, code: str) -> tuple[int, list[str]]:
    """(rows, the first codes) where a column of currencies names another one than `code`, in SQL. What is no code says nothing."""
    said = f"upper(trim({quoted(name)}))"
    query = (
        f"select count(*), list_sort(list(distinct {said}))[:{SHOWN}] from {rows_of(writer.staged.folder / part.part)} "
        f"where regexp_full_match({said}, '[A-Z]{{3}}') and {said} <> {code}"
    )
    return writer.run(query, part.path).fetchall()[0]


def _check_days(writer: PartWriter, part: LandedFile, name: str, found: Spans) -> None:
    """A row of ad spend is of one day. It is of several where its end is a later day, and the file tells none of the days up to it.

    An export by day that repeats its whole range in each row tells them, and so does one that names the ends of campaigns, if it is of
    several days. Of one day it is refused under a name that is nothing but the end of a report (ENDS), or where each row has its
    day as its start, too; under other names (`End date`) it is told.
    """
    is_sure = re.fullmatch(ENDS, folded(name)) is not None
    if not (is_sure or found.is_certain):
        return
    what = (
        f"column {name} is read by nobody and says a later day than `date` in {found.rows} row(s), such as {found.first} to {found.end}: "
        f"{found.money:,.2f} would count as spent on their first day"
    )
    hint = (
        "export by day (time increment: 1 day), or deliver such costs as `channel_costs` with from_date and to_date; "
        f"if each row is of its date only, say {ignore_line(name)}"
    )
    writer.doubt(part, what, hint, is_refused=is_sure or found.days > 1 or found.is_from_start)


def _spans(
    writer: PartWriter, part: LandedFile, source: TabularSource, name: str, start: str | None, read: tuple[str, str]
) -> Spans | None:
    """What the end `name` and the start say of the rows; read: the columns of the day and the cost. None where no row spans days."""
    day, end, begun = (day_sql(each, source.date_order) if each else "null::date" for each in (read[0], name, start))
    rows = f"select {day} as day, {end} as last, {begun} as begun, {number_sql(read[1], source.decimal_separator)} as money"
    is_span = "last > day and coalesce(last < next_day, true)"
    query = (
        f"with told as materialized ({rows} from {rows_of(writer.staged.folder / part.part)}), "
        "days as (select day, lead(day) over (order by day) as next_day from (select distinct day from told where day is not null)) "
        f"select count(*) filter ({is_span}), coalesce(sum(money) filter ({is_span}), 0), min(day) filter ({is_span}), "
        f"min(last) filter ({is_span}), coalesce(bool_and({is_span}), false) and count(distinct (day, last)) = count(distinct day), "
        "count(distinct day), coalesce(bool_and(begun = day), false) and count(begun) = count(*) from told join days using (day)"
    )
    spans = Spans(*writer.run(query, part.path).fetchone())
    return spans if spans.rows else None


def day_sql(name: str, order: str) -> str:
    """The day that a cell says in one of the common forms; null for others."""
    text = f"trim({quoted(name)})"
    forms = ", ".join(map(literal, [*NUMBERED[order], *ANYWHERE]))
    is_iso = f"regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
    first = f"regexp_extract({text}, '^[0-9]+[./-][0-9]+[./-][0-9]+')"
    return (
        f"case when {is_iso} then try_cast(substr({text}, 1, 10) as date) "
        f"else cast(try_strptime(coalesce(nullif({first}, ''), {text}), [{forms}]) as date) end"
    )
