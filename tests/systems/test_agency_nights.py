"""Two nights of an agency on six systems: the second reads changes, equals a full read, and agrees with a count of the fakes' data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from agency import CANARY, FIRST_DAY, SECOND_DAY, SECRETS, Agency, serving_agency
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
        first = run_cli("run", *options, "--home", folder / "home", "--as-of", FIRST_DAY, env=SECRETS)
        agency.next_day()
        agency.asked.clear()
        second = run_cli("run", *options, "--home", folder / "home", "--as-of", SECOND_DAY, env=SECRETS)
        requests = len(agency.asked)
        run_cli("run", *options, "--home", folder / "whole", "--as-of", SECOND_DAY, env=SECRETS)
        said = first.stdout + first.stderr + second.stdout + second.stderr
        yield Nights(agency, requests, folder / "home", folder / "whole", said)
        shutil.rmtree(folder)


@pytest.mark.parametrize("table", TABLES)
def test_a_night_that_goes_on_equals_a_full_read(nights: Nights, table: str) -> None:
    with duckdb.connect() as db:
        for name, home in (("going_on", nights.going_on), ("whole", nights.whole)):
            db.execute(f"attach '{home / 'published' / 'current.duckdb'}' as {name} (read_only)")
        columns = [row[0] for row in db.execute(f"describe whole.{table}").fetchall() if row[0] not in UNLIKE]
        chosen = ", ".join(f'"{column}"' for column in columns)
        for one, other in (("going_on", "whole"), ("whole", "going_on")):
            found = db.execute(f"select {chosen} from {one}.{table} except all select {chosen} from {other}.{table}").fetchall()
            assert found == [], f"only in {one}"
        assert db.execute(f"select count(*) from whole.{table}").fetchone()[0] > 0


def test_deals_and_leads_count_as_the_systems_have_them(nights: Nights) -> None:
    hubspot, amo = nights.agency.hubspot, nights.agency.amo
    expected = {
        "crm": sum(not deal["archived"] for deal in hubspot.deals.values()),
        "amo": sum(not lead["is_deleted"] for lead in amo.leads.values()),
    }
    assert dict(nights.rows("select source_name, count(*) from facts.fct_lead_funnel where attempt_number = 1 group by all")) == expected
    excluded = nights.rows("select source_name, exclusion, count(*) from facts.fct_excluded_lead group by all order by all")
    assert excluded == [("amo", "deleted", 1), ("crm", "deleted", 1), ("crm", "merged", 1)]


def test_every_movement_of_money_counts_once_and_meets_its_deal(nights: Nights) -> None:
    kinds = {"charge": "payment", "refund": "refund", "dispute": "chargeback", "dispute_reversal": "chargeback_won"}
    expected: dict[str, Decimal] = {}
    for each in nights.agency.stripe.rows:
        if each["reporting_category"] in kinds and each["source"]["livemode"]:
            kind = kinds[each["reporting_category"]]
            expected[kind] = expected.get(kind, Decimal(0)) + Decimal(each["amount"]) / 100
    assert dict(nights.rows("select kind, sum(amount_original) from facts.fct_payment group by kind")) == expected
    paid = {each["source"]["metadata"]["lead_id"] for each in nights.agency.stripe.rows if "metadata" in each["source"]}
    met = nights.rows("select count(distinct lead_attempt_key), count(*) from facts.fct_payment where lead_attempt_key like 'crm:%'")
    assert met == [(len(paid), len(paid))]
    assert nights.rows("select sum(direct_cost_base) from facts.fct_payment") == [
        (sum(Decimal(each["fee"]) for each in nights.agency.stripe.rows) / 100,)
    ]
    left_out = nights.rows(
        "select rule, severity, count(*) from facts.fct_quarantine where source_name = 'stripe' group by all order by all"
    )
    assert left_out == [("no_payment", "info", 1), ("test_payment", "info", 1)]


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
    assert nights.requests < 30


def test_no_secret_is_in_any_byte_of_the_home_or_in_what_was_printed(nights: Nights) -> None:
    assert CANARY not in nights.said
    for path in nights.going_on.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
