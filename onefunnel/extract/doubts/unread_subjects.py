"""What unread columns are looked at for, entity by entity; the words of it are in unread_vocabulary.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from onefunnel.extract.doubts import unread_vocabulary as words


@dataclass(frozen=True)
class Look:
    """Columns by folded name, and the cells in them that say it (None: all that is no blank and no `no`).

    say_it: how to tell it instead. is_positive: rows of an amount below zero are left out: staging sets them aside, whatever they say.
    is_blank: it is said by what those cells would have told. least: so many different words there must be, for one alone says nothing.
    beside: nothing is said where no row says such a word (in a pattern; "": any other). unless: a column that is read, and what it says of
    rows of which nothing is said. alone_by: nor is it of rows that come again on other days, those of one cell and these columns.
    of_refunds: nothing is said where refunds are rows of their own.
    """

    columns: str
    cells: str | None
    say_it: str = ""
    is_refused: bool = True
    is_positive: bool = False
    is_blank: bool = False
    beside: str | None = None
    unless: tuple[str, str] | None = None
    alone_by: tuple[str, ...] = ()
    of_refunds: bool = False
    least: int = 1


@dataclass(frozen=True)
class Subject:
    """What is looked for in one entity, what refuses first; counts_as: what its rows become; amount: its money."""

    looks: tuple[Look, ...]
    counts_as: str
    amount: str = ""


AS_KIND = "where it tells payment, refund and chargeback apart, call it `kind`"
AS_ROWS = "deliver refunds as rows of their own under `kind` (refund, chargeback)"
ONLY_IN = "deliver only what came in; what was paid back is a row of `kind` refund"
IN_WHOLE = "deliver amounts in whole units of their currency (12,000 for 12 thousand)"
BY_PERIOD = "deliver a row for each time it was paid, with its from_date and to_date"
BY_DATE = "deliver a row for each due date"
IN_ONE_TAX = "deliver all amounts with their tax, or all without"
ONLY_SPENT = "deliver only what was spent"
IN_ONE = "deliver rows of one level only, those that add up"
BY_MONTH = "deliver a row for each month"
AS_FLAG = "say it in `is_deleted`, `is_test`, `is_duplicate` or `duplicate_of` (the lead it was merged into)"
MEASURES = (Look(words.UNIT, words.whole(words.OTHER_UNIT), IN_WHOLE), Look(words.SCALE, words.whole(words.MANIFOLD), IN_WHOLE))
TAXES = (
    Look(words.TAXED, words.TAX_WORDS, IN_ONE_TAX, least=2),
    Look(words.TAX_INCLUDED, rf"^({words.YES}|{words.NO})$", IN_ONE_TAX, least=2),
)


def _but_refunds(columns: str, pattern: Callable[[str], str], told: str, *, is_refused: bool = True) -> tuple[Look, Look]:
    """That it was not paid; that it was refunded only where refunds are no rows of their own."""
    return (
        Look(columns, pattern(f"{told}|{words.UNPAID}"), AS_KIND, is_refused=is_refused, of_refunds=True),
        Look(columns, pattern(f"{told}|{words.NOT_PAID}"), AS_KIND, is_refused=is_refused),
    )


# What a column that is read may say of a row: then no other need say it.
SAID = words.begins(f"{words.CANCELLED}|{words.UNPAID}")
PAYMENTS = (
    Look(words.EVENT_COLUMN.format(words.HAPPENED), None, AS_ROWS),
    Look(words.EVENT_COLUMN.format(words.GIVEN_BACK), None, AS_ROWS, of_refunds=True),
    Look(words.REFUND_STATE, words.begins(words.GIVEN_BACK_SO_FAR), AS_ROWS, of_refunds=True),
    Look(words.FLAG_COLUMN.format(words.PAID), words.whole(words.NO)),
    Look(words.LIVE, words.whole(words.NO)),
    Look(words.TEST, words.whole(words.YES)),
    Look(words.OUTFLOW, words.SUM_OR_DAY, ONLY_IN, is_positive=True),
    Look(words.TWICE, words.whole(words.YES)),
    Look(words.DOCUMENT, words.begins("gutschrift|credit|avoir|nota d[ei] cr[eé]dito|кредит-?нота"), AS_ROWS),
    *_but_refunds(words.ORDER_STATUS, words.begins, f"{words.CANCELLED}|{words.AGREED_NO_MORE}|awaiting[ _-]payment"),
    Look(r"(is_)?(internal|own)_transfer|внутренний_перевод", words.whole(words.YES), ONLY_IN),
    Look(words.STAGE, words.begins(words.LOST)),
    Look(r"(deal_|close_|win_)?probability|вероятность(_.*)?|chance", words.CHANCE),
    Look(r"forecast_category", words.begins("omitted|pipeline|best case|commit")),
    Look(words.CATEGORY, words.begins("expenses?|расход(ы|ный)?|ausgaben?|dépenses?|gastos|spese"), ONLY_IN, is_positive=True),
    Look(words.MODE, words.whole(r"(test|sandbox|staging)(ing)?( mode)?|тест(овый|овая)?( режим)?")),
    *_but_refunds(words.STATUS_COLUMN, words.begins, f"{words.CANCELLED}|{words.NOT_YET_PAID}"),
    Look(words.PAYING_STATE, words.OPEN),
    Look(words.DIRECTION_COLUMN, words.begins(f"{words.WENT_OUT}|{words.OF_DIRECTION}"), ONLY_IN, is_positive=True),
    Look(rf"(?!{words.WAY_TO_PAY}$){words.STATUS_COLUMN}", words.begins(f"{words.WENT_OUT}|{words.DEBIT}"), ONLY_IN, is_positive=True),
    Look(words.WAY_TO_PAY, words.begins(words.WENT_OUT), ONLY_IN, is_positive=True),
    Look(words.PLAIN_STATE, words.OPEN, is_refused=False),
    Look(words.STATUS_COLUMN, words.whole("top-?up"), ONLY_IN, is_refused=False, is_positive=True),
    Look(
        rf"(?!{words.WAY_TO_PAY}$)({words.STATUS_COLUMN}|{words.DIRECTION_COLUMN})",
        words.begins(words.OUT_BESIDE_IN),
        ONLY_IN,
        is_positive=True,
        beside=words.begins(f"({words.CAME_IN}).*"),
    ),
    *MEASURES,
    *TAXES,
    Look(rf"{words.IN_BOOKS}|{words.STATUS_COLUMN}", words.begins(words.NO_REVENUE), "deliver only what clients paid", is_positive=True),
    Look(words.PAID_ON, None, "call it `paid_at`: what has none was not paid", is_positive=True, is_blank=True),
    Look(words.FAULT_CODE, words.NO_ZERO, AS_KIND),
    Look(words.ANSWER_CODE, words.CODE, AS_KIND, is_refused=False, least=2),
    Look(r".*", words.begins(words.CARRIED), ONLY_IN, is_positive=True),
    Look(words.DUE, None, is_refused=False),
    *_but_refunds(words.BY_THE_WAY, words.shortly, words.CANCELLED, is_refused=False),
)
LEADS = (
    Look(words.EVENT_COLUMN.format(f"{words.HAPPENED}|{words.JOINED}|{words.TWICE}"), None, AS_FLAG, is_refused=False),
    Look(words.TEST, words.whole(words.YES), AS_FLAG, is_refused=False),
    Look(words.LEAD_STATUS, words.begins(words.NO_LEAD), AS_FLAG, is_refused=False),
    Look(words.KIND_OF_LEAD, words.begins(words.NO_NEW_LEAD), "leave them out, or say it in `is_deleted`", is_refused=False),
)


def _agreed(booked: str, *more: Look) -> tuple[Look, ...]:
    """Of what is planned or spent: whether it was paid by now says nothing of it."""
    return (
        Look(words.EVENT_COLUMN.format(words.HAPPENED), None),
        Look(words.FLAG_COLUMN.format(booked), words.whole(words.NO)),
        Look(words.STATUS_COLUMN, words.begins(f"{words.CANCELLED}|{words.AGREED_NO_MORE}")),
        *MEASURES,
        *TAXES,
        *more,
        Look(words.BY_THE_WAY, words.shortly(words.CANCELLED), is_refused=False),
    )


OF_ANY_ROW = rf"{words.SCENARIO}|{words.KIND_OF_ROW}"
PLANNED = (
    Look(words.SCENARIO, words.whole(words.MEANT), ONLY_SPENT),
    Look(words.KIND_OF_ROW, words.whole(words.MEANT), ONLY_SPENT, beside=words.whole(words.WAS)),
)
COSTS = (
    Look(r".*", words.begins(words.CARRIED), ONLY_SPENT, is_positive=True),
    Look(words.ALLOCATED, words.CHANCE, "deliver its part as `cost`", is_refused=False),
    Look(r"included?_in_\w+|учитывать(_в_\w+)?", words.whole(words.NO), ONLY_SPENT),
    Look(
        words.HOW_OFTEN,
        words.whole(f"{words.EACH_DAY}|{words.EACH_WEEK}|{words.EACH_MONTH}|{words.EACH_YEAR}"),
        BY_PERIOD,
        alone_by=("channel", "note", "from_date"),
    ),
    *PLANNED,
    Look(words.STATUS_COLUMN, words.begins(words.NOT_SPENT), ONLY_SPENT),
    Look(rf"{words.DOCUMENT}|{words.STATUS_COLUMN}", words.begins(words.CAME_BACK), ONLY_SPENT, is_positive=True),
    Look(words.CATEGORY, words.begins("income|revenue|доход(ы)?|einnahmen?"), ONLY_SPENT, is_positive=True),
    Look(
        words.DIRECTION_COLUMN,
        words.whole("credit|cr?|haben|h|in|income|incoming|кредит|кт|приход"),
        ONLY_SPENT,
        is_positive=True,
    ),
)
SPEND = (
    *MEASURES,
    *TAXES,
    *PLANNED,
    Look(words.STATUS_COLUMN, words.begins(words.NO_SPEND), ONLY_SPENT, is_positive=True),
    Look(words.LEVEL_COLUMN, words.LEVEL, IN_ONE, least=2),
    Look(r".*", words.whole(words.ALL_OF_IT), IN_ONE, beside=""),
    Look(r".*", words.whole(words.MAY_BE_ALL), IN_ONE, is_refused=False, beside=""),
)
TARGETS = (
    *MEASURES,
    *TAXES,
    Look(
        words.HOW_OFTEN,
        words.whole(f"{words.EACH_DAY}|{words.EACH_WEEK}|{words.EACH_YEAR}"),
        BY_MONTH,
        alone_by=("kpi", "channel", "month"),
    ),
    Look(words.CUMULATIVE, words.whole(words.YES), BY_MONTH),
    Look(rf"{words.SUMMED_UP}|{words.HOW_OFTEN}", words.whole(words.TO_DATE), BY_MONTH),
    Look(
        words.UNIT,
        words.whole(words.OTHER_MEASURE),
        "deliver `value` in the unit of its KPI (docs/metrics.md)",
        is_refused=False,
        unless=("kpi", words.NO_MONEY),
    ),
)
STAGES = (
    Look(words.EVENT_COLUMN.format(words.HAPPENED), None, is_refused=False),
    Look(words.OF_EVENT, words.begins(words.NOT_HELD), is_refused=False),
    Look(words.OF_EVENT, words.whole(words.NO), is_refused=False),
    Look(words.MOVE, words.begins(words.LEFT), is_refused=False),
    Look(words.BY_THE_WAY, words.shortly(words.CANCELLED), is_refused=False),
)
SUBJECTS = {
    "payments": Subject(PAYMENTS, "paid", "amount"),
    "payment_plan": Subject(
        _agreed(
            words.BOOKED,
            Look(
                words.HOW_OFTEN,
                words.whole(f"{words.EACH_WEEK}|{words.EACH_MONTH}|{words.EACH_YEAR}"),
                BY_DATE,
                is_refused=False,
                alone_by=("client_id", "lead_id", "due_date"),
            ),
        ),
        "planned once",
        "amount",
    ),
    "channel_costs": Subject(_agreed(words.BOOKED, *COSTS), "spent once", "cost"),
    "ad_spend": Subject(SPEND, "spent", "cost"),
    "targets": Subject(TARGETS, "planned of one month, in the unit of the KPI", "value"),
    "fx_rates": Subject(
        (Look(words.SIDE, words.SIDES_OF_RATE, IN_ONE, least=2), Look(OF_ANY_ROW, words.whole(words.MEANT), IN_ONE)), "rates"
    ),
    "market_index": Subject(
        (
            Look(words.PARTIAL, words.whole(words.YES), "leave it out until it is whole"),
            Look(OF_ANY_ROW, words.whole(words.MEANT), "deliver what was measured"),
            Look(words.CHANGE_COLUMN, words.whole(words.CHANGES), "deliver the level of demand, not its change"),
        ),
        "the level of demand",
    ),
    "holidays": Subject(
        (Look(words.HOLIDAY, words.whole(words.NO)), Look(rf"(day_)?({words.STATUS})", words.begins(words.WORKING))), "holidays"
    ),
    "leads": Subject(LEADS, "leads"),
    "stage_events": Subject(STAGES, "stages that were reached"),
}
