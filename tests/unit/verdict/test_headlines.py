"""The words: who is named, what is left to chance, and that texts are data."""

from __future__ import annotations

from datetime import date
from statistics import NormalDist

import pytest
from lmdi_reference import STAGES
from test_planted_changes import funnel
from verdict_bench import Bench, cell

MONTH = date(2026, 1, 1)


def headline(bench: Bench, metric: str = "new_clients") -> dict:
    return bench.rows(f"select * from marts.mart_verdict where metric = '{metric}'")[0]


def test_a_broken_step_is_told_with_its_values(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))], wording=True)
    found = headline(bench)
    assert found["headline_en"] == "New clients fell from 97 to 42: sales -55 (proposal -> contract 70 % -> 30 %)"
    assert found["headline_ru"] == "Новые клиенты: было 97, стало 42: продажи -55 (предложение -> договор 70 % -> 30 %)"
    assert found["confidence"] == "high"


def test_money_is_grouped_and_the_average_check_is_told(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=6000)), cell("current", funnel(leads=6000, check=500.0))], wording=True)
    assert headline(bench, "new_client_revenue")["headline_en"] == (
        "New-client revenue fell from 486 000 to 243 000: sales -243 000 (average check 1 000 -> 500)"
    )


def test_chance_is_nobodys_fault(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=600)), cell("current", funnel(leads=575, paid=0.55, sql=0.72))], wording=True)
    found = headline(bench)
    assert found["headline_en"].endswith("within normal variation, nobody to blame")
    assert (found["main_department"], found["main_factor"], found["main_channel"]) == (None, None, None)


def test_a_change_spread_over_everything_names_no_one(bench: Bench) -> None:
    rates = {"sql": 0.74, "demo_held": 0.85, "contract_sent": 0.76, "paid": 0.67}
    bench.decide([cell("base", funnel(leads=1400)), cell("current", funnel(leads=1520, **rates))], wording=True)
    found = headline(bench)
    assert found["main_department"] is None
    assert "more than chance, but no department stands out" in found["headline_en"]


def test_what_is_within_chance_is_said_to_be(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=1200)), cell("current", funnel(leads=1260, contract_sent=0.3))], wording=True)
    assert headline(bench)["headline_en"].endswith("; marketing +3 within normal variation")


def test_nothing_on_both_sides(bench: Bench) -> None:
    bench.decide([cell("base", {"lead": 5}), cell("current", {"lead": 7})], wording=True)
    assert headline(bench)["headline_en"] == "New clients: nothing in either month"


def test_leads_and_those_handed_over_have_a_verdict_of_their_own(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, brief_filled=0.3))], wording=True)
    sql = headline(bench, "sql")
    assert sql["headline_en"] == "SQL (passed to sales) fell from 454 to 227: marketing -227 (first contact -> brief 60 % -> 30 %)"
    assert (sql["main_department"], sql["main_factor"]) == ("marketing", "step_brief_filled")
    assert sql["marketing_effect"] == pytest.approx(sql["delta"], abs=1e-9)
    assert headline(bench, "leads")["headline_ru"] == "Лиды 1 200 -> 1 200: в пределах обычных колебаний, виноватых нет"


def test_fewer_leads_are_marketings_at_every_depth(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=2400)), cell("current", funnel(leads=1600))], wording=True)
    for metric in ("leads", "sql", "new_clients"):
        found = headline(bench, metric)
        assert (found["main_department"], found["main_factor"]) == ("marketing", "lead_volume"), metric
        assert found["sales_effect"] == pytest.approx(0, abs=2)
    assert headline(bench, "leads")["sales_effect"] == 0
    assert headline(bench, "leads")["headline_en"] == "Leads fell from 2 400 to 1 600: marketing -800 (leads 2 400 -> 1 600)"


