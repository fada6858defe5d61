"""Which columns and words are taken to say that a row is none, and which ordinary ones are not: files of banks, shops, Stripe, CRMs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import compress

import duckdb
import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError
from onefunnel.extract.doubts.unread_subjects import SUBJECTS, Look
from onefunnel.extract.doubts.unread_words import folded, says_sql
from onefunnel.extract.normalise import literal

# `Column: a cell that says nothing | one that may ; the next column: …`
NOT_PAID = """
    Captured: true | false ; is_paid: Yes | No ; Paid: 100.50 | 0.00 ; Success: 1 | 0
    Successful: TRUE | FALSE ; Settled: y | n ; Completed: yes | no ; Posted: 1 | 0
    Проведен: Да | Нет ; Проведён: Да | Нет ; Оплачено: Да | Нет ; Bezahlt: Ja | Nein
    Оплата: да | нет ; Amount Captured: 5 | 0.00 ; livemode: true | false ; Mode: live | test
    Mode: Live | Test mode ; Test: | yes ; Режим: боевой | тестовый ; Environment: prod | sandbox
    Disputed Amount: 0.00 | 100.50 ; Converted Amount Refunded: 0|5 ; ПометкаУдаления: Нет | Да ; Пометка удаления: | x
    Refund Status: | fully ; Refund Status: none | full ; Storno: | X ; Reversal: | X
    Status: Paid | Draft ; Status: PAID | AUTHORISED ; Status: paid | Awaiting Payment ; Status: paid | on hold
    Status: ok | processing ; Status: ok | requires_action ; Статус: Оплачен | Черновик ; Статус: оплачен | Ожидает оплаты
    Статус счета: оплачен | новый ; Invoice Status: paid | Open ; Payment Status: paid | new ; Статус: да | Частично оплачен
    Type: Invoice | Credit Memo ; Type: Invoice | Estimate ; Invoice Status: Paid | Sent ; Статус: оплачен | не проведён
    Financial Status: paid | authorized ; Result: ok | requires_payment_method
    Status: won | Lost ; Deal Stage: Closed won | Closed lost ; Is Closed Won: true | false
    Этап сделки: Оплачено | Закрыто и не реализовано
    Стадия сделки: Сделка успешна | Сделка провалена ; Probability: 100 | 10% ; Вероятность: 100% | 0
    Forecast Category: Closed | Omitted
    Lost Reason: | price ; Причина отказа: | дорого ; Status: Settled | Refused ; Status: ok | abandoned ; Status: ok | timeout
    Status: SUCCESS | DEADLINE_EXPIRED ; Status: ok | AUTH_FAIL ; Status: Completed | Unclaimed ; Status: ok | Blocked
    Transaction Status: settled | processor_declined ; Transaction Status: settled | gateway_rejected ; Payment Status: ok | Unsuccessful
    Payment Status: paid | Payment due ; Payment Status: paid | Write-off ; Status: paid | auto-refunded ; Status: ok | system cancelled
    Result: Approved | Do not honor ; Статус: Исполнен | Отказ банка ; Статус: успешно | Неуспешно
    Статус платежа: Исполнен | Не исполнен
    PAYED: Y | N ; Paid?: ☑ | ☐ ; Оплачен: да | - ; Order Status: wc-completed | wc-failed ; Order Status: completed | Awaiting payment
    Order Status: completed | On hold ; Statut: Payé | Annulé ; Statut: Payé | Remboursé ; Statut: Payé | Échoué
    Estado: Pagado | Reembolsado
    Estado: Pagado | Fallido ; Situação: Pago | Estornado ; Stato: Pagato | Annullato ; Status: Opłacone | Anulowane
    Durum: Ödendi | İptal
    Статус: Сплачено | Скасовано ; Type: Paiement | Remboursement ; Type: Facture | Avoir ; Tipo: Pago | Devolución
    Tipo documento: Fattura | Nota di credito ; Document Type: Invoice | Credit Note ; Belegart: Rechnung | Gutschrift
    Invoice Type: Invoice | Credit
    Operation: Payment | Money back ; Failure Message: | card declined ; Decline Reason: | 05 ; Refund ID: | re_1 ; Reversed By: | bank
    Voided By: | ann ; Cancellation Date: | 2026-03-01 ; Дата отмены: | 01.03.2026 ; Причина возврата: | брак ; Сумма возвратов: 0 | 100
    Error Code: 0 | 05 ; Decline code: | 51 ; Cost unit: EUR | thousand ; Amount unit: | тыс. руб. ; Einheit: Stk | TEUR ; Scale: 1 | 1000
    Return: no | yes ; Internal transfer: no | yes ; Duplicate: no | yes ; Дубль: нет | да ; Type: Payment | General Currency Conversion
    Status: paid | Bounced ; Status: paid | NSF ; Status: paid | Insufficient funds ; Status: paid | Stopped ; Status: paid | cheque bounced
    Status: bezahlt | Rückläufer ; Status: bezahlt | Rücklastschrift ; Status: bezahlt | zurückgewiesen ; Status: paid | Written off
    Status: betald | Återbetald ; Status: betald | Avbruten ; Status: betald | Makulerad
    Status: betald | obetald ; Status: ok | Refunderet
    Status: 支払済み | 返金済み ; Status: 支払済み | キャンセル ; Status: 支付成功 | 已退款 ; Status: ok | 失敗 ; Statut: payé | échouée
    Statut: payé | Non payé ; Estado: pagado | No pagado ; Estado: pago | Devolvido ; Situação: pago | Falhou ; Stato: pagato | Non riuscito
    Stato: pagato | fallito ; Status: opłacono | anulowano ; Status: opłacono | zwrot ; Status: opłacono | Nieudana ; Durum: ödendi | İade
    Status: paid | Scheduled ; Reversal Indicator: | Y ; Refund flag: N | Y ; Status: paid | Returned (payment) ; Description: Fee | b/f
    Description: Course | Opening balance ; Memo: Course | Balance brought forward ; Назначение: Курс | Входящий остаток на 01.03
    Text: Kurs | Saldovortrag 2026 ; Account: Sales | Opening Balance Equity ; Memo: carried by bank | Carried forward
