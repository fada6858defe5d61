"""Cases of the ledger: merges, deleted and paid, refunds that come back, plans in dollars, ids of another spelling, any subset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from nights import ROOT, RunCli

pytestmark = pytest.mark.slow
CASES = ROOT / "tests" / "cases"
AS_OF = "2026-03-31"


@pytest.fixture(scope="module")
def books_home(tmp_path_factory: pytest.TempPathFactory, run_cli: RunCli) -> Path:
    """One night for all books: each is a source of its own."""
    home = tmp_path_factory.mktemp("books")
    run_cli("run", "--sources", CASES / "books/sources.yml", "--home", home, "--as-of", AS_OF)
    return home


@pytest.fixture(scope="module")
def books(books_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(books_home / "published/current.duckdb"), read_only=True) as connection:
        yield connection


def _revenue(books: duckdb.DuckDBPyConnection, source: str) -> dict[str, Decimal]:
    """By lead attempt, or client where no lead has it."""
    query = "select coalesce(lead_attempt_key, client_key), sum(amount_base) from facts.fct_payment where source_name = ? group by 1"
    return dict(books.execute(query, [source]).fetchall())


def _affected(books: duckdb.DuckDBPyConnection, source: str, rule: str) -> list[tuple]:
    query = (
        "select entity, rows_affected, money_affected, severity from marts.mart_data_quality where source_name = ? and rule = ? order by 1"
    )
    return books.execute(query, [source, rule]).fetchall()


def test_a_chain_of_merges_ends_at_the_last_lead(books: duckdb.DuckDBPyConnection) -> None:
    assert _revenue(books, "merge_chain") == {"merge_chain:C#1": 1750}
    assert books.execute("select count(*) from facts.dim_client where source_name = 'merge_chain'").fetchone() == (1,)
    assert books.execute("select count(*) from facts.fct_lead_funnel where source_name = 'merge_chain'").fetchone() == (1,)


def test_the_money_of_a_deleted_lead_stays_with_its_client(books: duckdb.DuckDBPyConnection) -> None:
    assert _revenue(books, "deleted_paid") == {"deleted_paid:D1": 400}
    assert books.execute("select lead_id from facts.fct_lead_funnel where source_name = 'deleted_paid'").fetchall() == [("D2",)]


def test_only_the_money_of_a_test_is_left_out_and_it_is_shown(books: duckdb.DuckDBPyConnection) -> None:
    assert _revenue(books, "odd_merges") == {
        "odd_merges:loop1#1": 10,
        "odd_merges:self#1": 20,
        "odd_merges:stray#1": 30,
        "odd_merges:CC": 40,
        "odd_merges#gone": 50,
    }
    assert _affected(books, "odd_merges", "excluded_lead") == [("payments", 1, 999, "info")]
    assert _affected(books, "odd_merges", "unknown_lead") == [
        ("payment_plan", 1, 70, "warn"), ("payments", 1, 50, "warn"), ("stage_events", 1, 0, "warn")
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "leads"), [("merge_circle", 2), ("merge_into_itself", 1), ("merge_unknown", 1)])
def test_a_merge_that_leads_nowhere_excludes_nobody(books: duckdb.DuckDBPyConnection, rule: str, leads: int) -> None:
    assert _affected(books, "odd_merges", rule) == [("leads", leads, 0, "warn")]


def test_unknown_leads_and_odd_merges_are_named_in_the_warnings(books_home: Path) -> None:
    quality = json.loads((books_home / "published/manifest.json").read_text())["quality"]
    said = " ".join(quality["warnings"])
    assert quality["status"] == "warn"
    for name in ("merge_circle loop1", "merge_circle loop2", "merge_into_itself self", "merge_unknown stray"):
        assert f"odd_merges leads {name}" in said
    assert "odd_merges payments unknown_lead 1 ids 1 rows 50.00 in money" in said
    assert "odd_merges stage_events unknown_lead 1 ids 1 rows" in said


def test_refunds_come_back(books: duckdb.DuckDBPyConnection) -> None:
    assert _revenue(books, "refunds") == {"refunds:R1#1": 50, "refunds:R2#1": -50, "refunds:R3#1": 100, "refunds:R5#1": 100}
    assert _affected(books, "refunds", "negative_amount") == [("payments", 1, 40, "quarantine")]
    query = "select sum(value) from marts.mart_kpi_monthly where kpi = 'payments_count' and channel_key = 'email_newsletter'"
    assert books.execute(query).fetchone() == (4,)


def test_a_plan_is_settled_in_its_own_currency(books: duckdb.DuckDBPyConnection) -> None:
    lines = books.execute(
        "select plan_key, overdue, paid_original, on_time_original, outstanding_original, overdue_original from marts.mart_payment_plan "
        "where source_name = 'plan_fx' order by plan_key"
    ).fetchall()
    assert lines == [("plan_fx:k1", 0, 1000, 1000, 0, 0), ("plan_fx:k2", 0, 1000, 0, 0, 0), ("plan_fx:k3", 850, 0, 0, 1000, 1000)]


def test_stages_that_another_source_tells_are_that_sources_rows(books: duckdb.DuckDBPyConnection) -> None:
    """A telephone exchange that names leads of the CRM (ids_of): its rows are accounted for as its own."""
    told = books.execute("select lead_attempt_key from facts.fct_stage_event where source_name = 'calls' order by 1").fetchall()
    assert told == [("refunds:R1#1",), ("refunds:R2#1",), ("refunds:R3#1",)]
    counts = "select rows_landed, rows_valid, rows_quarantined from facts.fct_row_count where source_name = 'calls'"
    assert books.execute(counts).fetchall() == [(4, 3, 1)]


def test_ids_of_another_spelling_are_joined_where_certain(books: duckdb.DuckDBPyConnection) -> None:
    assert _revenue(books, "id_forms") == {"id_forms:0015000000AbCdEAAZ#1": 100, "id_forms:1001#1": 200, "id_forms:007#1": 300}
    assert _affected(books, "id_forms", "id_written_otherwise") == [("payments", 3, 600, "info"), ("stage_events", 1, 0, "info")]
    reached = "select sql_at is not null from facts.fct_lead_funnel where lead_id = '0015000000AbCdEAAZ'"
    assert books.execute(reached).fetchone() == (True,)


def test_a_lead_of_no_contact_is_another_client_than_the_contact_that_has_its_id(books: duckdb.DuckDBPyConnection) -> None:
    """Leads and contacts have counters of their own: 15 is both a lead and the contact of lead 40."""
    assert _revenue(books, "own_ids") == {"own_ids:40#1": 500, "own_ids:15#1": 70, "own_ids:41#1": 30}
    clients = "select client_key, count(*) from facts.fct_lead_funnel where source_name = 'own_ids' group by 1"
    assert dict(books.execute(clients).fetchall()) == {"own_ids:15": 1, "own_ids#15": 1, "own_ids#41": 1, "own_ids:41": 1}


def test_a_payment_of_two_clients_counts_for_the_one_of_its_lead_and_is_told(books: duckdb.DuckDBPyConnection, books_home: Path) -> None:
    """A client id that no lead has is another program's number, and contradicts nobody."""
    assert _revenue(books, "two_clients") == {"two_clients:T1#1": 180, "two_clients:T2#1": 7}
    assert _affected(books, "two_clients", "client_of_other_lead") == [("payment_plan", 1, 60, "warn"), ("payments", 1, 100, "warn")]
    lines = "select client_key, sum(planned) from marts.mart_payment_plan where source_name = 'two_clients' group by 1"
    assert books.execute(lines).fetchall() == [("two_clients:CA", 100)]
    said = " ".join(json.loads((books_home / "published/manifest.json").read_text())["quality"]["warnings"])
    assert "two_clients payments CB 1 rows 100.00 in money" in said


