"""A word beside the money that nobody reads (failed, refunded, cancelled) is never counted as paid in silence."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from conftest_landing import Landing
from database_source import Source

from onefunnel.errors import ConfigError

WORDS = (
    "Failed | canceled | CANCELLED | Refunded | partially_refunded | Partial refund | pending | void | Voided | reversed | declined"
    " | Chargeback | payment failed | Возврат | возврат платежа | Отменён | отменен | отклонено | Не оплачен | ошибка | Storniert"
)
HONEST = "Paid | succeeded | payment | Cancellation fee | refundable deposit | Оплачен | возвратный депозит | bezahlt | noreversal"
COLUMNS = "type | transaction_type | paymentStatus | STATE | Статус оплаты | Тип операции | Zahlungsstatus"


def _money(csv: Landing, column: str, *cells: str, entity: str = "payments", kind: str | None = None) -> None:
    csv.system, csv.entity = "template", entity
    own = "payment_id,paid_at" if entity == "payments" else "plan_id,due_date"
    rows = [f'{row},2026-01-05,"1,100.50",EUR,z,"{cell}"{f",{kind}" if kind else ""}' for row, cell in enumerate(cells)]
    csv.write("a.csv", "\n".join([f"{own},amount,currency,client_id,{column}{',kind' if kind else ''}", *rows, ""]))


@pytest.mark.parametrize("word", WORDS.split(" | "))
def test_a_status_that_says_not_paid_is_asked_for(csv: Landing, word: str) -> None:
    _money(csv, "Payment Status", "paid", word, word)
    told = (
        r"Payment Status is read by nobody and says .* in 2 row\(s\): 2,201.00 would count as paid[\s\S]*`ignore_columns: \[.Payment Status"
    )
    with pytest.raises(ConfigError, match=told):
        csv.land()
    csv.options["ignore_columns"] = ["payment status"]
    assert csv.land().rows == 3


@pytest.mark.parametrize("word", HONEST.split(" | "))
def test_a_status_that_says_paid_is_not(csv: Landing, word: str) -> None:
    _money(csv, "status", word, word)
    assert not csv.land().warnings


@pytest.mark.parametrize("column", COLUMNS.split(" | "))
def test_columns_that_are_there_to_say_it(csv: Landing, column: str) -> None:
    _money(csv, column, "payment", "refund")
    with pytest.raises(ConfigError, match="would count as paid"):
        csv.land()


@pytest.mark.parametrize(
    ("column", "filled", "empty"),
    [
        ("amount_refunded", "100.50", "0.00"),
        ("refund", "€5", "€ 0,00"),
        ("Refunded", "TRUE", "false"),
        ("deleted_at", "2026-01-06", "0000-00-00"),
        ("canceled_at", "2026-01-06", "n/a"),
        ("is_deleted", "1", "0"),
        ("Сумма возврата", "100", "0,00"),
    ],
)
def test_columns_that_are_named_by_what_happened(csv: Landing, column: str, filled: str, empty: str) -> None:
    _money(csv, column, empty, "")
    assert not csv.land().warnings
    _money(csv, column, empty, filled)
    with pytest.raises(ConfigError, match=rf"column {column} is read by nobody and is filled in 1 row"):
        csv.land()


@pytest.mark.parametrize("column", ["Payment date", "paid_on", "Дата оплаты", "Zahlungseingang", "Date received", "Fecha de pago"])
def test_what_has_no_day_of_payment_was_not_paid(csv: Landing, column: str) -> None:
    for cells in (("2026-01-06", "2026-01-07"), ("", "")):
        _money(csv, column, *cells)
        assert not csv.land().warnings
    for nothing in ("", "n/a", "0000-00-00"):
        _money(csv, column, "2026-01-06", nothing)
        with pytest.raises(ConfigError, match=rf"{column} is read by nobody and .* in 1 row\(s\): 1,100.50 would count as paid"):
            csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == 2


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [("VAT", "incl.", "excl."), ("НДС", "с НДС", "без НДС"), ("vat_included", "yes", "no"), ("net_gross", "net", "gross")],
)
def test_sums_with_their_tax_and_without_are_asked_for(csv: Landing, column: str, one: str, other: str) -> None:
    _money(csv, column, one, one)
    assert not csv.land().warnings
    _money(csv, column, one, other)
    with pytest.raises(ConfigError, match=rf"column {column} is read by nobody and says [\s\S]*with their tax, or all without"):
        csv.land()


def _spend(csv: Landing, column: str, *cells: str) -> Landing:
    csv.system, csv.entity = "template", "ad_spend"
    rows = [f"2026-01-05,google,Campaign {row},{100 + row}.50,EUR,{cell}" for row, cell in enumerate(cells)]
    csv.write("a.csv", "\n".join([f"date,channel,campaign,cost,currency,{column}", *rows, ""]))
    return csv


@pytest.mark.parametrize(
    ("column", "parts", "whole"),
    [("Age", ("18-24", "25-34"), "Total"), ("Level", ("campaign", "campaign"), "ad"), ("Plan/fact", ("fact", "fact"), "plan")],
)
def test_what_is_there_beside_its_parts_is_asked_for(csv: Landing, column: str, parts: tuple[str, ...], whole: str) -> None:
    assert not _spend(csv, column, *parts).land().warnings
    _spend(csv, column, *parts, whole)
    with pytest.raises(ConfigError, match=rf"column {column} is read by nobody and says .* would count as spent[\s\S]*`ignore_columns"):
        csv.land()
    csv.options["ignore_columns"] = [column]
    assert csv.land().rows == 3


def test_what_may_be_all_of_it_is_told(csv: Landing) -> None:
    assert not _spend(csv, "Audience", "All users", "All users").land().warnings
    (warning,) = _spend(csv, "Audience", "All users", "Lookalike").land().warnings
    assert "column Audience is read by nobody and says all users in 1 row(s): 100.50 would count as spent" in warning


def test_numbers_whose_meaning_nobody_knows_are_told(csv: Landing) -> None:
    for column in ("Response Code", "Status", "result_code"):
        _money(csv, column, "1", "1")
        assert not csv.land().warnings
        _money(csv, column, "1", "2", "1")
        (warning,) = csv.land().warnings
        assert f"column {column} is read by nobody and says 1, 2 in 3 row(s): 3,301.50 would count as paid" in warning


def test_of_other_columns_it_is_told(csv: Landing) -> None:
    _money(csv, "customer_state_now", "active", "cancelled")
    (warning,) = csv.land().warnings
    assert "customer_state_now is read by nobody and says cancelled in 1 row(s): 1,100.50" in warning


def test_of_many_words_it_says_how_many_more(csv: Landing) -> None:
    _money(csv, "status", "paid", *WORDS.split(" | ")[:8])
    with pytest.raises(ConfigError, match=r"says (\w[^,]*, ){4}[\w ]+ and 3 more in 8 row"):
        csv.land()


def test_what_takes_another_payment_back_is_asked_for(csv: Landing) -> None:
    for column in ("reverses", "Reversal of", "Refund of payment ID"):
        _money(csv, column, "", "", "0")
        with pytest.raises(ConfigError, match=rf"column {column} is read by nobody and names another payment in 1 row\(s\): 1,100.50"):
            csv.land()
        # of no payment of the file; of the row itself; nothing at all
        for cell in ("7", "2", ""):
            _money(csv, column, "", "", cell)
            assert not csv.land().warnings
    _money(csv, "reverses", "1", kind="refund")
    assert not csv.land().warnings


def test_prose_is_no_word(csv: Landing) -> None:
    _money(csv, "note", *[f"refund of order {number}" for number in range(30)])
    assert not csv.land().warnings


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("note", "Payment failed first time, now ok"),
        ("Description", "Refund policy update"),
        ("Description", "Pending orders dashboard"),
        ("Fulfillment Status", "pending"),
        ("Subscription status", "canceled"),
    ],
)
def test_nor_are_services_and_what_became_of_goods(csv: Landing, column: str, cell: str) -> None:
    _money(csv, column, "ok", cell)
    assert not csv.land().warnings


def test_where_refunds_are_rows_a_charge_may_say_that_it_was_refunded(csv: Landing) -> None:
    csv.system, csv.entity = "template", "payments"
    head = "payment_id,paid_at,amount,currency,client_id,kind,Status,Amount Refunded"
    charges = ["1,2026-01-05,100.50,EUR,z,payment,Refunded,100.50", "2,2026-01-05,70.20,EUR,z,payment,{},0"]
    refund = "3,2026-01-09,100.50,EUR,z,refund,Paid,0"
    csv.write("a.csv", "\n".join([head, *charges, refund, ""]).format("Paid"))
    assert not csv.land().warnings
    csv.write("a.csv", "\n".join([head, *charges, refund, ""]).format("Failed"))
    with pytest.raises(ConfigError, match="says failed in 1 row"):
        csv.land()
    csv.write("a.csv", "\n".join([head, *charges, ""]).format("Paid"))
    with pytest.raises(ConfigError, match="column Status is read by nobody and says refunded in 1 row"):
        csv.land()


def test_a_kind_that_is_read_says_it_already(csv: Landing) -> None:
    _money(csv, "type", "refund", "Chargeback", kind="refund")
    assert not csv.land().warnings
    _money(csv, "status", "failed", kind="payment")
    with pytest.raises(ConfigError, match="says failed in 1 row"):
        csv.land()


def test_of_a_plan_only_what_was_cancelled_is_asked_for(csv: Landing) -> None:
    _money(csv, "status", "paid", "pending", "unpaid", "overdue", entity="payment_plan")
    assert not csv.land().warnings
    _money(csv, "status", "paid", "cancelled", entity="payment_plan")
    with pytest.raises(ConfigError, match=r"says cancelled in 1 row.*would count as planned"):
        csv.land()


def test_leads_may_be_cancelled(csv: Landing) -> None:
    csv.system, csv.entity = "template", "leads"
    csv.write("a.csv", "lead_id,created_at,channel,type\n1,2026-01-05,seo,cancelled\n")
    assert csv.land().rows == 1


@pytest.mark.parametrize("form", ["json", "database"])
def test_it_is_asked_for_wherever_payments_come_from(tmp_path: Path, database: sqlite3.Connection, form: str) -> None:
    row = {"payment_id": 1, "paid_at": "2026-01-05", "amount": 100.5, "currency": "EUR", "client_id": "z", "status": "refunded"}
    landing: Landing | Source
    if form == "json":
        landing = Landing(tmp_path, {"path": "*.json"}, system="template", entity="payments")
        landing.write("a.json", json.dumps([row]))
    else:
        database.execute(f"create table payments ({', '.join(row)})")
        database.execute(f"insert into payments values ({', '.join('?' * len(row))})", list(row.values()))
        landing = Source(tmp_path, "template", "payments", table="payments")
    with pytest.raises(ConfigError, match=r"says refunded in 1 row\(s\): 100.50"):
        landing.land()


COSTS = (
    "channel,from_date,to_date,cost,currency,note,{}\nconference,2026-03-01,2026-03-10,5000,EUR,fair,{}\n"
    "seo,2026-03-01,2026-03-31,310,EUR,,\n"
)


@pytest.mark.parametrize(("column", "cell"), [("status", "cancelled"), ("deleted_at", "2026-03-02"), ("Статус", "Отменён")])
def test_costs_that_were_cancelled_are_asked_for(csv: Landing, column: str, cell: str) -> None:
    csv.system, csv.entity = "template", "channel_costs"
    csv.write("a.csv", COSTS.format(column, cell))
    with pytest.raises(ConfigError, match=r"in 1 row\(s\): 5,000.00 would count as spent"):
        csv.land()
    csv.write("a.csv", COSTS.format(column, "confirmed" if "at" not in column[-2:] else ""))
    assert not csv.land().warnings


@pytest.mark.parametrize("column", ["deleted_at", "isDeleted", "merged_into", "Spam", "Удалён"])
def test_leads_that_are_none_any_more_are_told(csv: Landing, column: str) -> None:
    csv.system, csv.entity = "template", "leads"
    csv.write("a.csv", f"lead_id,created_at,channel,{column}\n1,2026-03-01,seo,\n2,2026-03-02,seo,yes\n3,2026-03-02,seo,0\n")
    told = f"column {column} is read by nobody and is filled in 1 row(s): they would count as leads"
    assert told in "\n".join(csv.land().warnings)
    csv.options["ignore_columns"] = [column]
    csv.write("a.csv", f"lead_id,created_at,channel,{column}\n1,2026-03-01,seo,\n2,2026-03-02,seo,yes\n")
    assert "would count" not in "\n".join(csv.land().warnings)


def test_stages_that_were_cancelled_are_told(csv: Landing) -> None:
    csv.system, csv.entity = "template", "stage_events"
    csv.write("a.csv", "event_id,lead_id,stage,entered_at,status\n1,1,demo,2026-03-01,held\n2,2,demo,2026-03-02,cancelled\n")
    (warning,) = csv.land().warnings
    assert "column status is read by nobody and says cancelled in 1 row(s): they would count as stages that were reached" in warning


def _documents(tmp_path: Path, *beside: str) -> Landing:
    landing = Landing(tmp_path, {"path": "*.json"}, system="template", entity="payments")
    rows = [
        f'{{"payment_id": {row}, "paid_at": "2026-01-05", "amount": 1100.5, "currency": "EUR", "client_id": "z", {each}}}'
        for row, each in enumerate(beside)
    ]
    landing.write("a.json", f"[{', '.join(rows)}]")
    return landing


@pytest.mark.parametrize(
    ("honest", "other", "column"),
    [
        ('"status": {"code": "paid"}', '"status": {"code": "failed"}', "status.code"),
        ('"attributes": {"status": "paid"}', '"attributes": {"status": "refunded"}', "attributes.status"),
        ('"status": ["paid"]', '"status": ["refunded"]', "status.0"),
        ('"metadata": {"test": false}', '"metadata": {"test": true}', "metadata.test"),
        ('"data": {"charge": {"refunded": false}}', '"data": {"charge": {"refunded": true}}', "data.charge.refunded"),
    ],
)
def test_words_inside_an_object_are_asked_for(tmp_path: Path, honest: str, other: str, column: str) -> None:
    landing = _documents(tmp_path, honest, other)
    with pytest.raises(
        ConfigError, match=rf"column {column} is read by nobody and .* in 1 row\(s\): 1,100.50 would count as paid"
    ) as error:
        landing.land()
    assert f'`ignore_columns: ["{column}"]`' in error.value.hint
    landing.options["ignore_columns"] = [column]
    assert landing.land().rows == 2


@pytest.mark.parametrize(
    "cell",
    [
        '"refunds": []',
        '"refunded": {}',
        '"canceled_at": [ ]',
        '"status": {"code": "paid", "old": null}',
        '"customer": {"deleted": true, "name": "x", "refunds": 2}',
        '"metadata": {"test": false, "ids": [1, 2], "a.b c": "d"}',
        '"note": "{failed"',
        '"status.code": "paid", "status": {"code": "paid", "Code": "paid"}',
        '"note": "[refunded] {"',
    ],
)
def test_nothing_and_what_is_said_of_another_is_not(tmp_path: Path, cell: str) -> None:
    manifest = _documents(tmp_path, cell, cell).land()
    assert (manifest.rows, manifest.warnings) == (2, ())
