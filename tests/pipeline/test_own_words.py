"""An agency's own words through the real command line: mapped in its own folder, counted by the next build, gone when the line is gone.
An upgrade builds everything anew and remaps nothing.

In the environment and by the mounts of the scheduler in docker-compose.yml, where `docker compose exec` runs these commands: no image is
built to map a word. tests/dags/test_compose_services.py starts the services themselves.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from compose_file import Compose
from nights import ROOT, RunCli
from parse_once import hand_on_parse

pytestmark = pytest.mark.slow

CHANNELS = "channel_key,channel_group,is_paid,display_order,label_en,label_ru\npigeon,other,false,900,Carrier pigeon,Почтовый голубь\n"
MAPPING = "source_system,source_value,channel_key\ntemplate,Carrier  Pigeon,pigeon\n"
LEADS = """lead_id,created_at,channel,status
L1,2026-01-05 10:00,carrier pigeon,Angebot raus
L2,2026-01-06 10:00,Ppc-Search,
L3,2026-01-07 10:00,seo,
"""
PAYMENTS = """payment_id,paid_at,amount,currency,lead_id,kind
P1,2026-01-20,250,EUR,L2,payment
P2,2026-01-25,-50,EUR,L2,refund
"""
SPEND = "date,channel,cost,currency\n2026-01-05,Carrier Pigeon,75.50,EUR\n"


def scheduler_environment(sources: Path, home: Path, hash_key: str) -> dict[str, str]:
    """What the project reads in the scheduler's container."""
    secrets = ("AIRFLOW_FERNET_KEY", "AIRFLOW_API_SECRET_KEY", "AIRFLOW_JWT_SECRET", "POSTGRES_PASSWORD")
    dot_env = {"ONEFUNNEL_SOURCES_DIR": str(sources), "ONEFUNNEL_HASH_KEY": hash_key} | dict.fromkeys(secrets, "unused")
    service = Compose(dot_env, {"/opt/onefunnel": str(ROOT), "/var/lib/onefunnel": str(home)}).service("airflow-scheduler")
    return {name: value for name, value in service.environment.items() if name.startswith("ONEFUNNEL_")}


def test_words_are_mapped_in_the_agencys_own_folder_and_outlive_an_upgrade(
    tmp_path: Path, run_cli: RunCli, parsed_home: Path, hash_key: str
) -> None:
    home, sources = tmp_path / "home", tmp_path / "sources"
    words = sources / "words"
    words.mkdir(parents=True)
    (sources / "leads.csv").write_text(LEADS)
    (sources / "payments.csv").write_text(PAYMENTS)
    (sources / "spend.csv").write_text(SPEND)
    (sources / "sources.yml").write_text(
        "version: 1\nwords: words\nreporting: {base_currency: EUR, time_zone: UTC}\n"
        "sources:\n  - {name: crm, system: template, connector: files, entities: "
        "{leads: {path: leads.csv}, payments: {path: payments.csv}, ad_spend: {path: spend.csv}}}\n"
    )
    environment = scheduler_environment(sources, home, hash_key)
    assert environment["ONEFUNNEL_SOURCES"] == str(sources / "sources.yml")
    hand_on_parse(parsed_home, home)

    def run(*arguments: str) -> str:
        return run_cli(*arguments, env=environment).stdout

    def build() -> dict[str, tuple[str, bool]]:
        """Channel and whether the proposal was sent, by lead; who has paid was sent one."""
        run("build", "--as-of", "2026-01-31", "--no-tests")
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as db:
            rows = db.execute("select lead_id, channel_key, proposal_sent_reached from facts.fct_lead_funnel").fetchall()
        return {lead: (channel, proposed) for lead, channel, proposed in rows}

    run("extract", "--as-of", "2026-01-31")
    assert build() == {"L1": ("unmapped", False), "L2": ("unmapped", True), "L3": ("seo", False)}

    listed = json.loads(run("map", "--json"))
    sure = {word["value"]: word["is_sure"] for word in listed["unmapped"]}
    assert sure == {"carrier pigeon": False, "ppc-search": True, "angebot raus": False}
    at_stake = {word["value"]: (word["rows"], word["cost"], word["paid"]) for word in listed["unmapped"]}
    assert at_stake == {"carrier pigeon": (2, 75.5, 0), "ppc-search": (1, None, 200), "angebot raus": (1, None, 0)}
    assert listed["base_currency"] == "EUR"
    assert not list(words.iterdir())
    said = run("map", "--yes")
    assert said.startswith("rows  spent EUR  paid EUR")
    assert "1 mapped, 2 left" in said
    assert "ppc_search" in (words / "channel_mapping.csv").read_text()

    with (words / "channel_mapping.csv").open("a") as file:
        file.write(MAPPING.splitlines()[1] + "\n")
    (words / "channels.csv").write_text(CHANNELS)
    (words / "stage_mapping.csv").write_text(
        "source_system,source_field,source_value,stage_key\ntemplate,status,Angebot raus,proposal_sent\n"
    )
    assert build() == {"L1": ("pigeon", True), "L2": ("ppc_search", True), "L3": ("seo", False)}

    # a line wins over a shipped one while it is there
    (words / "stage_mapping.csv").unlink()
    with (words / "channel_mapping.csv").open("a") as file:
        file.write("template,SEO,pigeon\n")
    assert build() == {"L1": ("pigeon", False), "L2": ("ppc_search", True), "L3": ("pigeon", False)}

    # an upgrade: the warehouse was built by a version with other models, the words are the agency's
    kept = {path.name: path.read_bytes() for path in words.iterdir()}
    with duckdb.connect(str(home / "warehouse.duckdb")) as db:
        db.execute("update landing.built_run set fingerprint = 'of the version before'")
        db.execute("alter table facts.fct_unmapped_value drop column paid_base")
        db.execute("alter table staging.stg_template__leads drop column unread")
    night = run_cli("run", "--as-of", "2026-01-31", env=environment)
    assert "full build: models, seeds or settings have changed" in night.stderr
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as db:
        published = dict(db.execute("select lead_id, channel_key from facts.fct_lead_funnel").fetchall())
    assert published == {"L1": "pigeon", "L2": "ppc_search", "L3": "pigeon"}
    assert {path.name: path.read_bytes() for path in words.iterdir()} == kept
