"""An agency's own words through the real command line: mapped in its own folder, counted by the next build, gone when the line is gone."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from nights import RunCli

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


def test_words_are_mapped_in_the_agencys_own_folder(tmp_path: Path, run_cli: RunCli) -> None:
    words = tmp_path / "words"
    words.mkdir()
    (tmp_path / "leads.csv").write_text(LEADS)
    (tmp_path / "payments.csv").write_text(PAYMENTS)
    (tmp_path / "spend.csv").write_text(SPEND)
    (tmp_path / "sources.yml").write_text(
        "version: 1\nwords: words\nreporting: {base_currency: EUR, time_zone: UTC}\n"
        "sources:\n  - {name: crm, system: template, connector: files, entities: "
        "{leads: {path: leads.csv}, payments: {path: payments.csv}, ad_spend: {path: spend.csv}}}\n"
    )
    arguments = ("--sources", tmp_path / "sources.yml", "--home", tmp_path / "home")

    def build() -> dict[str, tuple[str, bool]]:
        """Channel and whether the proposal was sent, by lead; who has paid was sent one."""
        run_cli("build", *arguments, "--as-of", "2026-01-31")
        with duckdb.connect(str(tmp_path / "home/warehouse.duckdb"), read_only=True) as db:
            rows = db.execute("select lead_id, channel_key, proposal_sent_reached from facts.fct_lead_funnel").fetchall()
        return {lead: (channel, proposed) for lead, channel, proposed in rows}

    run_cli("extract", *arguments, "--as-of", "2026-01-31")
    assert build() == {"L1": ("unmapped", False), "L2": ("unmapped", True), "L3": ("seo", False)}

    listed = json.loads(run_cli("map", *arguments, "--json").stdout)
    sure = {word["value"]: word["is_sure"] for word in listed["unmapped"]}
    assert sure == {"carrier pigeon": False, "ppc-search": True, "angebot raus": False}
    at_stake = {word["value"]: (word["rows"], word["cost"], word["paid"]) for word in listed["unmapped"]}
    assert at_stake == {"carrier pigeon": (2, 75.5, 0), "ppc-search": (1, None, 200), "angebot raus": (1, None, 0)}
    assert listed["base_currency"] == "EUR"
    assert not list(words.iterdir())
    said = run_cli("map", *arguments, "--yes").stdout
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
