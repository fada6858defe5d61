"""The examples of the talk that the KPIs come from, told as four months of one small agency and read from its published marts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

SOURCES = """\
version: 1
reporting: {base_currency: USD, time_zone: Europe/Berlin}
sources:
  - name: agency
    system: template
    connector: files
    time_zone: Europe/Berlin
    currency: USD
    entities:
      leads: {path: leads.csv}
      stage_events: {path: stage_events.csv}
      ad_spend: {path: ad_spend.csv}
      channel_costs: {path: channel_costs.csv}
      payments: {path: payments.csv}
"""
BEFORE_SALES = ("first_contact", "brief_filled", "sql")
TO_CONTRACT = (*BEFORE_SALES, "sal", "demo_held", "proposal_sent", "contract_sent")


class Agency:
    """Writes template files lead by lead; every stage is entered a day after the one before."""

    def __init__(self) -> None:
        self.files: dict[str, list[dict]] = {"leads": [], "stage_events": [], "ad_spend": [], "channel_costs": [], "payments": []}

    def leads(self, count: int, month: str, channel: str, stages: tuple[str, ...] = (), service: str = "seo", reason: str = "") -> None:
        """`count` leads of the first days of a month that go through `stages`, the last of which may be an ending."""
        for number in range(count):
            lead_id = f"L{len(self.files['leads']) + 1}"
            created = datetime.fromisoformat(f"{month}-01T10:00:00") + timedelta(days=number % 5)
            self.files["leads"].append({"lead_id": lead_id, "created_at": created, "channel": channel, "requested_service": service})
            for day, stage in enumerate(stages, start=1):
                event = {"event_id": f"{lead_id}-{stage}", "lead_id": lead_id, "stage": stage, "entered_at": created + timedelta(days=day)}
                self.files["stage_events"].append(event | {"reason": reason if stage == "rejected" else ""})

    def clients(self, count: int, month: str, channel: str, amount: int) -> None:
        """`count` leads that pay `amount` ten days after they came."""
        first = len(self.files["leads"])
        self.leads(count, month, channel, TO_CONTRACT)
        for lead in self.files["leads"][first:]:
            payment = {"payment_id": f"P-{lead['lead_id']}", "paid_at": lead["created_at"] + timedelta(days=10), "amount": amount}
            self.files["payments"].append(payment | {"currency": "USD", "lead_id": lead["lead_id"]})

    def write(self, folder: Path) -> None:
        (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
        for name, rows in self.files.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
                writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


def four_months() -> Agency:
    agency = Agency()
    # January, how a funnel narrows: of 100 first contacts 30 fill the brief and are passed to sales, which take 20 into work
    agency.leads(20, "2026-01", "seo", (*BEFORE_SALES, "sal"))
    agency.leads(10, "2026-01", "seo", (*BEFORE_SALES, "returned"))
    agency.leads(70, "2026-01", "seo", ("first_contact", "rejected"), reason="not_target")
    # February, what a lead costs: a conference for 1,000 USD brings 20, PPC for 2,000 USD brings 20
    agency.leads(20, "2026-02", "conference_talk", ("first_contact",))
    agency.leads(20, "2026-02", "ppc_search", ("first_contact",))
    conference = {"channel": "conference_talk", "from_date": "2026-02-01", "to_date": "2026-02-28", "cost": 1000, "currency": "USD"}
    agency.files["channel_costs"].append(conference)
    agency.files["ad_spend"] += [
        {"date": f"2026-02-{day:02}", "channel": "ppc_search", "cost": 100, "currency": "USD"} for day in range(1, 21)
    ]
    # March, what is asked for in vain: 100 leads, 50 passed to sales, 10 of the others wanted social media, which is not offered
    agency.leads(50, "2026-03", "blog", BEFORE_SALES)
    agency.leads(40, "2026-03", "blog", ("first_contact", "rejected"), reason="price")
    agency.leads(10, "2026-03", "blog", ("first_contact", "rejected"), service="social_media", reason="not_target")
    # April, leads that are cheap and buy nothing: a free offer brings 25 leads and no client, referrals bring 2 leads and 2 clients
    agency.leads(25, "2026-04", "free_service_offer", ("first_contact",))
    agency.clients(2, "2026-04", "referral", 3000)
    offer = {"channel": "free_service_offer", "from_date": "2026-04-01", "to_date": "2026-04-30", "cost": 250, "currency": "USD"}
    agency.files["channel_costs"].append(offer)
    return agency


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, run_cli) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("talk")
    four_months().write(folder)
    run_cli("run", "--sources", folder / "sources.yml", "--home", folder / "home", "--as-of", "2026-04-30")
    with duckdb.connect(str(folder / "home" / "published" / "current.duckdb"), read_only=True) as connection:
        yield connection


def _kpi(published: duckdb.DuckDBPyConnection, kpi: str, month: date, channel: str = "all") -> tuple:
    query = "select value, numerator, denominator from marts.mart_kpi_monthly where kpi = ? and month = ? and channel_key = ?"
    return published.execute(query, [kpi, month, channel]).fetchone()


@pytest.mark.parametrize("kpi", ["brief_conversion", "brief_conversion_cohort"])
def test_30_briefs_of_100_first_contacts_are_30_percent(published: duckdb.DuckDBPyConnection, kpi: str) -> None:
    assert _kpi(published, kpi, date(2026, 1, 1)) == (pytest.approx(0.30), 30, 100)


@pytest.mark.parametrize("kpi", ["sal_ratio", "sal_ratio_cohort"])
def test_20_sal_of_30_sql_are_two_thirds(published: duckdb.DuckDBPyConnection, kpi: str) -> None:
    value, numerator, denominator = _kpi(published, kpi, date(2026, 1, 1))
    assert (round(value * 100, 2), numerator, denominator) == (66.67, 20, 30)


def test_the_sqls_that_sales_did_not_take_were_returned(published: duckdb.DuckDBPyConnection) -> None:
    lost = published.execute(
        "select lost_after_stage_key, lost_department, sum(leads) from marts.mart_rejections "
        "where month = '2026-01-01' group by all order by 3"
    ).fetchall()
    assert lost == [("sql", "marketing", 10), ("first_contact", "marketing", 70)]


def test_a_conference_lead_costs_50_and_a_ppc_lead_100_usd(published: duckdb.DuckDBPyConnection) -> None:
    assert _kpi(published, "cpl", date(2026, 2, 1), "conference_talk") == (50.0, 1000, 20)
    assert _kpi(published, "cpl", date(2026, 2, 1), "ppc_search") == (100.0, 2000, 20)
    assert _kpi(published, "cpl", date(2026, 2, 1)) == (75.0, 3000, 40)
    assert published.execute("select base_currency from marts.mart_publication").fetchone() == ("USD",)


def test_ten_leads_asked_for_what_is_not_offered(published: duckdb.DuckDBPyConnection) -> None:
    assert _kpi(published, "leads", date(2026, 3, 1))[0] == 100
    assert _kpi(published, "sql", date(2026, 3, 1))[0] == 50
    rejected = published.execute(
        "select is_unmet_demand, requested_service, sum(leads), sum(share) from marts.mart_rejections "
        "where month = '2026-03-01' group by 1, 2 order by 1"
    ).fetchall()
    assert rejected == [(False, "seo", 40, pytest.approx(0.8)), (True, "social_media", 10, pytest.approx(0.2))]


def test_a_free_offer_brings_leads_and_no_client(published: duckdb.DuckDBPyConnection) -> None:
    columns = "leads, clients, cost, cpl, revenue, cac, romi, paid_back"
    offer, referral = published.execute(
        f"select {columns} from marts.mart_channel_economics "
        "where month = '2026-04-01' and channel_key in ('free_service_offer', 'referral') order by channel_key"
    ).fetchall()
    assert offer == (25, 0, 250, 10.0, 0, None, -1.0, False)
    assert referral == (2, 2, 0, 0.0, 6000, 0.0, None, None)
    assert _kpi(published, "new_clients", date(2026, 4, 1), "free_service_offer")[0] == 0