"""
WENT_OUT = """
    Direction: in | out ; Direction: credit | DEBIT ; Transaction Type: Credit|Debit ; Тип операции: Поступление | Списание
    Type: Deposit | Withdrawal ; Type: transfer | Payout ; Направление: Входящий | Исходящий ; Вид операции: Приход | Расход
    Richtung: Eingang | Ausgang ; Umsatzart: Gutschrift|Lastschrift ; Balance Impact: Credit|Debit ; Balance Impact: Credit | Memo
    Debit/Credit: C | D ; CdtDbtInd: CRDT | DBIT ; Sign: + | - ; Знак: + | - ; Документ: Поступление на счет | Списание с расчетного счета
    Category: Income | Expense ; Статья: Оплата от покупателя | Расходы ; Списание: | 1010 ; Paid out: 0.00 | 1,010.00 ; Расход: 0 | 350
    Debit: | 120.50 ; Withdrawals: | 99 000,00 ; ДатаСписано: | 03.03.2026
    Soll/Haben: H | S ; Buchungstext: Gutschrift | Auszahlung ; Payment Type: incoming | outgoing
"""
ORDINARY = """
    Captured: true | true ; Paid: 100.50 | 20 ; Settled: | ; livemode: true | true
    Mode: live | Live ; Payment Mode: Cash | Card ; Refund Status: none | n/a ; Refund Status: | not refunded
    Disputed Amount: 0.00 | ; Reversal of: | 7 ; Status: Paid | paid_out_of_band ; Status: succeeded | complete
    Card Funding: debit | credit ; Payment Type: Debit | Credit ; Zahlungsart: Lastschrift | PayPal
    Тип оплаты: Карта | Наличные ; Направление: Английский | IT ; Тип операции: Поступление | Приход
    Direction: in | incoming ; Transaction Type: Credit | C ; Type: Processing fee | Tuition ; Type: New client | Open group
    Order Status: processing | new ; Stage: New | Open ; Description: Draft beer | Open day
    Fulfilled: no | no ; Overdue days: 3 | 0 ; Is Link: false | true ; Taxes On Fee: 0.00 | 1
    Test: passed | B2 ; Level test: no | yes ; Testing centre: yes | no ; Exported: no | yes
    Debit Account: 51 | 62.01 ; Дебет: 51 | 60 ; Stage: Paid | Won ; Probability: 100 | 1 ; Category: Outbound | Consulting
    Order Status: completed | shipped ; Refund policy: 14 days | none ; Error code: 0 | 00 ; Document: Invoice 12 | Поступление
    Status: paid_out | confirmed ; Transaction Type: Authorization w/ Auto Capture | Settled Successfully ; Type: Draft concept | Retainer
    Account: Capital One Checking | Equity Bank KES ; Category: Capital raising advisory | Interest-free plan
    Account: Fees | Consulting Income
    Category: Equity research | Grant writing ; Тип операции: Кредит | Поступление
    Status: Bounce house | Stop ; Description: Balance of course | Final balance ; Text: Opening ceremony | Saldo bezahlt
    Memo: Remaining balance | Balance payment ; Description: Остаток за курс | Zwrotny depozyt ; Reversal Indicator: | N
    Reconciled: no | yes ; Invoice sent: no | yes ; Payment Source Type: card | sepa_debit
