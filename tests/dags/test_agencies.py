"""The two agencies of examples/, played by a server, run whole by the nightly DAG: payments meet their leads, CPL and LTV join."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from running import new_airflow, returned, run_night, task_states

sys.path.append(str(Path(__file__).parents[1] / "systems"))

from agency import CANARY, FIRST_DAY, SECOND_DAY, Agency, email_of, secrets, write_example, write_statement
from fake_server import serving

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.nightly]
# a day of its own each, so that one Airflow tells the two runs apart
DAYS = {"hubspot": FIRST_DAY, "amocrm": SECOND_DAY}


@dataclass
class Night:
    """A published night of one example."""

    env: dict[str, str]
    example: str
    day: date
    states: dict[str, str]
    agency: Agency

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(Path(self.env["ONEFUNNEL_HOME"]) / "published" / "current.duckdb"), read_only=True) as db:
            return db.execute(query).fetchall()


@pytest.fixture(scope="module")
def airflow_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("agencies")
    return new_airflow(home, home / "sources.yml", ONEFUNNEL_HASH_KEY=f"{CANARY}-hash-key")


@pytest.fixture(scope="module", params=DAYS)
def night(request: pytest.FixtureRequest, airflow_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    example, agency = request.param, Agency()
    folder = tmp_path_factory.mktemp(example)
    with serving(agency) as url:
        agency.url = url
        sources = write_example(example, folder / "sources", url)
        write_statement(folder / "sources" / "bank" / "1.csv", agency.bank)
        env = {**airflow_env, **secrets(agency), "ONEFUNNEL_HOME": str(folder / "home")}
        done = run_night(env, DAYS[example], sources)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        yield Night(env, example, DAYS[example], task_states(env), agency)


def test_every_task_succeeds(night: Night) -> None:
    assert set(night.states.values()) == {"success"}
    assert night.rows("select as_of from marts.mart_publication") == [(night.day,)]


def test_payments_meet_their_leads(night: Night) -> None:
    payments = night.rows("select lead_attempt_key > '', matched_by, unmatched_because, count(*) from facts.fct_payment group by all")
    met = {(matched_by or "id"): count for is_met, matched_by, why, count in payments if is_met and not why}
    if night.example == "hubspot":
        named = [each for each in night.agency.stripe.rows if "metadata" in each["source"]]
        assert met == {"id": len(named), "email": 2}
    else:
        by_id = [line for line in night.agency.bank if line["lead_id"]]
        shared = email_of(night.agency.amo.contacts[50_003]).upper()
        by_mail = [line for line in night.agency.bank if line["contact_email"].isupper() and line["contact_email"] != shared]
        assert met == {"id": len(by_id), "email": len(by_mail)}
        unmet = {why for _, _, why, _ in payments if why}
        assert unmet >= {"contact_of_nobody", "contact_of_several", "paid_before_lead"}


def test_cost_per_lead_and_lifetime_value_join(night: Night) -> None:
    """CPL: of a channel that has both; LTV: what clients whose lead is known have paid, as the ledger has it."""
    joined = night.rows("select count(*) from marts.mart_channel_economics where cost > 0 and leads > 0 and abs(cpl - cost / leads) < 0.01")
    assert joined[0][0] > 0
    ((value, clients),) = night.rows("select sum(ltv_net), count(*) from marts.mart_customer_value where first_lead_at is not null")
    ((paid,),) = night.rows(
        "select sum(net_base) from facts.fct_payment inner join facts.dim_client using (client_key) "
        "where first_lead_at is not null and first_payment_at is not null"
    )
    assert clients > 5
    assert abs(Decimal(value) - paid) < Decimal("0.01")


def test_no_secret_is_in_any_byte_nor_in_what_tasks_returned(night: Night) -> None:
    assert CANARY not in returned(night.env)
    files = [path for name in ("ONEFUNNEL_HOME", "AIRFLOW_HOME") for path in Path(night.env[name]).rglob("*") if path.is_file()]
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
