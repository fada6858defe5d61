"""By which names of columns and words of cells a row says that it is none: failed, refunded, gone out, a test, deleted.

Names are folded: small letters, words parted by `_`, ё as е. Cells are trimmed and small. Where a word is ordinary elsewhere (open, new,
debit) it is looked for only in columns whose name leaves no other meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

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
AGREED_NO_MORE = r"draft|entwurf|черновик|on[ _-]hold|paused|suspended|pausiert|приостановлен[аоы]?|заморожен[аоы]?"
# Said in columns of a status only: elsewhere they are said of an order, a mail, a lesson.
NOT_YET_PAID = (
    rf"{AGREED_NO_MORE}|authori[sz](ed|ation)|uncaptured|unsettled|awaiting|processing$|sent$|overdue|past[ _-]due|hold$"
    r"|requires[ _-](payment[ _-]method|confirmation|action|capture|source)|not[ _-](captured|completed|settled|confirmed|received)"
    r"|part(ial|ially|ly)?[ _-]paid|teilweise bezahlt|частично оплачен[аоы]?|ожидается|к оплате|выставлен[аоы]?"
    r"|не ?(проведен|завершен|подтвержден|получен)[аоы]?|test$|sandbox$|тест(овый|овая)?$"
    r"|credit (memo|note)|estimate$|quote$|pro-?forma|angebot$|stornorechnung"
)
OPEN = r"^(open|new|created|offen|neu|angelegt|новый|новая|создан[ао]?|открыт[ао]?)$"
WENT_OUT = (
    r"out$|outgoing|outbound|outflow|outward|withdraw(al|als|n)|payouts?|paid[ _-]out$|money[ _-]out|expenses?|expenditure|ausgang"
    r"|ausgehend|ausgaben?|abbuchung|auszahlung|belastung|zahlungsausgang|списани[ея]|расход(ы|ный|ная)?|исходящ(ий|ая|ее|ие)|выплата|вывод"
)
# In a column of ways to pay they are a card and a mandate, by which money came in.
DEBIT = r"debit$|lastschrift$"
OF_DIRECTION = rf"{DEBIT}|debits$|memo$|dr?$|soll$|s$|sent$|дебет$|дт$|д$"

# Columns that are there to say what became of a row: payment_status, Transaction Type, статус оплаты.
STATE = r"status|state|zustand|статус|состояние"
STATUS = rf"{STATE}|type|kind|operation|result|outcome|typ|art|vorgang|тип|вид|операци[яи]|результат"
OF_PAYING = r"payments?|transactions?|txn|tx|charge|invoice|zahlungs?|transaktions?|rechnungs?|платежа?|оплаты|транзакции|счета|финансовый"
OF_MONEY = rf"{OF_PAYING}|operation|line|plan|financial|billing|entry|movement|buchungs?|umsatz|операции|строки|движения"
STATUS_COLUMN = rf"(({OF_MONEY})_?)*({STATUS})(_({OF_MONEY}))*"
PLAIN_STATE = rf"{STATE}"
PAYING_STATE = rf"(({OF_PAYING}|financial|billing)_?)+({STATE})|({STATE})(_({OF_PAYING}))+"
WAY_TO_PAY = r"((payments?|zahlungs?)_?(type|kind|typ|art)|(type|kind|тип|вид)_(payment|оплаты|платежа))"
SIDES = r"(credit|debit|cr|dr|d|c|soll|haben|s|h|in|out|income|expense|incoming|outgoing|дебет|кредит|приход|расход|дт|кт)"
DIRECTION_COLUMN = (
    rf"(({OF_MONEY}|money|cash)_)*(direction|richtung|направление|in_?out|(cash_?)?flow|balance_impact|{SIDES}_(or_)?{SIDES}|drcr|crdr|dc"
    rf"|buchungstext)(_({OF_MONEY}|indicator|flag|mark|kennzeichen|type))*"
)
# Columns that say by their name what happened to a row that holds something there: amount_refunded, canceled_at, is_deleted.
HAPPENED = r"cancell?ed|voided|deleted|отменен[ао]?|удален[ао]?|(пометка|признак)_удаления|deletion_mark|löschkennzeichen"
GIVEN_BACK = r"refund(ed|s)?|charge_?backs?|failed|reversed|reversal|storno|storniert|disputed?|возврата?|возвращен[ао]?|сторно"
PARTS = r"amount|sum|total|date|сумма|дата"
EVENT_COLUMN = rf"((is|was|has|converted|{PARTS})_)*({{}})(_(amount|sum|total|at|on|date|time|utc))*"
JOINED = r"merged(_in(to)?|_to|_with)?|is_?spam|spam|объединен[ао]?|спам"
TWICE = r"((lead|contact)_)?(duplicate|дубль|дубликат|dublette|doppelt)(_(lead|contact|лид|лида|заявки))?"
REFUND_STATE = rf"(refund|dispute|chargeback)_?({STATE})|({STATE})_возврата|возврат_({STATE})"
GIVEN_BACK_SO_FAR = (
    r"full|fully|partial|partially|refund(s|ed)?|completed?|succeeded|done|pending|disputed|lost|needs[ _]response|under[ _]review"
    r"|полный|полностью|частичный|частично|возвращен[ао]?|выполнен[ао]?|оформлен[ао]?"
)
# Columns that say of each row whether it is one: yes or no.
BOOKED = r"captured|posted|booked|confirmed|approved|проведен[аоы]?|подтвержден[аоы]?|согласован[аоы]?|gebucht|verbucht|bestätigt|genehmigt"
PAID = (
    rf"{BOOKED}|paid|success|successful|successfully|succeeded|settled|completed?|cleared|received|collected|оплата|оплачен[аоы]?|получен[аоы]?"
    r"|зачислен[аоы]?|завершен[аоы]?|успешно|bezahlt|gezahlt|erhalten|eingegangen|erfolgreich"
)
LIVE = r"(is_)?(livemode|live_mode|live|production)"
FLAG_COLUMN = rf"((is|was|has|been|{PARTS}|payment|invoice|charge|transaction|платеж|счет)_)*({{}})(_(flag|amount|in_full))*"
DUE = (
    r"(amount_)?(outstanding|due|remaining)|(balance|amount|total|sum)_(due|outstanding|remaining)|open_amount|offen(er_betrag)?|restbetrag"
    r"|(остаток|сумма)_(к_оплате|долга)|задолженность|долг|(is_)?(overdue|past_due)|просрочен[ао]?|überfällig"
)
TEST = (
    r"((is|lead|payment|признак)_)*(test|sandbox|junk|fake|тест|тестов(ый|ая|ое)|мусор|testlead)"
    r"(_(mode|lead|payment|transaction|лид|платеж|заявка))*"
)
MODE = r"((payment|transaction|api|gateway)_)?(mode|environment|env)|режим|среда|umgebung"
NO = r"[^1-9]*0[^1-9]*|false|f|no|n|off|nein|falsch|нет|н|ложь|non|faux|nie|ні"
YES = r"true|t|1([.,]0)?|-1|yes|y|on|x|✓|✔|☑|[+]|checked|да|д|истина|ja|j|wahr|так|oui"
NOTHING = rf"^({NO}|(not[ _-]|un)(refunded|disputed)|без возврата)$"
LEAD_STATUS = rf"((lead|deal|contact)_)?({STATUS})(_(лида|заявки|сделки|контакта))?"
NO_LEAD = r"junk|spam|test|fake|duplicate|тест(овый|овая)?|спам|мусор|дубль|дубликат"


def begins(words: str) -> str:
    """The pattern of a cell that begins with one of them, whatever they are said of."""
    return f"{BEFORE}({words})($|[^a-zа-яäöüß])"


def _whole(words: str) -> str:
    return f"^({words})$"


@dataclass(frozen=True)
class Look:
    """Columns by folded name, and the cells in them that say it (None: all that is no blank and no `no`).

    say_it: how to tell it instead. is_positive: rows of an amount below zero are left out: staging sets them aside, whatever they say.
    """

    columns: str
    cells: str | None
    say_it: str = ""
    is_refused: bool = True
    is_positive: bool = False


@dataclass(frozen=True)
class Subject:
    """What is looked for in one entity, what refuses first; counts_as: what its rows become; amount: its money."""

    looks: tuple[Look, ...]
    counts_as: str
    amount: str = ""


AS_KIND = "where it tells payment, refund and chargeback apart, call it `kind`"
AS_ROWS = "deliver refunds as rows of their own under `kind` (refund, chargeback)"
ONLY_IN = "deliver only what came in; what was paid back is a row of `kind` refund"
AS_FLAG = "say it in `is_deleted`, `is_test`, `is_duplicate` or `duplicate_of` (the lead it was merged into)"
# What a column that is read may say of a row: then no other need say it.
SAID = begins(f"{CANCELLED}|{UNPAID}")
PAYMENTS = (
    Look(EVENT_COLUMN.format(f"{HAPPENED}|{GIVEN_BACK}"), None, AS_ROWS),
    Look(REFUND_STATE, begins(GIVEN_BACK_SO_FAR), AS_ROWS),
    Look(FLAG_COLUMN.format(PAID), _whole(NO)),
    Look(LIVE, _whole(NO)),
    Look(TEST, _whole(YES)),
    Look(MODE, _whole(r"(test|sandbox|staging)(ing)?( mode)?|тест(овый|овая)?( режим)?")),
    Look(STATUS_COLUMN, begins(f"{CANCELLED}|{UNPAID}|{NOT_YET_PAID}"), AS_KIND),
    Look(PAYING_STATE, OPEN),
    Look(DIRECTION_COLUMN, begins(f"{WENT_OUT}|{OF_DIRECTION}"), ONLY_IN, is_positive=True),
    Look(rf"(?!{WAY_TO_PAY}$){STATUS_COLUMN}", begins(f"{WENT_OUT}|{DEBIT}"), ONLY_IN, is_positive=True),
    Look(WAY_TO_PAY, begins(WENT_OUT), ONLY_IN, is_positive=True),
    Look(PLAIN_STATE, OPEN, is_refused=False),
    Look(DUE, None, is_refused=False),
    Look(r".*", SAID, AS_KIND, is_refused=False),
)
LEADS = (
    Look(EVENT_COLUMN.format(f"{HAPPENED}|{JOINED}|{TWICE}"), None, AS_FLAG, is_refused=False),
    Look(TEST, _whole(YES), AS_FLAG, is_refused=False),
    Look(LEAD_STATUS, begins(NO_LEAD), AS_FLAG, is_refused=False),
)


def _agreed(booked: str) -> tuple[Look, ...]:
    """Of what is planned or spent: whether it was paid by now says nothing of it."""
    return (
        Look(EVENT_COLUMN.format(HAPPENED), None),
        Look(FLAG_COLUMN.format(booked), _whole(NO)),
        Look(STATUS_COLUMN, begins(f"{CANCELLED}|{AGREED_NO_MORE}")),
        Look(r".*", begins(CANCELLED), is_refused=False),
    )


SUBJECTS = {
    "payments": Subject(PAYMENTS, "paid", "amount"),
    "payment_plan": Subject(_agreed(BOOKED), "planned", "amount"),
    "channel_costs": Subject(_agreed(BOOKED), "spent", "cost"),
    "leads": Subject(LEADS, "leads"),
    "stage_events": Subject(
        (Look(EVENT_COLUMN.format(HAPPENED), None, is_refused=False), Look(r".*", begins(CANCELLED), is_refused=False)),
        "stages that were reached",
    ),
}