"""
ORDINARY_COSTS = "Unit: EUR | pcs ; Period: March 2026 | Q ; Frequency: once | 1 ; Units: 1000 | 10 ; Interval: 5 | "
AGAIN = (
    "Frequency: once | monthly ; Period: | Quarter ; Периодичность: разово | ежемесячно ; Billing cycle: | annual ; Intervall: | monatlich"
)
PERIODS = "Period: month | Q1 ; Период: месяц | год ; Frequency: monthly | weekly ; Unit: EUR | thousands"
NOT_SPENT = """
    Type: fact | plan ; План/факт: факт | План ; Scenario: Actual | Forecast ; Level: x | campaign ; Пол: ж | Итого ; Granularity: x | week
    Type: Spend | Top-up ; Type: Search | Refund ; Тип операции: Списание | Пополнение ; Transaction Type: charge | Promotional credit
"""
NO_COST = """
    Description: Rent | Opening balance ; Memo: | Balance carried forward ; Statut: payé | Annulé ; Status: betald | Makulerad
    Status: approved | Rejected ; Status: paid | Refunded ; Статус: проведен | Отклонён ; Status: open | Pending approval
    Document type: Invoice | Credit note ; Belegart: Rechnung | Gutschrift ; Transaction Type: Bill | Bill Payment ; Type: Expense | Refund
    Category: Software | Income ; Dr/Cr: D | C ; Scenario: actual | Budget ; Include in CAC: yes | no
"""
NO_REVENUE = """
    Category: Consulting | Loan proceeds ; Category: Sales | Interest income ; Reporting Category: charge | payout
    Account: Sales | Owner investment
    Вид операции: Оплата от покупателя | Получение кредита ; Вид операции: Оплата от покупателя | Перевод с другого счета организации
"""
NOT_OF_A_MONTH = "Cumulative: no | yes ; Aggregation: sum | YTD ; Period type: month | quarter ; Period type: monthly | rolling 12 months"
NOT_MEASURED = "isPartial: False | True ; Change: | yoy ; Unit: index | % mom ; Type: actual | forecast"
ORDINARY_INDEX = "Unit: Percent | % of maximum ; Unit: index | %"
ORDINARY_HOLIDAYS = "Type: Business holiday | Normal public holiday ; Day type: holiday | Feiertag"
ORDINARY_CALLS = "Type: Left voicemail | Call ; Stage action: entered | moved"
NO_HOLIDAY = "is_holiday: 1 | 0 ; Type: public | working day ; Праздник: да | нет ; Day type: holiday | рабочий день"
NO_RATE = "Type: actual | budget ; Side: x | buy"
TOLD_OF_LEADS = (
    "Deal Type: New Business | Existing Business ; Pipeline: Sales | Renewals ; Record Type: Client | Vendor ; Воронка: Новые | Продление"
)
TOLD_OF_STAGES = """
    Meeting outcome: Completed | No show ; Result: held | Rescheduled ; Done: yes | no ; Stage action: entered | left
    Итог: состоялась | Не состоялась
