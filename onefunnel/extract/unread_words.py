"""What stands in a column that nobody reads, and says that the row is none: failed, refunded, cancelled, deleted.

Refused where the column is there to say so of money, told where it says so by the way, or of leads and their stages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from onefunnel.entities import contract_entities
from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import PLACEHOLDER, literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import DatabaseSource, Deliverable, FilesSource, RestSource

SHOWN, FEW = 5, 20
# Before and behind such a word may stand what it is said of: "payment failed", "partially refunded", "возврат платежа".
BEFORE = r"^((partial|partially|full|fully|payment|charge|transaction|zahlung|частичный|частично|полный|платеж|оплата)[ _.:-]+)*"
CANCELLED = (
    r"cancel(l?ed)?|cancell?ation$|void(ed)?|deleted|annull?ed|terminated|storn(o|iert)|gekündigt|gelöscht"
    r"|отмен(а|ен|ена|ено|енный)?|аннулирован[аоы]?|удален[аоы]?|расторгнут[аоы]?"
)
UNPAID = (
    r"refund(s|ed)?|charge[ _-]?backs?|charged[ _-]back|fail(ed|ure)?|declined?|denied|pending|revers(ed|al)|reject(ed)?|expired|unpaid"
    r"|not[ _-]paid|uncollectible|returned|disputed?|error|aborted|incomplete|fehlgeschlagen|abgelehnt|ausstehend|nicht bezahlt"
    r"|(rück)?erstatt(et|ung)|rückbuchung|rücklastschrift|возвраты?|возвращен[аоы]?|отклонен[аоы]?|не ?оплачен[аоы]?|ошибка|ожида(ет|ние)"
    r"|в обработке|чарджб[еэ]к|сторно"
)
# Columns that are there to say what became of a row: payment_status, Transaction Type, статус оплаты.
STATUS = r"status|state|type|kind|operation|result|outcome|zustand|typ|art|vorgang|статус|состояние|тип|вид|операци[яи]|результат"
OF_MONEY = (
    r"payments?|transactions?|txn|tx|charge|invoice|operation|line|plan|zahlungs?|transaktions?|buchungs?|rechnungs?"
    r"|платеж|платежа|оплаты|транзакции|операции|счета|строки"
)
STATUS_COLUMN = rf"(({OF_MONEY})_?)*({STATUS})(_({OF_MONEY}))*"
# Columns that say by their name what happened to a row that holds something there: amount_refunded, canceled_at, is_deleted.
HAPPENED = r"cancell?ed|voided|deleted|отменен[ао]?|удален[ао]?"
GIVEN_BACK = r"refund(ed|s)?|charge_?backs?|failed|reversed|возврата?|возвращен[ао]?"
EVENT_COLUMN = r"((is|was|has|amount|sum|total|date|сумма|дата)_)*({})(_(amount|sum|total|at|on|date|time))*"
JOINED = r"merged(_in(to)?|_to|_with)?|is_?spam|spam|объединен[ао]?|спам"
NOTHING = r"^([^1-9]*0[^1-9]*|false|f|no|n|nein|нет|ложь)$"


@dataclass(frozen=True)
class Subject:
    """What is looked for in one entity: words of cells and names of columns; counts_as: what its rows become; amount: its money.

    say_it: how to tell it instead, of such words and of such a column ("": not at all).
    """

    words: str
    events: str
    counts_as: str
    amount: str = "amount"
    is_refused: bool = True
    say_it: tuple[str, str] = ("", "")


AS_KIND = (
    "where it tells payment, refund and chargeback apart, call it `kind`",
    "deliver refunds as rows of their own under `kind` (refund, chargeback)",
)
AS_FLAG = "say it in `is_deleted`, `is_test` or `duplicate_of` (the lead it was merged into)"
SUBJECTS = {
    "payments": Subject(f"{CANCELLED}|{UNPAID}", f"{HAPPENED}|{GIVEN_BACK}", "paid", say_it=AS_KIND),
    "payment_plan": Subject(CANCELLED, HAPPENED, "planned"),
    "channel_costs": Subject(CANCELLED, HAPPENED, "spent", "cost"),
    "leads": Subject("", f"{HAPPENED}|{JOINED}", "leads", "", is_refused=False, say_it=("", AS_FLAG)),
    "stage_events": Subject(CANCELLED, HAPPENED, "stages that were reached", "", is_refused=False),
}


@dataclass(frozen=True)
class Said:
    """What a column says of rows that would count: its words (none where its name says it), how many rows, how much money is readable."""

    words: tuple[str, ...]
    rows: int
    money: float


def check_unread_words(
    writer: PartWriter, part: LandedFile, source: FilesSource | DatabaseSource | RestSource, options: Deliverable
) -> None:
    """Raise ConfigError where a column that nobody reads is there to say that rows were not paid, and does; warn where another does."""
    entities = contract_entities(source.system, writer.staged.entity)
    subject = next((each for name, each in SUBJECTS.items() if name in entities), None)
    if subject is None or not writer.known:
        return
    words = f"{BEFORE}({subject.words})($|[^a-zа-яäöüß])"
    known = {name.lower() for name in writer.known}
    read = [name for name in part.columns if name.lower() in known and re.fullmatch(STATUS_COLUMN, _folded(name))]
    left = {name.strip().lower() for name in (*options.ignore_columns, *writer.personal)} | known
    for name in (name for name in part.columns if name.lower() not in left):
        is_event = re.fullmatch(EVENT_COLUMN.format(subject.events), _folded(name)) is not None
        if not is_event and not subject.words:
            continue
        said = _said(writer, part, name, None if is_event else words, read, subject.amount, source.decimal_separator)
        if said is None:
            continue
        says = f"says {', '.join(said.words[:SHOWN])}" if said.words else "is filled"
        counts = f"{said.rows} row(s): {f'{said.money:,.2f}' if subject.amount else 'they'} would count as {subject.counts_as}"
        what, hint = f"column {name} is read by nobody and {says} in {counts}", _hint(name, subject, is_event)
        if subject.is_refused and (is_event or re.fullmatch(STATUS_COLUMN, _folded(name))):
            raise ConfigError(what, where=f"{writer.staged.where}, {part.path}", hint=hint)
        writer.staged.warnings.append(f"{part.path}: {what}; {hint}")


def _hint(name: str, subject: Subject, is_event: bool) -> str:
    """What to do, with the line to write."""
    leave = "leave such rows out (`skip_rows_matching` of a CSV, `query` of a database)"
    meant = f"if they all count, say `ignore_columns: [{json.dumps(name, ensure_ascii=False)}]`"
    return "; ".join(way for way in (subject.say_it[is_event], leave, meant) if way)


def _said(
    writer: PartWriter, part: LandedFile, name: str, words: str | None, read: Sequence[str], money_in: str, separator: str
) -> Said | None:
    """words: a pattern of what is looked for; without it, whatever is no blank and no `no` is said."""
    text = _folded_sql(name)
    if words is None:
        holds = f"not regexp_matches({text}, {literal(NOTHING)}) and not regexp_matches({text}, {literal(PLACEHOLDER)})"
    else:
        # a kind that is read says the same of the row
        others = [f"not regexp_matches(coalesce({_folded_sql(other)}, ''), {literal(words)})" for other in read]
        holds = " and ".join([f"regexp_matches({text}, {literal(words)})", *others])
    amount = next((each for each in part.columns if each.lower() == money_in), None)
    money = _number_sql(amount, separator) if amount else "0"
    query = (
        f"select {text if words else 'null'} as word, count(*), coalesce(sum({money}), 0) "
        f"from {rows_of(writer.staged.folder / part.part)} where {quoted(name)} is not null and {holds} "
        f"group by word order by count(*) desc, word limit {FEW + 1}"
    )
    found = writer.run(query, part.path).fetchall()
    if not found or len(found) > FEW:
        return None
    return Said(tuple(word for word, *_ in found if word), sum(rows for _, rows, _ in found), sum(money for *_, money in found))


def _folded(name: str) -> str:
    words = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", "_", name.strip()).lower().replace("ё", "е")
    return re.sub(r"[\W_]+", "_", words).strip("_")


def _folded_sql(name: str) -> str:
    return f"replace(lower(trim({quoted(name)})), 'ё', 'е')"


def _number_sql(name: str, separator: str) -> str:
    """Near enough for a message: what stands there but digits and marks is left out."""
    digits = f"regexp_replace({quoted(name)}, '[^0-9.,-]', '', 'g')"
    if separator == ".":
        return f"try_cast(replace({digits}, ',', '') as double)"
    continental = f"replace(replace({digits}, '.', ''), ',', '.')"
    return f"try_cast(case when regexp_full_match({digits}, '-?[0-9]+([.][0-9][0-9]?)?') then {digits} else {continental} end as double)"