@pytest.mark.parametrize(
    ("counts", "metric"),
    [(funnel(leads=1200), "new_clients"), ({"lead": 60, "first_contact": 50, "brief_filled": 40, "sql": 9}, "sql"), ({"lead": 5}, "leads")],
)
def test_the_first_line_is_of_the_count_nearest_to_the_client(bench: Bench, counts: dict[str, float], metric: str) -> None:
    bench.decide([cell("base", counts), cell("current", counts | {"lead": counts["lead"] + 4})], wording=True)
    assert bench.rows("select metric from marts.mart_verdict where is_first_line") == [{"metric": metric}]


def test_the_first_line_passes_over_what_cannot_be_compared(bench: Bench) -> None:
    cells = [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))]
    bench.decide(cells, wording=True, ageless=[(MONTH, "paid"), (MONTH, "sql")])
    assert bench.rows("select metric from marts.mart_verdict where is_first_line") == [{"metric": "leads"}]
    bench.decide(cells, wording=True, ageless=[(MONTH, "paid")], unrecorded=[(MONTH, "sql")])
    assert bench.rows("select metric from marts.mart_verdict where is_first_line") == [{"metric": "leads"}]
    assert not bench.rows("select * from marts.mart_verdict where metric = 'sql'")


def test_the_season_is_the_markets(bench: Bench) -> None:
    bench.decide(
        [cell("base", funnel(leads=1200)), cell("current", funnel(leads=600))],
        [(MONTH, "previous_month", True, 1.2, 0.6, 0.004)],
        wording=True,
    )
    found = headline(bench)
    assert found["main_department"] == "market"
    assert found["headline_en"].startswith("New clients fell from 97 to 49: season -49")
    assert abs(found["marketing_effect"]) < 1


def test_an_unsure_season_is_not_claimed(bench: Bench) -> None:
    bench.decide(
        [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1100))],
        [(MONTH, "previous_month", True, 1.05, 0.95, 0.02)],
        wording=True,
    )
    assert headline(bench)["main_department"] is None


def test_a_step_over_unrecorded_stages_belongs_to_the_department_that_owns_them_all(bench: Bench) -> None:
    cells = [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))]
    bench.decide(cells, wording=True, unrecorded=[(MONTH, "proposal_sent"), (MONTH, "contract_sent")])
    found = headline(bench)
    assert found["headline_en"] == "New clients fell from 97 to 42: sales -55 (demo -> client 36 % -> 15 %)"
    assert found["headline_ru"] == "Новые клиенты: было 97, стало 42: продажи -55 (демо -> клиент 36 % -> 15 %)"
    assert "unrecorded_stages" in found["caveats"]
    steps = bench.rows("select factor, first_step from marts.mart_change_factors where metric = 'new_clients' and first_step <> factor")
    assert steps == [{"factor": "step_paid", "first_step": "step_proposal_sent"}]
    factors = {row["factor"] for row in bench.rows("select factor from marts.mart_change_factors")}
    assert not {"step_proposal_sent", "step_contract_sent"} & factors


def test_a_step_of_two_departments_belongs_to_nobody(bench: Bench) -> None:
    """Leads and payments only: fewer become clients, and nothing says at which stage they stop."""
    cells = [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))]
    bench.decide(cells, wording=True, unrecorded=[(MONTH, stage) for stage in STAGES[1:-1]])
    found = headline(bench)
    assert found["headline_en"] == (
        "New clients fell from 97 to 42: marketing or sales (not recorded which) -55 (lead -> client 8 % -> 4 %)"
    )
    assert (found["main_department"], found["main_factor"]) == ("undivided", "step_paid")
    assert found["undivided_effect"] == pytest.approx(found["delta"], abs=1e-9)
    assert found["sales_effect"] == 0


def test_a_stage_without_age_is_passed_over(bench: Bench) -> None:
    cells = [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, demo_held=0.4))]
    bench.decide(cells, wording=True, ageless=[(MONTH, "demo_held")])
    assert headline(bench)["headline_en"].startswith("New clients fell from 97 to 49: sales -48 (SAL -> proposal 68 % -> 34 %)")


