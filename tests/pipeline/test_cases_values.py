"""Values in the forms that exports really write them: files in the shape of real ones, all in one night, and each form by itself."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from case_values import AMOUNTS, CASES, CURRENCIES, IN_THE_CELL, MOMENTS, MORE, RATES, SOURCES, forms
from nights import RunCli
from staged import StagedModels

pytestmark = pytest.mark.slow

QUARTER = "2026-03-31"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    folder = tmp_path_factory.mktemp("values")
    shutil.copytree(CASES, folder, dirs_exist_ok=True)
    for name, text in MORE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    encoded = next(source for source in SOURCES if source["name"] == "ru")
    encoded["entities"]["leads"]["encoding"] = "windows-1251"  # type: ignore[index]
    loose = {"max_age_hours": 100_000, "max_quarantined_rows_pct": 100, "max_quarantined_money_pct": 100}
    reporting = {"base_currency": "EUR", "time_zone": "Europe/Berlin", "max_rate_age_days": 90}
    config = {"version": 1, "reporting": reporting, "quality": loose, "sources": SOURCES}
    (folder / "sources.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    run_cli("run", "--sources", folder / "sources.yml", "--home", folder / "home", "--as-of", QUARTER)
    return folder / "home"


@pytest.fixture(scope="module")
def night(home: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


def _rows(night: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return night.execute(query).fetchall()


def _amounts(night: duckdb.DuckDBPyConnection, source: str) -> dict[str, Decimal]:
    found = _rows(night, f"select payment_id, amount_original from facts.fct_payment where source_name = '{source}'")
    return dict(found)


def _rules(night: duckdb.DuckDBPyConnection, source: str, entity: str) -> list[tuple]:
    return _rows(
        night,
        f"select row_number, rule from facts.fct_quarantine where source_name = '{source}' and entity = '{entity}' order by all",
    )


def test_a_million_and_a_billiard_are_money_like_any_other(night: duckdb.DuckDBPyConnection) -> None:
    assert _amounts(night, "million") == {"p0": Decimal("1000000.00")}
    assert _rows(night, "select amount_original, amount_base from facts.fct_payment where source_name = 'roubles'") == [
        (Decimal("1000000000000000.00"), Decimal("10000000000000.00"))
    ]
    assert _rows(night, "select planned_base from facts.fct_payment_plan where source_name = 'more'") == [(Decimal("1000000000000.00"),)]
    assert _rows(night, "select cost_base from facts.fct_ad_spend where source_name = 'more'") == [(Decimal("100000000000000.01"),)]
    revenue = "select value from marts.mart_kpi_monthly where kpi = 'revenue' and channel_key = 'seo' and month = date '2026-01-01'"
    assert _rows(night, revenue)[0][0] > 1e13


def test_american_and_russian_dates(night: duckdb.DuckDBPyConnection) -> None:
    leads = _rows(night, "select lead_id, created_at + interval 1 hour from intermediate.int_leads where source_name in ('us', 'ru')")
    read = {name: at for name, at in leads if name[0] in "UR"}
    assert set(read) == {*(f"U{number:02}" for number in range(11)), *(f"R{number:02}" for number in range(6))}
    assert {at.date().isoformat() for at in read.values()} == {"2026-01-05"}
    clocks = {name: at.strftime("%H:%M:%S") for name, at in read.items() if at.strftime("%H:%M") != "00:00"}
    half_past = dict.fromkeys(("U02", "U06", "U09", "U10", "R01", "R04"), "10:30:00")
    assert clocks == half_past | {"U03": "22:30:00", "U04": "22:30:00", "U07": "10:30:15", "R02": "09:05:00"}
    assert [rule for _, rule in _rules(night, "us", "leads") + _rules(night, "ru", "leads")] == ["unparsable_date"] * 2


def test_amounts_as_people_write_them(night: duckdb.DuckDBPyConnection) -> None:
    amounts = {name: amount for name, amount in _amounts(night, "ru").items() if name.startswith("P")}
    same = dict.fromkeys(("P00", "P01", "P02", "P04"), Decimal("1234.56"))
    assert amounts == same | {"P03": Decimal(12000), "P06": Decimal(100), "P08": Decimal(2_500_000)}
    assert _rules(night, "ru", "payments") == [(6, "currency_mismatch"), (8, "unparsable_number")]
    assert _amounts(night, "more") == {"m3": Decimal(5)}
    assert _rules(night, "more", "payments") == [(1, "negative_amount"), (2, "currency_mismatch")]


def test_counts_with_thousands(night: duckdb.DuckDBPyConnection) -> None:
    assert _rows(night, "select sum(cost_base), sum(impressions), sum(clicks) from facts.fct_ad_spend where source_name = 'thousands'") == [
        (Decimal("1244.56"), 13_245, 1_243)
    ]


def test_offsets_decide_the_day(night: duckdb.DuckDBPyConnection) -> None:
    leads = _rows(night, "select distinct created_at from intermediate.int_leads where source_name = 'pg_ts'")
    assert leads == [(datetime(2026, 1, 31, 23, 30),)]
    paid = _rows(night, "select distinct cast(paid_date as varchar) from facts.fct_payment where source_name = 'pg_ts'")
    assert paid == [("2026-03-01",)]
    spent = _rows(night, "select cast(spend_date as varchar) from facts.fct_ad_spend where source_name = 'more'")
    assert spent == [("2026-02-01",)]


def test_declared_formats(night: duckdb.DuckDBPyConnection) -> None:
    leads = _rows(night, "select lead_id, created_at from intermediate.int_leads where source_name = 'roubles' order by 1")
    assert leads == [("L1", datetime(2026, 1, 5, 9)), ("L2", datetime(2026, 1, 5, 7))]


def test_an_optional_field_that_cannot_be_read_is_reported(night: duckdb.DuckDBPyConnection) -> None:
    read = dict(_rows(night, "select lead_id, first_contact_at from intermediate.int_leads where source_name = 'opt_ts'"))
    afternoon = datetime(2026, 1, 5, 14, 45)
    assert read == {"O1": afternoon, "O2": None, "O3": datetime(2026, 1, 5, 15, 45), "O4": afternoon, "O5": afternoon}
    unread = _rows(night, "select source_name, entity, row_number, field, rule, value from facts.fct_unread_value order by all")
    assert unread == [
        ("more", "ad_spend", 1, "clicks", "unreadable_count", "9.999"),
        ("more", "ad_spend", 1, "impressions", "unreadable_count", "99.999"),
        ("more", "leads", 1, "is_test", "unknown_flag", "maybe"),
        ("opt_ts", "leads", 2, "first_contact_at", "unreadable_timestamp", "99.99.9999 99:99"),
    ]
    assert _rows(
        night,
        "select rule, rows_affected, status from marts.mart_data_quality where source_name = 'opt_ts' and rule like 'unread%'",
    ) == [("unreadable_timestamp", 1, "warn")]


def test_flags_in_every_language(night: duckdb.DuckDBPyConnection) -> None:
    kept = _rows(night, "select lead_id from intermediate.int_leads where source_name = 'flags' and exclusion is null order by 1")
    assert kept == [("F10",), ("F11",)]


def test_unknown_words_of_every_entity_are_shown(night: duckdb.DuckDBPyConnection) -> None:
    words = _rows(
        night, "select entity, field, value, row_count from facts.fct_unmapped_value where source_name in ('words', 'more') order by all"
    )
    assert words == [
        ("ad_spend", "channel", "cinema", 1),
        ("channel_costs", "channel", "podcast", 1),
        ("leads", "channel", "(empty)", 1),
        ("leads", "channel", "g\u043eogle", 1),
        ("leads", "service", "blogging", 1),
        ("leads", "status", "closed won", 2),
        ("leads", "status", "negotiation", 1),
        ("payment_plan", "service", "podcasting", 1),
        ("targets", "channel", "podcast", 1),
        ("targets", "kpi", "leeds", 1),
    ]
    notes = _rows(night, "select value, note from facts.fct_unmapped_value where note is not null")
    assert notes == [("g\u043eogle", "letters of two alphabets, those not Latin in brackets: g[\u043e]ogle")]


def test_ids_that_differ_in_spelling_alone_are_told(night: duckdb.DuckDBPyConnection) -> None:
    columns = "entity, value, row_count, money_base, severity"
    told = _rows(night, f"select {columns} from facts.fct_lead_reference where rule = 'id_delivered_twice' order by 1, 2")
    assert told == [
        ("leads", "7", 2, None, "warn"),
        ("leads", "abcdef01-23", 2, None, "warn"),
        ("payment_plan", "1", 2, Decimal(5), "warn"),
        ("payments", "88", 2, Decimal(100), "warn"),
        ("payments", "inv-1", 2, Decimal(30), "warn"),
    ]
    told = _rows(night, f"select {columns} from facts.fct_lead_reference where rule = 'client_delivered_twice' order by 1, 2")
    assert told == [("leads", "77", 2, None, "warn"), ("payments", "c-9", 2, Decimal(2), "warn")]


def test_what_two_sources_deliver_is_told(home: Path) -> None:
    results = json.loads(next(home.glob("quality/*/candidate.json")).read_text(encoding="utf-8"))
    told = {check["relation"]: (check["outcome"], check["detail"]) for check in results["checks"] if check["name"] == "counted_once"}
    assert told == {
        "facts.fct_lead_reference": ("pass", ""),
        "facts.fct_retold_row": ("pass", ""),
        "facts.fct_ad_spend": ("warn", "spelt and twice 1 days and campaigns 7.00 in money"),
        "facts.fct_payment": ("warn", "spelt and twice 1 payments 100.00 in money"),
    }


def test_a_rate_of_another_unit_is_not_used(night: duckdb.DuckDBPyConnection) -> None:
    days = "count(*), min(rate_date)::varchar, max(rate_date)::varchar"
    assert _rows(night, f"select rate_to_base, {days} from intermediate.int_fx_rates where currency = 'MMK' group by 1 order by 1") == [
        (Decimal("0.019"), 91, "2026-01-20", "2026-04-20"),
        (Decimal("0.021"), 4, "2026-01-01", "2026-01-04"),
    ]


def test_placeholders_make_nobody_one(night: duckdb.DuckDBPyConnection) -> None:
    clients = _rows(night, "select count(distinct client_key) from intermediate.int_leads where source_name = 'more'")
    assert clients == [(3,)]


# ---------- each form by itself, on the staging models of that night


@pytest.fixture(scope="module")
def staged(home: Path) -> StagedModels:
    return StagedModels(home)


@pytest.mark.parametrize("date_order", MOMENTS)
def test_forms_of_moments(staged: StagedModels, date_order: str) -> None:
    staged.declare("s", date_order=date_order)
    expected = [(text, meant) for meant, texts in MOMENTS[date_order].items() for text in texts]
    rows = [{"lead_id": "L", "created_at": text, "first_contact_at": text} for text, _ in expected]
    found = staged.stage(
        "leads", "s", rows, "strftime(created_at at time zone 'UTC' at time zone 'Europe/Berlin', '%Y-%m-%d %H:%M'), unread"
    )
    for (text, meant), (read, unread) in zip(expected, found, strict=True):
        assert read == (meant and f"{meant} 00:00"[:16]), text
        assert (unread is None) == (meant is not None), text


def test_no_id_is_no_client(staged: StagedModels) -> None:
    staged.declare("s")
    texts = forms("0 | -1 | 0.0 | 00000000-0000-0000-0000-000000000000 | Unknown | 05 | 10 | -10 | unknown-7 | 00 | 00.0 | 000")
    rows = [{"lead_id": "l", "created_at": "2026-01-05", "contact_id": text} for text in texts]
    assert [client for (client,) in staged.stage("leads", "s", rows, "contact_id")] == [None] * 5 + texts[5:]
    # what a spreadsheet makes of many ids
    cut = [rows[0] | {"contact_id": text} for text in ("1.23457E+11", "1,2e+15", "1E+15", "1E10")]
    told = [(None, f"|unreadable_id:contact_id={form}") for form in ("9.99999a+99", "9,9a+99", "9a+99")]
    assert staged.stage("leads", "s", cut, "contact_id, unread") == [*told, ("1E10", None)]


def test_a_row_whose_own_id_a_spreadsheet_cut_is_set_aside(staged: StagedModels) -> None:
    """It would take the place of every other that was cut to the same."""
    staged.declare("s")
    row = {"lead_id": "l", "created_at": "2026-01-05", "paid_at": "2026-01-05", "due_date": "2026-01-05", "amount": "1", "currency": "EUR"}
    row |= {"entered_at": "2026-01-05", "stage": "sql"}
    for entity, name in (("leads", "lead_id"), ("payments", "payment_id"), ("payment_plan", "plan_id"), ("stage_events", "event_id")):
        rows = [row | {name: text} for text in ("2.10457E+15", "1e+20", "E+15", "2.10457")]
        found = [rule for (rule,) in staged.stage(entity, "s", rows, "quarantine_rule")]
        assert found == ["missing_id"] * 2 + [None] * 2, entity


def test_ids_have_no_marks_that_nobody_sees_around_them(staged: StagedModels) -> None:
    staged.declare("s")
    rows = [{"lead_id": text, "created_at": "2026-01-05"} for text in ("A1", " A1", "A1\t", "A1\u200b", "\ufeffA1\r\n", "\xa0A1\u2009")]
    assert staged.stage("leads", "s", rows, "lead_id") == [("A1",)] * len(rows)


def test_an_id_of_which_digits_are_lost_is_none(staged: StagedModels) -> None:
    staged.declare("s")
    lead = {"lead_id": "l", "created_at": "2026-01-05"}
    lost = "1.202100000000000E+17"
    found = staged.stage(
        "leads", "s", [lead | {"lead_id": lost}, lead | {"duplicate_of": lost}], "lead_id, quarantine_rule, duplicate_of, unread"
    )
    assert found == [(None, "missing_id", None, None), ("l", None, None, "|unreadable_id:duplicate_of=9.999999999999999a+99")]
    payment = {"payment_id": "p", "paid_at": "2026-01-05", "amount": "5", "currency": "EUR", "lead_id": "l"}
    rows = [payment | {"payment_id": lost}, payment | {"lead_id": lost}, payment | {"lead_id": lost, "client_id": "c"}]
    assert staged.stage("payments", "s", rows, "quarantine_rule") == [("missing_id",), ("missing_id",), (None,)]


def test_only_typed_cells_hold_serials(staged: StagedModels) -> None:
    staged.declare("s", date_order="dmy", separator=",")
    typed = {"_typed": "|paid_at|amount|", "payment_id": "p", "lead_id": "l"}
    texts = [("46027.4375", "1234.5"), ("2026-01-05 10:30:00", "1e-02"), ("05.01.2026 10:30", "2227")]
    rows = [typed | {"paid_at": at, "amount": amount} for at, amount in texts]
    assert staged.stage("payments", "s", rows, "paid_at, delivered_amount") == [
        (datetime(2026, 1, 5, 9, 30), Decimal("1234.5")),
        (datetime(2026, 1, 5, 9, 30), Decimal("0.01")),
        (datetime(2026, 1, 5, 9, 30), Decimal(2227)),
    ]
    assert staged.stage("payments", "s", [rows[0] | {"_typed": None}], "paid_at, delivered_amount") == [(None, None)]


def test_where_nothing_is_programs_write_a_date_of_another_time(staged: StagedModels) -> None:
    staged.declare("s")
    texts = forms("0001-01-01 | 1899-12-30 00:00:00 | 1970-01-01T00:00:00Z | 9999-12-31")
    rows = [{"lead_id": "l", "created_at": "2026-01-05", "status_at": text} for text in texts]
    read = staged.stage("leads", "s", rows, "status_at, unread like '|unreadable_timestamp:status_at=%'")
    assert read == [(None, True)] * len(texts)


def test_months_of_targets(staged: StagedModels) -> None:
    staged.declare("s")
    texts = forms("2026-03 | 2026-03-15 | 202603 | 3/2026 | 03.2026 | 2026.03 | Mar 2026 | March 2026 | Mar-26 | март 2026 | Марта 2026 г.")
    odd = {"1905-07-18": "implausible_date", "9999-12": "implausible_date"}
    # 2026.1: January, or October when a spreadsheet took it for a number
    odd |= dict.fromkeys(("2026", "mars 2026", "2026.1"), "unparsable_date")
    rows = [{"month": text, "kpi": "leads", "value": "1"} for text in (*texts, *odd)]
    # a spreadsheet's serial of a day, and numbers that are none
    rows += [{"month": number, "kpi": "leads", "value": "1", "_typed": "|month|"} for number in ("46082", "2026", "202613")]
    found = staged.stage("targets", "s", rows, "quarantine_rule, case when quarantine_rule is null then cast(month as varchar) end")
    march = (None, "2026-03-01")
    assert found == [march] * len(texts) + [(rule, None) for rule in odd.values()] + [march] + [("unparsable_date", None)] * 2


def test_a_share_in_percent_is_read_as_one_or_set_aside(staged: StagedModels) -> None:
    staged.declare("s")
    said = [
        ("sal_ratio", "25%", 0.25),
        ("step_conversion_sql_cohort", "0.25", 0.25),
        ("romi", "150 %", 1.5),
        ("romi", "25", 25),
        ("romi", "-20%", -0.2),
        ("leads", "25", 25),
    ]
    wrong = [("sal_ratio", "25", "share_above_one"), ("plan_fulfilment", "90", "share_above_one"), ("leads", "25%", "unparsable_number")]
    wrong += [("romi", "150", "share_above_one")]
    wrong += [("leads", "-5", "negative_amount"), ("sal_ratio", "-5%", "negative_amount"), ("revenue", "(100)", "negative_amount")]
    rows = [{"month": "2026-03", "kpi": kpi, "value": value} for kpi, value, _ in (*said, *wrong)]
    found = staged.stage("targets", "s", rows, "case when quarantine_rule is null then target_value end, quarantine_rule")
    assert found == [(value, None) for *_, value in said] + [(None, rule) for *_, rule in wrong]
    typed = [{"month": "2026-03", "kpi": "leads", "value": text, "_typed": "|value|"} for text in ("inf", "-inf", "1e400", "7.0")]
    assert staged.stage("targets", "s", typed, "quarantine_rule") == [("unparsable_number",)] * 3 + [(None,)]


@pytest.mark.parametrize("declared", CURRENCIES)
def test_the_column_of_currencies(staged: StagedModels, declared: str) -> None:
    staged.declare("s", currency=declared)
    payment = {"payment_id": "p", "lead_id": "l", "paid_at": "2026-01-05", "amount": "1"}
    rows = [payment | {"currency": text} for text in CURRENCIES[declared]]
    assert staged.stage("payments", "s", rows, "currency") == [(code,) for code in CURRENCIES[declared].values()]


@pytest.mark.parametrize(("base", "rates", "rules"), RATES)
def test_rates_upside_down_or_of_many_units_are_told(staged: StagedModels, base: str, rates: str, rules: list[str | None]) -> None:
    staged.declare("s")
    staged.db.execute("update landing.pipeline_run set base_currency = ?", [base])
    said = [rate.split() for rate in rates.split(", ")]
    rows = [{"date": f"2026-01-{day:02}", "currency": currency, "rate_to_base": rate} for day, (currency, rate) in enumerate(said, start=1)]
    found = staged.stage("fx_rates", "s", rows, "rate_fault")
    staged.db.execute("update landing.pipeline_run set base_currency = 'EUR'")
    assert found == [(rule,) for rule in rules]


def test_a_rate_is_never_a_thousand_by_its_comma(staged: StagedModels) -> None:
    read = {}
    for separator in ".,":
        staged.declare("s", separator=separator)
        texts = forms("1,085 | 1.085 | 1,0856 | 1.0856 | 12,650.00 | 12.650,00")
        rows = [{"date": "2026-01-05", "currency": "MMK", "rate_to_base": text} for text in texts]
        found = staged.stage("fx_rates", "s", rows, "rate_to_base, quarantine_rule")
        read[separator] = [text for text, (rate, rule) in zip(texts, found, strict=True) if rate is not None and rule is None]
    assert read == {".": ["1.085", "1.0856", "12,650.00"], ",": ["1,085", "1,0856", "12.650,00"]}


def test_rates_of_another_base_are_told_by_the_rate_of_the_base(staged: StagedModels) -> None:
    staged.declare("s")
    rows = [{"date": "2026-01-05", "currency": "eur", "rate_to_base": rate} for rate in ("1.00", "1.085")]
    assert staged.stage("fx_rates", "s", rows, "quarantine_rule") == [(None,), ("currency_mismatch",)]


@pytest.mark.parametrize("separator", AMOUNTS)
def test_forms_of_amounts(staged: StagedModels, separator: str) -> None:
    staged.declare("s", separator=separator)
    expected = [(text, meant and Decimal(meant)) for meant, texts in AMOUNTS[separator].items() for text in texts]
    rows = [{"payment_id": "p", "lead_id": "l", "paid_at": "2026-01-05", "kind": "refund", "amount": text} for text, _ in expected]
    found = staged.stage("payments", "s", rows, "delivered_amount, quarantine_rule")
    for (text, meant), (read, rule) in zip(expected, found, strict=True):
        assert (read, rule) == (meant, None if meant is not None else "unparsable_number"), text


def test_a_total_among_the_rows_is_set_aside(staged: StagedModels) -> None:
    staged.declare("s")
    totals = forms(
        "Total |  ИТОГО:  | Grand total | Subtotals | Total: Account | Итого по аккаунту | Gesamtergebnis | Total général | Razem"
    )
    words = dict.fromkeys(totals, "total_row") | dict.fromkeys(forms("Total Media | Totally | Brand: total | Итоговая"), None)
    day = {"channel": "seo", "date": "2026-01-05", "cost": "5"}
    named_by = ("channel", "account", "campaign", "ad_group", "ad")
    rows = [day | {name: word} for word in words for name in named_by]
    assert staged.stage("ad_spend", "s", rows, "quarantine_rule") == [(rule,) for rule in words.values() for _ in named_by]
    rows = [{"channel": word, "from_date": "2026-01-01", "to_date": "2026-01-31", "cost": "5"} for word in words]
    assert staged.stage("channel_costs", "s", rows, "quarantine_rule") == [(rule,) for rule in words.values()]


TOTALS_OF_MONEY = (
    "Subtotal A | Total | TOTAL: | Итого по A | Итого | Всего за март | Balance | Opening balance | Сальдо на начало"
    " | Остаток | Summe | Zwischensumme B"
)
NUMBERS = "Total-7 | Sum-1 | Subtotals1 | 101 | Balances | INV-Total"
NOBODY = "Subtotal A | Итого по A | Итого | Сальдо | Opening balance | Summe: | Total"
SOMEBODY = "Total Media | Balance | Всего хорошего ООО | Summe GmbH | 7 | Остаточная"


def test_a_subtotal_among_payments_or_plan_lines_is_set_aside(staged: StagedModels) -> None:
    staged.declare("s")
    row = {"paid_at": "2026-01-05", "due_date": "2026-01-05", "amount": "5", "currency": "EUR"}
    for entity, number in (("payments", "payment_id"), ("payment_plan", "plan_id")):
        lines = [
            (row | {number: text, "client_id": "A"}, rule)
            for texts, rule in ((TOTALS_OF_MONEY, "total_row"), (NUMBERS, None))
            for text in forms(texts)
        ]
        for name in ("client_id", "lead_id"):
            told = ((NOBODY, "total_row"), (SOMEBODY, None))
            lines += [(row | {number: f"n{len(lines)}{text}", name: text}, rule) for texts, rule in told for text in forms(texts)]
        found = staged.stage(entity, "s", [line for line, _ in lines], "quarantine_rule")
        assert [(line, rule) for line, (rule,) in zip([line for line, _ in lines], found, strict=True)] == lines


@pytest.mark.parametrize("separator", AMOUNTS)
def test_thousands_and_percents_are_no_amounts(staged: StagedModels, separator: str) -> None:
    staged.declare("s", separator=separator)
    texts = forms("12 тыс. руб | €12 k | 12 k | 12 M | 12 T€ | 12 млн | 12 mln | 12 Mio. € | 12 TEUR | 15 % | 12 тыс")
    row = {"payment_id": "p", "lead_id": "l", "paid_at": "2026-01-05", "amount": "5", "currency": "EUR"}
    found = staged.stage("payments", "s", [row | {"amount": text} for text in texts], "quarantine_rule")
    assert {rule for (rule,) in found} == {"unparsable_number", "currency_mismatch"}
    found = staged.stage("payments", "s", [row | {"direct_cost": text} for text in texts], "quarantine_rule")
    assert {rule for (rule,) in found} == {"unparsable_number", "currency_mismatch"}


@pytest.mark.parametrize(("currency", "texts", "agrees"), IN_THE_CELL)
def test_a_currency_in_the_cell_agrees_or_the_row_is_set_aside(staged: StagedModels, currency: str, texts: str, agrees: bool) -> None:
    staged.declare("s")
    payment = {"payment_id": "p", "lead_id": "l", "paid_at": "2026-01-05", "currency": currency}
    found = staged.stage("payments", "s", [payment | {"amount": text} for text in forms(texts)], "delivered_amount, quarantine_rule")
    assert set(found) == {(Decimal(100), None if agrees else "currency_mismatch")}


def test_kinds_of_payments_are_read_in_the_languages_of_the_product(staged: StagedModels) -> None:
    staged.declare("s")
    words = {"payment": "Payment | Оплата | платёж | n/a | ", "refund": "Refund | refunds | ВОЗВРАТ | Возврат средств | Erstattung"}
    words |= {"chargeback": "Charge back | Чарджбэк", "chargeback_won": "Chargeback won | chargeback-won", "reversal": "Reversal"}
    told = [(kind, text) for kind, texts in words.items() for text in forms(texts)]
    payment = {"payment_id": "p", "lead_id": "l", "paid_at": "2026-01-05", "amount": "1", "currency": "EUR"}
    found = staged.stage("payments", "s", [payment | {"kind": text} for _, text in told], "kind, quarantine_rule")
    assert found == [(kind, "unknown_kind" if kind == "reversal" else None) for kind, _ in told]


def test_targets_of_all_channels_have_many_names(staged: StagedModels) -> None:
    staged.declare("s")
    texts = forms("all | All channels | Total | ИТОГО | Все каналы | alle | n/a | ")
    rows = [{"month": "2026-03", "kpi": "leads", "value": "1", "channel": text} for text in (*texts, "Total Media")]
    assert staged.stage("targets", "s", rows, "channel_raw") == [("all",)] * len(texts) + [("total media",)]


def test_flags_that_say_neither_are_told(staged: StagedModels) -> None:
    staged.declare("s")
    words = {"ИСТИНА": True, "vrai": True, " X ": True, "-1": True, "ja": True, "Sí": True, "нет": False, "0.0": False, "nein": False}
    neither = {"n/a": None, "-": None, "maybe": "|unknown_flag:is_deleted=maybe", "2": "|unknown_flag:is_deleted=2"}
    rows = [{"lead_id": "l", "created_at": "2026-01-05", "is_deleted": word} for word in (*words, *neither)]
    found = staged.stage("leads", "s", rows, "is_deleted, unread")
    assert found == [(meant, None) for meant in words.values()] + [(False, told) for told in neither.values()]
