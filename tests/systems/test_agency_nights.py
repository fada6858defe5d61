"""Two nights of an agency on eight systems and a bank: the second reads changes, equals a full read, and agrees with the fakes' data."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import salesforce_tap
from agency import CANARY, FIRST_DAY, SECOND_DAY, Agency, secrets, serving_agency, write_statement
from fake_salesforce import ENDS, made_id
from nights import RunCli

pytestmark = pytest.mark.slow
# where a row was read, and names of campaigns: days behind the window keep the name that they were told under
UNLIKE = ("build_number", "load_id", "row_number", "ad_spend_key", "campaign")
TABLES = ("facts.fct_lead_funnel", "facts.fct_payment", "facts.fct_ad_spend", "facts.fct_stage_event", "marts.mart_kpi_monthly")


@dataclass
class Nights:
    """The agency after its second day, how many requests that night took, and the homes that went on and that read all anew."""

    agency: Agency
    requests: int
    going_on: Path
    whole: Path
    said: str

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.going_on / "published" / "current.duckdb"), read_only=True) as db:
            return db.execute(query).fetchall()


@pytest.fixture(scope="module")
def nights(run_cli: RunCli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("agency")
    with serving_agency(folder) as (agency, sources):
        options = ("--sources", sources)
        for home in ("home", "whole"):
            salesforce_tap.install(folder / home)
        known, told = secrets(agency), len(agency.bank)
        first = run_cli("run", *options, "--home", folder / "home", "--as-of", FIRST_DAY, env=known)
        agency.next_day()
        write_statement(folder / "bank" / "2.csv", agency.bank[told:])
        agency.asked.clear()
        second = run_cli("run", *options, "--home", folder / "home", "--as-of", SECOND_DAY, env=known)
        requests = sum(not asked.path.startswith("/services/") for asked in agency.asked)
        for command in ("extract", "build"):
            run_cli(command, *options, "--home", folder / "whole", "--as-of", SECOND_DAY, env=known)
        said = first.stdout + first.stderr + second.stdout + second.stderr
        yield Nights(agency, requests, folder / "home", folder / "whole", said)
        shutil.rmtree(folder)


@pytest.mark.parametrize("table", TABLES)
def test_a_night_that_goes_on_equals_a_full_read(nights: Nights, table: str) -> None:
    """What the one published against what the other built."""
    columns = [row[0] for row in nights.rows(f"describe {table}") if row[0] not in UNLIKE]
    query = f"select {', '.join(columns)} from {table}"
    with duckdb.connect(str(nights.whole / "warehouse.duckdb"), read_only=True) as db:
        whole = Counter(db.execute(query).fetchall())
    assert whole == Counter(nights.rows(query))
    assert whole


def test_deals_and_leads_count_as_the_systems_have_them(nights: Nights) -> None:
    hubspot, amo, bitrix = nights.agency.hubspot, nights.agency.amo, nights.agency.bitrix
    expected = {
        "crm": sum(not deal["archived"] for deal in hubspot.deals.values()),
        "amo": sum(not lead["is_deleted"] for lead in amo.leads.values()),
        # a lead of Bitrix24 and its deal are one
        "bitrix": len(bitrix.leads | bitrix.deals),
        "sf": salesforce_leads(nights.agency),
    }
    assert dict(nights.rows("select source_name, count(*) from facts.fct_lead_funnel where attempt_number = 1 group by all")) == expected
    excluded = nights.rows("select source_name, exclusion, count(*) from facts.fct_excluded_lead group by all order by all")
    merged = len(bitrix.deals.keys() & bitrix.leads.keys())
    assert [row for row in excluded if row[0] != "sf"] == [
        ("amo", "deleted", 1), ("bitrix", "deleted", 2), ("bitrix", "merged", merged), ("crm", "deleted", 1), ("crm", "merged", 1)
    ]  # fmt: skip


def test_a_lead_of_bitrix24_gets_as_far_as_its_deal(nights: Nights) -> None:
    ends = {"WON": "paid", "LOSE": "lost"}
    expected = Counter(ends[deal["STAGE_ID"]] for deal in nights.agency.bitrix.deals.values() if deal["STAGE_ID"] in ends)
    of_bitrix = "from facts.fct_lead_funnel where source_name = 'bitrix'"
    assert nights.rows(f"select sum(paid_reached::int), sum((outcome = 'lost')::int) {of_bitrix}") == [(expected["paid"], expected["lost"])]
    assert nights.rows(f"select count(*) {of_bitrix} and paid_reached and paid_at is null") == [(0,)]


def salesforce_leads(agency: Agency) -> int:
    """Leads that are none of another, and opportunities that no lead has, less those that were deleted."""
    leads = [lead for lead in agency.salesforce.records["Lead"].values() if not lead["IsDeleted"]]
    deals = [deal["Id"] for deal in agency.salesforce.records["Opportunity"].values() if not deal["IsDeleted"]]
    converted = [lead["ConvertedOpportunityId"] for lead in leads if lead["ConvertedOpportunityId"] in deals]
    return len(leads) - (len(converted) - len(set(converted))) + len(set(deals) - set(converted))


def test_a_lead_of_salesforce_gets_as_far_as_its_opportunity(nights: Nights) -> None:
    records = nights.agency.salesforce.records
    leads = {lead["Id"]: lead for lead in records["Lead"].values() if not lead["IsDeleted"]}
    # of two that became one opportunity the first is the lead
    converted = {lead["ConvertedOpportunityId"]: lead["Id"] for lead in reversed(leads.values()) if lead["IsConverted"]}
    ends = {deal["Id"]: ENDS.get(deal["StageName"]) for deal in records["Opportunity"].values() if not deal["IsDeleted"]}
    paid = {made_id("Lead", number) for number in (0, 3, 6, 8, 9, 10)} | {
        converted.get(deal, deal) for deal, end in ends.items() if end == "won"
    }
    lost = {converted.get(deal, deal) for deal, end in ends.items() if end == "lost"} - paid
    of_sf = "from facts.fct_lead_funnel where source_name = 'sf'"
    # money that came after a loss is of the attempt that followed
    is_paid, is_sql = "bool_or(paid_reached)", "bool_or(sql_at is not null and attempt_number = 1)"
    said = f"{is_paid}, bool_or(outcome = 'lost') and not {is_paid}, {is_sql}"
    found = nights.rows(f"select substr(lead_key, 4), {said} {of_sf} group by lead_key")
    called = {
        row["LeadId"]: datetime.fromisoformat(row["CreatedDate"]).replace(tzinfo=None)
        for row in records["LeadHistory"].values() if row["NewValue"] == "Working - Contacted" and row["LeadId"] in leads
    }  # fmt: skip
    assert dict(nights.rows(f"select substr(lead_key, 4), first_contact_at {of_sf} and first_contact_at is not null")) == called
    for column, expected in enumerate((paid, lost, set(converted.values())), 1):
        assert {row[0] for row in found if row[column]} == expected
    assert nights.rows(f"select count(*) {of_sf} and (paid_reached and paid_at is null or channel_key <> 'direct')") == [(0,)]
    # what a row of the history says of another amount is no entry into a stage
    events = nights.rows("select count(*) from facts.fct_stage_event where source_name = 'sf' and stage_key = 'sal' and not is_first_entry")
    assert events == [(0,)]
    unmapped = nights.rows("select distinct value from facts.fct_unmapped_value where source_name = 'sf'")
    assert unmapped == [("lost to nobody",)]


def test_invoices_meet_leads_of_salesforce_by_short_ids_and_addresses(nights: Nights) -> None:
    columns = "payment_id, lead_attempt_key, client_key, matched_by"
    found = {row[0]: row[1:] for row in nights.rows(f"select {columns} from facts.fct_payment where source_name = 'invoices'")}
    first, third, sixth, ninth = (f"sf:{made_id('Account', number)}" for number in (0, 3, 6, 9))
    assert {name: row[1:] for name, row in found.items() if name not in ("i4", "i6")} == {
        "i1": (first, None), "i2": (third, None), "i3": (sixth, "email"), "i5": (ninth, None)
    }  # fmt: skip
    assert found["i1"][0].startswith(f"sf:{made_id('Lead', 0)}")
    assert {name: (found[name][0].partition("#")[0], found[name][2]) for name in ("i4", "i6")} == {
        "i4": (f"sf:{made_id('Lead', 8)}", "email"), "i6": (f"sf:{made_id('Lead', 10)}", "phone")
    }  # fmt: skip


def test_every_movement_of_money_counts_once_and_meets_its_deal(nights: Nights) -> None:
    kinds = {"charge": "payment", "refund": "refund", "dispute": "chargeback", "dispute_reversal": "chargeback_won"}
    expected: dict[str, Decimal] = {}
    for each in nights.agency.stripe.rows:
        if each["reporting_category"] in kinds and each["source"]["livemode"]:
            kind = kinds[each["reporting_category"]]
            expected[kind] = expected.get(kind, Decimal(0)) + Decimal(each["amount"]) / 100
    found = dict(nights.rows("select kind, sum(amount_original) from facts.fct_payment where source_name = 'stripe' group by kind"))
    assert found == expected
    paid = {each["source"]["metadata"]["lead_id"] for each in nights.agency.stripe.rows if "metadata" in each["source"]}
    met = nights.rows(
        "select count(distinct lead_attempt_key), count(*) from facts.fct_payment "
        "where lead_attempt_key like 'crm:%' and matched_by is null"
    )
    assert met == [(len(paid), len(paid))]
    assert nights.rows("select sum(direct_cost_base) from facts.fct_payment") == [
        (sum(Decimal(each["fee"]) for each in nights.agency.stripe.rows) / 100,)
    ]
    left_out = nights.rows(
        "select rule, severity, count(*) from facts.fct_quarantine where source_name = 'stripe' group by all order by all"
    )
    assert left_out == [("no_payment", "info", 1), ("test_payment", "info", 1)]


def test_money_without_an_id_meets_the_one_client_who_has_its_address(nights: Nights) -> None:
    """By e-mail, whatever its case; a refund follows its customer; nobody is guessed, an address learnt later moves an old payment."""
    ledger = "select payment_id, client_key, matched_by, unmatched_because from facts.fct_payment"
    rows = [each["id"] for each in nights.agency.stripe.rows if each["source"].get("customer") == "cus_y" or "charge" in each["source"]]
    stripe = nights.rows(f"{ledger} where source_name = 'stripe' and matched_by is not null order by payment_id")
    assert stripe == [(each, "crm:71004", "email", None) for each in sorted(rows)]
    found = {row[0].removeprefix("Б-"): row[1:] for row in nights.rows(f"{ledger} where source_name = 'bank'")}
    assert set(found) == {line["payment_id"].removeprefix("Б-") for line in nights.agency.bank}
    assert {name: why for name, (_, _, why) in found.items() if why and not name.isdigit()} == {
        "nobody": "contact_of_nobody", "several": "contact_of_several", "early": "paid_before_lead"
    }  # fmt: skip
    assert found["late"] == ("amo:50002", "email", None)
    for name, (client, matched_by, why) in found.items():
        if name.isdigit() and int(name) not in (2, 4):
            assert (client, matched_by, why) == (f"amo:{50_000 + int(name)}", None if int(name) % 2 else "email", None), name
    assert nights.rows("select sum(amount_original) from facts.fct_payment where source_name = 'bank'") == [
        (len(nights.agency.bank) * Decimal("1234.5"),)
    ]


def test_what_met_nobody_is_told_without_addresses(nights: Nights, run_cli: RunCli) -> None:
    said = run_cli("status", "--home", nights.going_on).stdout
    assert "by address: bank.payments contact of nobody: " in said
    assert "by address: stripe.balance_transactions matched by email: 2 rows, 30.00 in base currency" in said
    listed = nights.rows("select value from facts.fct_lead_reference where rule = 'contact_of_several' order by all")
    assert ("Б-several",) in listed
    page = (nights.going_on / "published" / "report" / "index.html").read_text(encoding="utf-8")
    assert "contact_of_several" in page
    assert "@" not in said


def test_spend_is_what_the_platforms_say_now(nights: Nights) -> None:
    google = sum(Decimal(cost) for cost in nights.agency.google.cost.values()) / 1_000_000
    meta = Decimal(sum(nights.agency.meta.spend.values())) / 100
    found = dict(nights.rows("select source_name, sum(cost_original) from facts.fct_ad_spend group by source_name"))
    assert found["meta"] == meta
    assert found["direct"] == Decimal(sum(nights.agency.yandex.cost.values())) / 100
    assert abs(found["google"] - google) < Decimal("0.01")  # base money has four decimals, a millionth has six
    renamed = nights.rows(
        "select distinct campaign from facts.fct_ad_spend where source_name = 'google' and spend_date = '2026-03-29' order by 1"
    )
    assert renamed == [("Campaign 0",), ("Campaign 2",), ("Renamed",)], "the day was replaced whole: a renamed campaign counts once"


def test_the_second_night_asks_for_what_changed(nights: Nights) -> None:
    assert nights.requests < 40


def test_no_secret_is_in_any_byte_of_the_home_or_in_what_was_printed(nights: Nights) -> None:
    assert CANARY not in nights.said
    for path in nights.going_on.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