"""
ORDINARY_SPEND = """
    Type: Coupon ads | Bonus campaign ; Category: Search | Payment pages ; Objective: SALES | LEADS ; Unit: EUR | USD
    Period: | 2026-03 ; Budget type: Daily | Lifetime
"""
ORDINARY_PLANS = "Paid: yes | no ; Status: paid | overdue ; Статус: оплачен | новый ; is_paid: 1 | 0 ; Status: open | sent"
NOT_AGREED = """
    Status: active | on hold ; Status: active | draft ; Approved: yes | no ; Статус: действует | Приостановлен ; Проведен: да | нет
    Пометка удаления: нет | да ; Статус: действует | отменён
"""
LEADS = """
    Тест: | Да ; Test: no | yes ; Дубль: Нет | Да ; Duplicate: | 1
    Is Junk: FALSE | TRUE ; Test lead: | x ; Lead Status: Working | Junk ; Lead Type: Client | Junk Lead
    MasterRecordId: | 003A ; Merged Into ID: | 77 ; Duplicate Of Lead: | L7 ; ID основного лида: | 77 ; Doublon: non | oui
    Record Type: Client | Test ; Lead Quality: high | Spam ; Lifecycle: lead | Spam ; Tags: vip | spam ; Теги: | тест
    Этап сделки: новый | Спам
    In Trash: no | yes ; Доступность: доступен | В корзине
    Дубликат: | да ; Duplicate lead: No | Yes ; Тестовый лид: нет | да ; ПометкаУдаления: Нет | Да
"""
ORDINARY_LEADS = """
    Test: B2 | failed ; Тест: пройден | не пройден ; Status now: Draft | Open ; Duplicate: no | 0
    Master: | Anna ; Lost reason: | price ; Stage: New | Lost ; Tags: vip | testimonial
    Lifecycle Stage: Customer | Subscriber ; Contact type: Customer | Partner ; Tags: Test drive | Spam filter setup
    Lead Status: New | Qualified ; Deleted reason: | ; Is Junk: no | false ; Paid: no | yes
