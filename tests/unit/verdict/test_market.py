"""Whose are fewer leads: the market's where an index of demand or the channels that nobody buys say so, else marketing's."""

from __future__ import annotations

from datetime import date

import pytest
from test_planted_changes import funnel
from verdict_bench import Bench, cell

MONTH = date(2026, 1, 1)
LEADS = {"seo": 1500, "ppc_search": 2000, "referral": 600, "direct": 400}


def decide(bench: Bench, left: dict[str, float], **inputs: object) -> dict:
    """The verdict on new clients where so much is left of each channel's leads."""
    cells = [cell("base", funnel(leads=leads), channel) for channel, leads in LEADS.items()]
    cells += [cell("current", funnel(leads=leads * left.get(channel, left.get("", 1.0))), channel) for channel, leads in LEADS.items()]
    bench.decide(cells, wording=True, **inputs)
    return bench.rows("select * from marts.mart_verdict where metric = 'new_clients'")[0]


def market_rows(bench: Bench) -> list[dict]:
    return bench.rows(
        "select * from marts.mart_change_factors where metric = 'new_clients' and factor = 'market_demand' order by channel_key"
    )


def test_an_index_tells_how_much_of_the_leads_the_market_took(bench: Bench) -> None:
    found = decide(bench, {"": 0.6}, indices=[(MONTH, "previous_month", "all", 250.0, 150.0)])
    assert (found["main_department"], found["main_factor"], found["market_method"]) == ("market", "market_demand", "index")
    assert found["headline_en"].startswith("New clients fell from 364 to 218: market -145 (market index 100 -> 60)")
    assert found["headline_ru"].startswith("Новые клиенты: было 364, стало 218: рынок -145 (индекс рынка 100 -> 60)")
    assert abs(found["marketing_effect"]) < 1
    assert {row["method"] for row in market_rows(bench)} == {"index"}


def test_what_the_index_leaves_is_marketings(bench: Bench) -> None:
    found = decide(bench, {"": 0.6}, indices=[(MONTH, "previous_month", "all", 250.0, 250.0)])
    assert (found["main_department"], found["market_method"], found["market_effect"]) == ("marketing", "index", 0)


def test_the_index_has_the_season_in_it(bench: Bench) -> None:
    season = [(MONTH, "previous_month", True, 1.2, 0.8, 0.002)]
    decide(bench, {"": 0.6}, seasons=season, indices=[(MONTH, "previous_month", "all", 5.0, 3.0)])
    assert bench.rows("select factor from marts.mart_change_factors where factor = 'season'") == []


def test_a_channel_may_have_an_index_of_its_own(bench: Bench) -> None:
    indices = [(MONTH, "previous_month", "all", 1.0, 1.0), (MONTH, "previous_month", "ppc_search", 100.0, 50.0)]
    found = decide(bench, {"ppc_search": 0.5}, indices=indices)
    assert found["main_department"] == "market"
    effects = {row["channel_key"]: row["effect"] for row in market_rows(bench)}
    assert effects["ppc_search"] == pytest.approx(found["delta"], abs=1.0)
    assert all(abs(effect) < 1e-9 for channel, effect in effects.items() if channel != "ppc_search")


def test_an_index_of_one_channel_says_nothing_of_the_others(bench: Bench) -> None:
    decide(bench, {"": 0.6}, indices=[(MONTH, "previous_month", "ppc_search", 100.0, 60.0)])
    assert [row["channel_key"] for row in market_rows(bench)] == ["ppc_search"]


def test_all_channels_alike_are_the_market(bench: Bench) -> None:
    found = decide(bench, {"": 0.6})
    assert (found["main_department"], found["main_factor"], found["market_method"]) == ("market", "market_demand", "gauge")
    assert found["headline_en"] == (
        "New clients fell from 364 to 218: market -145 (demand by unpaid channels 100 -> 60); "
        "sales -1 within normal variation; leads fell alike in all channels, unpaid ones too"
    )
    assert "рынок -145 (спрос по бесплатным каналам 100 -> 60)" in found["headline_ru"]
    assert found["headline_ru"].endswith("; лидов стало меньше одинаково во всех каналах, и в бесплатных")
    assert found["confidence"] == "medium"


def test_one_channel_alone_is_marketings(bench: Bench) -> None:
    found = decide(bench, {"ppc_search": 0.4})
    assert (found["main_department"], found["main_channel"], found["market_method"]) == ("marketing", "ppc_search", "none")
    assert "alike" not in found["headline_en"]
    assert found["confidence"] == "high"


def test_all_but_the_unpaid_channels_are_marketings(bench: Bench) -> None:
    found = decide(bench, {"seo": 0.6, "ppc_search": 0.6})
    assert (found["main_department"], found["market_method"], found["confidence"]) == ("marketing", "none", "high")


def test_unlike_channels_are_told_apart_by_those_that_nobody_buys(bench: Bench) -> None:
    found = decide(bench, {"": 0.8, "seo": 0.5, "ppc_search": 1.05})
    assert found["market_method"] == "gauge"
    assert {round(row["current"], 6) for row in market_rows(bench)} == {0.8}


def test_a_gauge_that_the_others_contradict_gauges_only_itself(bench: Bench) -> None:
    decide(bench, {"referral": 0.5, "direct": 0.5})
    assert [row["channel_key"] for row in market_rows(bench)] == ["direct", "referral"]


def test_which_channels_are_gauges_is_data(bench: Bench) -> None:
    bench.connection.execute("update seeds.channels set is_market_gauge = false")
    found = decide(bench, {"": 0.6})
    assert (found["main_department"], found["market_method"]) == ("marketing", "none")
