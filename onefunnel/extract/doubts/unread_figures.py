"""A column that nobody reads and that says another figure than the one that counts: a part of it, what it came to, when it was paid.

An invoice of which a part was paid, the total of an order in each of its lines, a budget beside what was spent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.sums import MONEY_OF
from onefunnel.extract.doubts.unread_units import day_sql, other_codes
from onefunnel.extract.doubts.unread_vocabulary import ARRIVED_ON, PAID_ON
from onefunnel.extract.doubts.unread_words import folded, ignore_line, number_sql, unread_columns
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

# A bank or a gateway passes money on some days after it was paid.
DAYS_UNDERWAY = 7
MANY, LEAST_IN_CENTS, CENT = 3, 1000, 0.011
PAID = (
    r"(amount|sum|total|value)_?(paid|received|collected|captured|settled)|(paid|received|collected|captured)_?(amount|sum|total|value)"
    r"|(сумма_)?(оплаты|оплачен[оа]|получен[оа]|поступления)|(gezahlt|bezahlt|zahl)(er)?_?betrag|montant_(payé|réglé)|importe_(pagado|cobrado)"
)
PART = (
    r"(line_?item|line|item|product|position|split|installment|instalment|part|share|tranche|milestone)_?(amount|price|sum|total|value)"
    r"|сумма_(позиции|строки|части|транша|этапа|платежа_по_графику)|(positions|raten|teil)_?betrag"
)
TOTAL = (
    r"(grand_|line_|order_|invoice_)?(total|sum)(_(amount|sum|price|value|due|incl_tax))?|итог(о|овая_сумма)?|всего|gesamt(betrag|summe)?"
    r"|(original|foreign|converted|charged|presentment)_?(amount|sum|value)|amount_(original|foreign|converted|in_base)|сумма_в_валюте"
)
ACTUAL = (
    r"(actual|fact(ual)?|real|ist)_?(cost|costs|spend|amount|kosten|ausgaben)"
    r"|(расход|затраты|сумма)_?факт|факт(ический_расход|ические_затраты)?"
)
SPENT = r"(amount_)?spen[dt](_\w{3})?|(total_)?costs?_(\w{3}|converted|usd)|расход|затраты|ausgegeben(er_betrag)?|kosten|ausgaben"
OF_SAME = (
    r"(order|invoice|deal|opportunity|contract|subscription|receipt|bill|document|purchase|sale)_?(id|number|no|nr|name|code|ref|reference)?"
    r"|(номер_|id_|ид_)?(заказ|сч[её]т|сделк|договор)[аиы]?|(bestell|rechnungs|auftrags|vertrags)_?(nummer|nr)"
)
CURRENCY_OF = r"(cost|amount|spend|price|value|sum)_(currency|ccy)|(currency|ccy)_of_(cost|amount)|валюта_(расхода|суммы|затрат)"
# What stands between a part and the whole: then both are right.
BETWEEN = (
    r"(\w+_)?(fees?|commission|tax(es)?|vat|gst|discounts?|shipping|tips?|surcharge|withholding)(_\w+)?"
    r"|(сумма_)?(комиссии|комиссия|ндс|налог|скидка|скидки|доставка)|gebühr(en)?|provision|mwst|ust|versand(kosten)?|rabatt"
)
TIMES = r"(line_?item_?)?(quantity|qty|units?|hours?|seats?)|количество|кол_во|menge|anzahl|stunden|cantidad|quantité"
# Names of an API that tells money in the smallest unit of its currency, as it writes them.
MINOR = r"amount_(captured|received|refunded|subtotal|capturable)|application_fee_amount|unit_amount(_decimal)?"
NO_DECIMALS = ("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "PYG", "XAF", "XOF", "XPF", "RWF", "KMF", "GNF", "DJF", "BIF", "VUV", "MGA")
# Of what another row of the file is taken back.
REVERSED = (
    r"(reverses|reversal_(of|for)|reversed|refunds|refund_(of|for)|storno_(zu|von)|storniert|сторно_(к|платежа)|возврат_(к|по))"
    r"(_(payment|transaction|charge|zahlung|платежу))?(_(id|number|no|nr))?"
)
CREATED_ON = (
    r"((original|lead|deal|record|first)_)?(create[d]?|creation|inquiry|enquiry|request|submission|submitted|received)_?(date|at|on|time|day)"
    r"|date_(created|of_inquiry|received)|дата_(создания|заявки|обращения|поступления)(_лида|_сделки)?|(anfrage|erstell)(ungs)?_?datum|erstellt_am"
)
BASE_MONEY = r"currency|ccy|currency_code|валюта|währung|devise|moneda"


@dataclass(frozen=True)
class Figure:
    """What a column may say beside the figure that counts (`own`). columns: by folded name; which: in SQL, the rows in which it says
    something else; says: that in words; hint: what to do; needs_equal: only where other rows say the same as `own`.
    """

    entities: tuple[str, ...]
    columns: str
    which: str
    says: str
    hint: str
    is_refused: bool = True
    needs_equal: bool = False


AS_IT_IS = "deliver it as `{own}`"
FIGURES = (
    Figure(("payments",), PAID, "other < own", "less than", AS_IT_IS, needs_equal=True),
    Figure(("payments", "payment_plan"), PART, "other < own", "less than", f"{AS_IT_IS}, or each whole once"),
    Figure(("ad_spend", "channel_costs"), ACTUAL, "other <> own", "another sum than", AS_IT_IS),
    Figure(("ad_spend",), SPENT, "other <> own", "another sum than", AS_IT_IS, is_refused=False),
    Figure(("payments", "payment_plan"), TOTAL, "other <> own", "another sum than", AS_IT_IS, is_refused=False),
)
DATED = {"payments": "paid_at", "payment_plan": "due_date"}


def check_unread_figures(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable, base: str) -> None:
    """Raise ConfigError where such a column disagrees with what counts, with rows, money and the line to write; warn where it may mean
    something else.
    """
    entities = contract_entities(source.system, writer.staged.entity)
    names = {name.strip().lower(): name for name in part.columns}
    entity = next((each for each in (*MONEY_OF, "targets") if each in entities), None)
    unread = unread_columns(writer, part, options)
    if entity == "targets":
        for name in (each for each in unread if re.fullmatch(BASE_MONEY, folded(each))):
            _check_currency(writer, part, name, literal(base), "the base currency, as targets of money are told in it")
    if "leads" in entities and "created_at" in names:
        for name in (each for each in unread if re.fullmatch(CREATED_ON, folded(each))):
            _check_day(writer, part, name, names["created_at"], source, is_refused=False)
    if entity is None or MONEY_OF.get(entity, "") not in names:
        return
    own = names[MONEY_OF[entity]]
    between = _between(part, own, source.decimal_separator)
    for name in unread:
        for figure in (each for each in FIGURES if entity in each.entities and re.fullmatch(each.columns, folded(name))):
            _check_figure(writer, part, name, own, figure, between, source.decimal_separator)
        if "currency" in names and re.fullmatch(CURRENCY_OF, folded(name)):
            _check_currency(writer, part, name, f"upper(trim({quoted(names['currency'])}))", "`currency`")
        if entity == "payments" and "paid_at" in names and re.fullmatch(PAID_ON, folded(name)):
            _check_day(writer, part, name, names["paid_at"], source, is_refused=True)
        if entity == "payments" and re.fullmatch(MINOR, name.strip()):
            _check_minor(writer, part, name, own, names.get("currency"), source.decimal_separator)
        if entity == "payments" and "payment_id" in names and re.fullmatch(REVERSED, folded(name)):
            _check_reversed(writer, part, name, own, names, source.decimal_separator)
        if entity in DATED and re.fullmatch(OF_SAME, folded(name)):
            _check_repeated(writer, part, name, own, names, DATED[entity])


def _between(part: LandedFile, own: str, separator: str) -> str:
    """In SQL, whether a row says itself what its `other` figure and its `own` differ by: a fee, a tax, all of them, a quantity."""
    numbers = {name: f"coalesce({number_sql(name, separator)}, 0)" for name in part.columns if name != own}
    parts = [number for name, number in numbers.items() if re.fullmatch(BETWEEN, folded(name))]
    times = [number for name, number in numbers.items() if re.fullmatch(TIMES, folded(name))]
    gaps = {"0", *parts, " + ".join(parts) or "0"}
    said = {f"abs(abs(own - other * {count}) - abs({gap})) < {CENT}" for count in ("1", *times) for gap in gaps}
    return " or ".join(sorted(said))


def _check_figure(writer: PartWriter, part: LandedFile, name: str, own: str, figure: Figure, between: str, separator: str) -> None:
    other, counts, file = number_sql(name, separator), number_sql(own, separator), rows_of(writer.staged.folder / part.part)
    which = f"{figure.which} and not is_told"
    query = (
        f"select count(*) filter ({which}), coalesce(sum(own) filter ({which}), 0), "
        f"coalesce(sum(other) filter ({which}), 0), count(*) filter (other = own) "
        f"from (select other, own, {between} as is_told from (select *, {other} as other, {counts} as own from {file})) "
        "where other >= 0 and own > 0"
    )
    differ, counted, said, equal = writer.run(query, part.path).fetchone()
    if not differ or (figure.needs_equal and not equal):
        return
    what = (
        f"column {name} is read by nobody and says {figure.says} {own} in {differ} row(s): "
        f"{counted:,.2f} would count, where it says {said:,.2f}"
    )
    hint = f"{figure.hint.format(own=own.lower())}; if {own} is what counts, say {ignore_line(name)}"
    writer.doubt(part, what, hint, is_refused=figure.is_refused)


def _check_currency(writer: PartWriter, part: LandedFile, name: str, code: str, called: str) -> None:
    rows, others = other_codes(writer, part, name, code)
    if rows:
        what = f"column {name} is read by nobody and says {', '.join(others)} in {rows} row(s), another currency than {called}"
        writer.doubt(part, what, f"deliver the money in one currency, and name that; if it is so already, say {ignore_line(name)}")


def _check_day(writer: PartWriter, part: LandedFile, name: str, own: str, source: TabularSource, *, is_refused: bool) -> None:
    """It is the day of an invoice that is read, where most rows were paid on another; or of an import, where the leads came before it."""
    paid, day = day_sql(name, source.date_order), day_sql(own, source.date_order)
    days = DAYS_UNDERWAY if re.fullmatch(ARRIVED_ON, folded(name)) else 1
    differs = f"filter (abs(paid - day) > {days})"
    query = (
        f"select count(*) {differs}, count(*), min(day) {differs}, min(paid) {differs} "
        f"from (select {paid} as paid, {day} as day from {rows_of(writer.staged.folder / part.part)}) "
        "where paid is not null and day is not null"
    )
    differ, rows, read, said = writer.run(query, part.path).fetchone()
    if differ >= MANY and 2 * differ > rows:
        what = f"column {name} is read by nobody and says another day than {own} in {differ} row(s), such as {said} where {read} counts"
        hint = f"call it `{own.lower()}` if that is when it happened; else say {ignore_line(name)}"
        writer.doubt(part, what, hint, is_refused=is_refused)


def _check_minor(writer: PartWriter, part: LandedFile, name: str, own: str, currency: str | None, separator: str) -> None:
    """Whole numbers beside a column of such an API are cents, where some are no whole units of hundred."""
    amount, file = number_sql(own, separator), rows_of(writer.staged.folder / part.part)
    has_cents = f"coalesce(upper(trim({quoted(currency)})), '') not in {NO_DECIMALS}" if currency else "true"
    query = (
        "select count(*), coalesce(bool_and(own = floor(own) and not is_in_units), false), "
        "coalesce(bool_or(own % 100 <> 0), false), max(own), sum(own) "
        f"from (select {amount} as own, regexp_matches({quoted(own)}, '[.,][0-9]{{2}}$') as is_in_units from {file} where {has_cents}) "
        "where own > 0"
    )
    rows, is_whole, is_odd, greatest, money = writer.run(query, part.path).fetchone()
    if rows >= MANY and is_whole and is_odd and greatest >= LEAST_IN_CENTS:
        what = (
            f"column {own}: all {rows} values are whole numbers, {money:,.0f} together, beside {name}, which an API has that tells cents: "
            "they would count a hundredfold"
        )
        writer.doubt(part, what, f"divide them by 100, or read the source as `stripe`; if they are whole units, say {ignore_line(name)}")


def _check_repeated(writer: PartWriter, part: LandedFile, name: str, own: str, names: dict[str, str], dated: str) -> None:
    """Rows of one order that all say one sum and moment are its lines, each with the whole in it; of different orders that is no chance."""
    same = ", ".join(quoted(names[each]) for each in ("client_id", "lead_id", "currency", dated) if each in names)
    groups = (
        f"select any_value({quoted(own)}) as own, count(*) as rows, count(distinct ({quoted(own)}, {same})) as kinds "
        f"from {rows_of(writer.staged.folder / part.part)} where {quoted(name)} is not null group by {quoted(name)} having count(*) > 1"
    )
    query = f"select count(*) filter (kinds = 1), count(*), count(distinct own), sum(rows) filter (kinds = 1) from ({groups})"
    alike, several, sums, rows = writer.run(query, part.path).fetchone()
    if alike >= MANY and 2 * alike > several and sums >= MANY:
        what = (
            f"column {name} is read by nobody, and {rows} rows are of {alike} of it, those of each with one {own}, day and payer: "
            "lines of one order, of which each would count the whole"
        )
        hint = f"deliver each order once, or what is of each line as `{own.lower()}`; if all rows count, say {ignore_line(name)}"
        writer.doubt(part, what, hint)


def _check_reversed(writer: PartWriter, part: LandedFile, name: str, own: str, names: dict[str, str], separator: str) -> None:
    """A row above zero that names another payment of its file takes that one back; not one whose kind says what it is."""
    file, other, key, amount = (
        rows_of(writer.staged.folder / part.part),
        quoted(name),
        quoted(names["payment_id"]),
        number_sql(own, separator),
    )
    kind = quoted(names["kind"]) if "kind" in names else "null"
    query = (
        f"select count(*), sum({amount}) from {file} where {amount} > 0 and {kind} is null and {other} <> coalesce({key}, '') "
        f"and {other} in (select {key} from {file})"
    )
    rows, money = writer.run(query, part.path).fetchone()
    if rows:
        what = f"column {name} is read by nobody and names another payment in {rows} row(s): {money:,.2f} would count as paid"
        writer.doubt(part, what, f"say in `kind` that they are refunds; if they all were paid, say {ignore_line(name)}")