def test_clients_without_age_are_not_compared(bench: Bench) -> None:
    cells = [cell("base", funnel(leads=1200)), cell("current", funnel(leads=1200, contract_sent=0.3))]
    bench.decide(cells, wording=True, ageless=[(MONTH, "paid")])
    found = headline(bench)
    assert found["headline_en"] == "New clients 97 -> 42: not to be compared, the source does not say when leads came this far"
    assert found["headline_ru"] == "Новые клиенты 97 -> 42: сравнить нельзя, источник не говорит, когда лиды дошли до этого этапа"
    assert (found["main_department"], found["main_factor"], found["confidence"]) == (None, None, "low")


def test_nobody_is_named_against_the_direction(bench: Bench) -> None:
    """Sales lost beyond chance; more leads, which an unsure season may have brought, made up for it."""
    bench.decide(
        [cell("base", funnel(leads=2400)), cell("current", funnel(leads=4000, contract_sent=0.45))],
        [(MONTH, "previous_month", True, 1.0, 1.0, 0.06)],
        wording=True,
    )
    found = headline(bench)
    assert found["headline_en"] == "New clients 194 -> 208: opposite effects cancel out (sales -89, marketing +103)"
    assert found["headline_ru"] == "Новые клиенты 194 -> 208: противоположные эффекты гасят друг друга (продажи -89, маркетинг +103)"
    assert (found["main_department"], found["main_factor"], found["confidence"]) == (None, None, "low")


def test_an_effect_that_rounds_to_nothing_is_not_named(bench: Bench) -> None:
    """Prices fell from 30 cents to 10: proven, and 0 in whole units of money."""
    base = funnel(leads=1200) | {"new_revenue": 0.3, "new_revenue_squares": 0.001}
    bench.decide([cell("base", base), cell("current", base | {"new_revenue": 0.1, "new_revenue_squares": 0.0001})], wording=True)
    assert headline(bench, "new_client_revenue")["main_department"] is None


def test_caveats_are_told_in_both_languages(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=60), basis="period"), cell("current", funnel(leads=50), basis="period")], wording=True)
    found = headline(bench)
    assert found["caveats"] == "insufficient_history,different_cohorts,few_clients"
    assert "no season can be told" in found["caveats_en"]
    assert "сезон не выделить" in found["caveats_ru"]
    assert found["confidence"] == "low"


def test_templates_are_data(bench: Bench) -> None:
    bench.connection.execute(
        "update seeds.headline_templates set text_en = 'All calm: {current} after {base}' where template_key = 'nobody'"
    )
    bench.decide([cell("base", funnel(leads=600)), cell("current", funnel(leads=600))], wording=True)
    assert headline(bench)["headline_en"] == "All calm: 49 after 49"


def test_a_headline_leans_where_nobody_is_proven(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=600)), cell("current", funnel(leads=600, contract_sent=0.55))], wording=True)
    found = headline(bench)
    assert (found["main_department"], found["leaning_department"]) == (None, "sales")
    assert found["headline_en"] == "New clients 49 -> 38: leans to sales (91 %), not proven: within normal variation, nobody to blame"
    assert found["headline_ru"] == "Новые клиенты 49 -> 38: скорее продажи (91 %), не доказано: в пределах обычных колебаний, виноватых нет"


def test_probabilities_are_those_of_the_normal_distribution(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=600)), cell("current", funnel(leads=560, sql=0.65, contract_sent=0.6))], wording=True)
    found = headline(bench)
    for department in ("marketing", "sales"):
        toward = found[f"{department}_effect"] * (1 if found["delta"] > 0 else -1) / found[f"{department}_stderr"]
        assert found[f"p_{department}"] == pytest.approx(NormalDist().cdf(toward), abs=2e-7)
    assert found["p_market"] == 0


def test_where_nothing_changed_there_is_nothing_to_be_likely(bench: Bench) -> None:
    bench.decide([cell("base", funnel(leads=600)), cell("current", funnel(leads=600))], wording=True)
    found = headline(bench)
    assert [found[f"p_{name}"] for name in ("marketing", "sales", "market")] == [None, None, None]
