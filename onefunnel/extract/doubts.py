"""What a file says that could be two things, where sources.yml does not decide: refused with the line to write."""

from __future__ import annotations

from onefunnel.config import PipelineConfig
from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import MONEY, TYPED, PartWriter, Relation
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import FilesSource

# Their amounts have three decimals (ISO 4217).
THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
GROUPED = r"-?[1-9][0-9]{0,2}([.][0-9]{3})+"
WHOLE = r"-?[1-9][0-9]{0,2}"
BY_COMMA = r"-?[0-9]{1,3}([.][0-9]{3})*,[0-9]{1,2}"
MANY = 3


def check_undecided(writer: PartWriter, relation: Relation, part: LandedFile, config: PipelineConfig, source: FilesSource) -> None:
    """Raise ConfigError where money is of one of two sizes, of one of two currencies, or all there twice, and nothing declares it."""
    names = {name.strip().lower(): name for name in part.columns}
    if "cost" in names and source.entities[writer.staged.entity].overlap != "add":
        _check_twice(writer, part, names["cost"], names.get("date"))
    money = sorted((MONEY - {"currency"}) & set(names))
    if "decimal_separator" not in source.model_fields_set and source.currency not in THREE_DECIMALS:
        read = {name.lower() for name in writer.read}
        for number in [*money, *(name for name in ("direct_cost", "value", "index") if name in names and name in read)]:
            _check_thousands(writer, relation, part, source, names[number], names.get("currency"))
    for amount in money if "currency" in names and source.currency is None else ():
        _check_currency(writer, part, source, names[amount], names["currency"], config.reporting.base_currency)


def _check_thousands(
    writer: PartWriter, relation: Relation, part: LandedFile, source: FilesSource, amount: str, currency: str | None
) -> None:
    """1.234 is a thousand or one and a bit. Another point, a longer whole number or a currency of three decimals says which.

    Of an index only the proportion counts: it is of two sizes only where whole numbers stand beside, 1.234 and 900.
    """
    value = f"trim({quoted(amount)})"
    is_text = f"not contains(coalesce({TYPED}, ''), {literal(f'|{amount.strip().lower()}|')})" if relation.typed else "true"
    is_of_three = f"upper(trim({quoted(currency)})) in {THREE_DECIMALS}" if currency else "false"
    says = (
        f"regexp_full_match({value}, '-?[0-9]{{4,}}') or coalesce({is_of_three}, false) "
        f"or (contains({value}, '.') and not regexp_full_match({value}, '{GROUPED}|{BY_COMMA}'))"
    )
    query = (
        f"select count(*) filter (regexp_full_match({value}, '{GROUPED}')), count(*) filter (regexp_full_match({value}, '{BY_COMMA}')), "
        f"count(*) filter ({says}), count(*) filter (regexp_full_match({value}, '{WHOLE}')) "
        f"from {rows_of(writer.staged.folder / part.part)} where {value} is not null and {is_text}"
    )
    grouped, by_comma, saying, whole = writer.run(query, part.path).fetchone()
    if not grouped or saying or (amount.strip().lower() == "index" and not whole and not by_comma):
        return
    what = f"column {amount}: {grouped} value(s) such as 9.999, thousands or numbers of three decimals"
    hint = f'say of source {source.name}: `decimal_separator: ","` where the point divides thousands, else `decimal_separator: "."`'
    if by_comma or grouped >= MANY:
        raise ConfigError(what, where=f"{writer.staged.where}, {part.path}", hint=hint)
    writer.staged.warnings.append(f"{part.path}: {what}; {hint}")


def _check_twice(writer: PartWriter, part: LandedFile, cost: str, day: str | None) -> None:
    """Rows of costs add up. An export was appended to itself where each stands twice, letter by letter, or all rows of several days do."""
    told_day = quoted(day) if day else "null"
    rows = (
        f"select {told_day} as day, count(*) as times, regexp_matches(any_value({quoted(cost)}), '[1-9]') as costs "
        f"from {rows_of(writer.staged.folder / part.part)} group by {', '.join(map(quoted, part.columns))}"
    )
    days = f"select day, sum(times) as held, count(*) as different, min(times) as least, bool_or(costs) as costs from ({rows}) group by day"
    is_twice = "filter (least > 1 and costs)"
    query = f"select sum(different), min(least), count(day) {is_twice}, sum(held) {is_twice}, min(day) {is_twice} from ({days})"
    different, least, twice, held, first = writer.run(query, part.path).fetchall()[0]
    if different is None or (twice < MANY and (different < MANY or least == 1)):
        return
    what = f"each of its {different} rows stands there {least} times or more"
    if least == 1:
        what = f"all {held} rows of {twice} days, such as {first}, stand there twice or more, letter by letter"
    raise ConfigError(
        f"{what}: the costs would count as often",
        where=f"{writer.staged.where}, {part.path}",
        hint="deliver every row once; if they are different things, say `overlap: add` of the entity",
    )


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
    if first == last and named >= MANY and named > empty:
        raise ConfigError(what, where=f"{writer.staged.where}, {part.path}", hint=hint)
    writer.staged.warnings.append(f"{part.path}: {what}; {hint}")