ROWS = {
    "leads": "lead_id,created_at,channel\nL1,2026-01-05 10:00,seo\n",
    "payments": "payment_id,paid_at,amount,currency,client_id\np1,2026-01-10 12:00,100,EUR,C1\n",
    "ad_spend": "date,channel,cost,currency\n2026-01-05,seo,50,EUR\n",
    "payment_plan": "plan_id,due_date,amount,currency,client_id\nk1,2026-01-10,100,EUR,C1\n",
    "stage_events": "event_id,lead_id,stage,entered_at\ne1,L1,sql,2026-01-06 10:00\n",
}


def _night(tmp_path: Path, run_cli: RunCli, files: dict[str, str], code: int = 0) -> Path:
    entities = ", ".join(f"{entity}: {{path: {entity}.csv}}" for entity in files)
    (tmp_path / "sources.yml").write_text(
        "version: 1\nreporting: {base_currency: EUR, time_zone: Europe/Berlin}\nquality: {max_age_hours: 100000, max_quarantined_rows_pct: "
        "100, max_quarantined_money_pct: 100}\nsources:\n"
        f"  - {{name: crm, system: template, connector: files, entities: {{{entities}}}}}\n"
    )
    for entity, text in files.items():
        (tmp_path / f"{entity}.csv").write_text(text)
    run_cli("run", "--sources", tmp_path / "sources.yml", "--home", tmp_path / "home", "--as-of", AS_OF, code=code)
    return tmp_path / "home"


def test_leads_and_spend_alone_give_a_cost_per_lead(tmp_path: Path, run_cli: RunCli) -> None:
    run_cli("run", "--sources", CASES / "leads-and-spend-only/sources.yml", "--home", tmp_path, "--as-of", AS_OF)
    with duckdb.connect(str(tmp_path / "published/current.duckdb"), read_only=True) as db:
        cpl = db.execute(
            "select value from marts.mart_kpi_monthly where kpi = 'cpl' and channel_key = 'ppc_search' and month = '2026-01-01'"
        )
        assert cpl.fetchone()[0] == pytest.approx(1550 / 28)


# Of the others: leads and spend above; leads alone, a plan alone, without leads, spend or payments in test_not_delivered.
@pytest.mark.parametrize(
    "entities",
    [
        ("ad_spend",),
        pytest.param(("payments", "payment_plan"), marks=pytest.mark.nightly),
        pytest.param(("payments",), marks=pytest.mark.nightly),
        pytest.param(("leads", "stage_events"), marks=pytest.mark.nightly),
    ],
)
def test_any_subset_of_entities_publishes(tmp_path: Path, run_cli: RunCli, entities: tuple[str, ...]) -> None:
    home = _night(tmp_path, run_cli, {entity: ROWS[entity] for entity in entities})
    assert json.loads((home / "published/manifest.json").read_text())["version"]


def test_an_entity_that_is_delivered_and_comes_out_empty_blocks(tmp_path: Path, run_cli: RunCli) -> None:
    orphans = ROWS["stage_events"].replace("L1", "nobody")
    home = _night(tmp_path, run_cli, {"leads": ROWS["leads"], "stage_events": orphans}, code=3)
    assert not (home / "published/current.duckdb").exists()