"""


def _cases(text: str) -> Iterator[tuple[str, list[str]]]:
    for case in re.split(r" ; |\n", text.strip()):
        column, cells = case.split(":", 1)
        yield column.strip(), [cell.strip() for cell in cells.split("|")]


def _looks_that_say(entity: str, column: str, cell: str) -> list[Look]:
    looks = [look for look in SUBJECTS[entity].looks if re.fullmatch(look.columns, folded(column))]
    if not looks or not cell:
        return []
    asked = ", ".join(says_sql(look, column) for look in looks)
    return list(compress(looks, duckdb.sql(f'select {asked} from (select {literal(cell)} as "{column}")').fetchone()))


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("payments", NOT_PAID),
        ("payments", WENT_OUT),
        ("payment_plan", NOT_AGREED),
        ("channel_costs", NOT_AGREED),
        ("channel_costs", AGAIN),
        ("targets", PERIODS),
    ],
)
def test_what_says_that_a_row_is_none_refuses(entity: str, text: str) -> None:
    for column, (nothing, told) in _cases(text):
        assert not _looks_that_say(entity, column, nothing), (column, nothing)
        assert any(look.is_refused for look in _looks_that_say(entity, column, told)), (column, told)


@pytest.mark.parametrize(("entity", "text"), [("leads", TOLD_OF_LEADS), ("stage_events", TOLD_OF_STAGES)])
def test_what_may_say_it_is_told(entity: str, text: str) -> None:
    for column, (nothing, told) in _cases(text):
        assert not _looks_that_say(entity, column, nothing), (column, nothing)
        looks = _looks_that_say(entity, column, told)
        assert looks, (column, told)
        assert not any(look.is_refused for look in looks), (column, told)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("payments", ORDINARY),
        ("payment_plan", ORDINARY_PLANS),
        ("channel_costs", ORDINARY_PLANS),
        ("channel_costs", ORDINARY_COSTS),
        ("ad_spend", ORDINARY_SPEND),
        ("leads", ORDINARY_LEADS),
        ("market_index", ORDINARY_INDEX),
        ("holidays", ORDINARY_HOLIDAYS),
        ("stage_events", ORDINARY_CALLS),
    ],
)
def test_ordinary_columns_say_nothing(entity: str, text: str) -> None:
    for column, cells in _cases(text):
        assert not [cell for cell in cells if _looks_that_say(entity, column, cell)], column


def test_leads_that_are_none_are_told() -> None:
    for column, (nothing, told) in _cases(LEADS):
        assert not _looks_that_say("leads", column, nothing), column
        assert [look.is_refused for look in _looks_that_say("leads", column, told)][:1] == [False], column


def test_what_is_still_due_is_told() -> None:
    for column, (nothing, told) in _cases(
        "Outstanding: 0 | 500.00 ; Overdue: no | yes ; Amount Due: 0.00 | 7 ; Задолженность: | 100 ; is_overdue: 0 | 1"
    ):
        assert not _looks_that_say("payments", column, nothing), column
        assert [look.is_refused for look in _looks_that_say("payments", column, told)] == [False], column
    assert not _looks_that_say("payments", "Due date", "2026-01-05")


def test_open_is_told_of_a_plain_status_only() -> None:
    (look,) = _looks_that_say("payments", "Status", "Open")
    assert not look.is_refused
    assert not _looks_that_say("payments", "Type", "Open")


PAYMENT = "payment_id,paid_at,amount,currency,client_id"


def _payments(csv: Landing, column: str, *rows: tuple[str, str]) -> Landing:
    csv.system, csv.entity = "template", "payments"
    csv.write(
        "a.csv",
        "\n".join([f"{PAYMENT},{column}", *(f'{n},2026-01-05,{amount},EUR,z,"{cell}"' for n, (amount, cell) in enumerate(rows)), ""]),
    )
    return csv


def test_what_was_not_captured_is_asked_for(csv: Landing) -> None:
    _payments(csv, "Captured", ("500.00", "true"), ("900.00", "false"))
    with pytest.raises(
        ConfigError, match=r"Captured is read by nobody and says false in 1 row\(s\): 900.00 would count as paid[\s\S]*ignore_col"
    ):
        csv.land()
    csv.options["ignore_columns"] = ["Captured"]
    assert csv.land().rows == 2


def test_what_went_out_of_an_account_is_asked_for(csv: Landing) -> None:
    _payments(csv, "Тип операции", ("100.00", "Поступление"), ("70.00", "Списание"))
    with pytest.raises(ConfigError, match=r"says списание in 1 row\(s\): 70.00 would count as paid[\s\S]*deliver only what came in"):
        csv.land()


@pytest.mark.parametrize(
    ("column", "came", "went"),
    [
        ("Тип операции", "Кредит", "Дебет"),
        ("Операция", "Приход", "Дебет"),
        ("Вид операции", "Оплата от покупателя", "Оплата поставщику"),
        ("Тип", "Кт", "Дт"),
        ("Type", "CR", "DR"),
        ("Transaction Type", "C", "D"),
        ("Transaction Type", "Deposit", "Check"),
        ("Type", "Payment", "Bill Payment"),
        ("Type", "Payment", "Sales Tax Payment"),
        ("Buchungstext", "GUTSCHR. UEBERWEISUNG", "FOLGELASTSCHRIFT"),
        ("Umsatzart", "Gutschrift", "Lastschrift"),
        ("Вид операции", "Поступление", "Прочее списание"),
    ],
)
def test_what_went_out_is_told_by_what_came_in(csv: Landing, column: str, came: str, went: str) -> None:
    _payments(csv, column, ("100.00", came), ("70.00", went))
    with pytest.raises(ConfigError, match=rf"column {column}[\s\S]*says {went.lower()} in 1 row\(s\): 70.00 would count as paid"):
        csv.land()
    assert _payments(csv, column, ("100.00", came), ("70.00", came)).land().rows == 2


@pytest.mark.parametrize("word", ["Check", "Lastschrift"])
def test_a_way_to_pay_is_no_direction(csv: Landing, word: str) -> None:
    assert not _payments(csv, "Type", ("100.00", word), ("70.00", "Card")).land().warnings


def test_what_went_out_below_zero_is_set_aside_anyway(csv: Landing) -> None:
    _payments(csv, "Direction", ("100.00", "in"), ("-70.00", "out"), ("(70.00)", "out"))
    assert not csv.land().warnings


def test_of_a_refund_it_is_known_that_money_went_out(csv: Landing) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", f"{PAYMENT},kind,Direction\n1,2026-01-05,100.00,EUR,z,payment,in\n2,2026-01-05,70.00,EUR,z,refund,out\n")
    assert not csv.land().warnings


@pytest.mark.parametrize(
    ("entity", "table"),
    [
        ("channel_costs", "channel,from_date,to_date,cost,currency,note,Frequency\nseo,2026-0{0}-01,2026-0{0}-28,99.00,EUR,tool,Monthly"),
        ("targets", "month,kpi,value,Period\n2026-0{0},leads,10{0},Q1"),
        ("payment_plan", "plan_id,due_date,amount,currency,lead_id,Frequency\n{0},2026-0{0}-01,50.00,EUR,L1,monthly"),
    ],
)
def test_what_comes_again_in_rows_of_its_own_is_not_asked_for(csv: Landing, entity: str, table: str) -> None:
    csv.system, csv.entity = "template", entity
    header, row = table.split("\n")
    csv.write("a.csv", "\n".join([header, *(row.format(month) for month in (1, 2, 3)), ""]))
    assert not csv.land().warnings
    csv.write("a.csv", f"{header}\n{row.format(1)}\n")
    if entity == "payment_plan":
        assert [each for each in csv.land().warnings if "Frequency" in each]
        return
    with pytest.raises(ConfigError, match="is read by nobody and says"):
        csv.land()


def test_budgets_are_told_by_what_was(csv: Landing) -> None:
    csv.system, csv.entity = "template", "channel_costs"
    rows = (
        "channel,from_date,to_date,cost,currency,Type\nseo,2026-01-01,2026-01-31,99.00,EUR,Budget\nseo,2026-02-01,2026-02-28,9.00,EUR,{}\n"
    )
    csv.write("a.csv", rows.format("Fixed"))
    assert csv.land().rows == 2
    csv.write("a.csv", rows.format("Actual"))
    with pytest.raises(ConfigError, match="says budget in 1 row"):
        csv.land()


def test_the_unit_of_a_target_is_that_of_its_kpi(csv: Landing) -> None:
    csv.system, csv.entity = "template", "targets"
    csv.write("a.csv", "month,kpi,value,Unit\n2026-01,lt_days,30,days\n2026-01,sal_ratio,0.65,%\n2026-01,leads,120,leads\n")
    assert not csv.land().warnings
    csv.write("a.csv", "month,kpi,value,Unit\n2026-01,revenue,30,days\n")
    assert [each for each in csv.land().warnings if "Unit" in each]


def test_test_leads_are_told(csv: Landing) -> None:
    csv.system, csv.entity = "template", "leads"
    csv.write("a.csv", "lead_id,created_at,channel,Тест,Дубль\n1,2026-01-05,seo,,\n2,2026-01-05,seo,Да,\n3,2026-01-05,seo,,Да\n")
    told = csv.land().warnings
    assert [warning.split(" is read by nobody")[0] for warning in told] == ["a.csv: column Тест", "a.csv: column Дубль"]
    assert "they would count as leads; say it in `is_deleted`, `is_test`" in told[0]
