"""Each incident moves the rate it says, from its month on, beyond chance, and leaves the others alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from onefunnel.demo.catalogue import STAGES
from onefunnel.demo.facts import attempts_of
from onefunnel.demo.leads import arrive
from onefunnel.demo.spec import INCIDENTS, DemoSpec
from onefunnel.demo.world import World, build

pytestmark = pytest.mark.slow

BEFORE, HIT, END = "2025-12", "2026-01", date(2026, 3, 31)
SEEDS = (1, 2)


def agency(incident: str, seed: int) -> World:
    spec = DemoSpec(seed=seed, months=5, leads_per_month=600, end=END, incident=incident, incident_month=date(2026, 1, 1), dirty=False)
    return build(spec)


@pytest.fixture(scope="module")
def worlds() -> dict[tuple[str, int], World]:
    return {(incident, seed): agency(incident, seed) for incident in INCIDENTS for seed in SEEDS}


def cohorts(world: World) -> dict[str, pd.DataFrame]:
    """Attempts of both months by what they reached within 30 days of their start, as the verdict sees cohorts of equal age."""
    attempts = attempts_of(world).merge(world.tables["leads"][["lead_id", "_channel"]], on="lead_id")
    seen = attempts[list(STAGES)].to_numpy() <= (attempts["lead"].to_numpy() + 30 * 86400)[:, None]
    attempts["seen"] = (seen * np.arange(len(STAGES))).max(axis=1)
    month = attempts["lead"].to_numpy().astype("datetime64[s]").astype("datetime64[M]").astype(str)
    return {name: attempts[month == name] for name in (BEFORE, HIT)}


def rate_change(world: World, start: str, goal: str, channel: str | None = None) -> tuple[float, float]:
    """Change of the logarithm of start -> goal between the months, and how many standard errors that is."""
    low, high = STAGES.index(start), STAGES.index(goal)
    logs, variance = [], 0.0
    for attempts in cohorts(world).values():
        chosen = attempts if channel is None else attempts[attempts["_channel"] == channel]
        entered, reached = (chosen["seen"] >= low).sum(), (chosen["seen"] >= high).sum()
        logs.append(np.log((reached + 0.5) / (entered + 0.5)))
        variance += 1 / (reached + 0.5) - 1 / (entered + 0.5)
    return logs[1] - logs[0], (logs[1] - logs[0]) / np.sqrt(variance)


def median_minutes(world: World, month: str) -> float:
    attempts = cohorts(world)[month]
    return float(((attempts["first_contact"] - attempts["lead"]) / 60).median())


def checks(world: World, month: str) -> pd.Series:
    """First payment of each client won at the first attempt from a month's leads, base currency."""
    payments = world.tables["payments"].query("kind == 'payment'").sort_values("_at").groupby("lead_id").first()
    currencies, days = payments["currency"].to_numpy(dtype=object), payments["_at"].to_numpy() // 86400
    base = world.rates.to_base(payments["_cents"].to_numpy(), currencies, days)
    attempts = cohorts(world)[month]
    won = attempts.loc[(attempts["attempt"] == 0) & (attempts["furthest"] == 8), "lead_id"]
    return pd.Series(base, index=payments.index)[lambda values: values.index.isin(won)]


@pytest.mark.parametrize("seed", SEEDS)
def test_lead_quality_collapses_in_one_paid_channel(worlds: dict, seed: int) -> None:
    world = worlds["lead_quality", seed]
    assert rate_change(world, "lead", "sql", "ppc_search")[0] < np.log(0.15)
    assert rate_change(world, "lead", "sal")[1] < -4
    assert abs(rate_change(world, "lead", "sql", "seo")[1]) < 3.5


@pytest.mark.parametrize("seed", SEEDS)
def test_slow_first_contact_is_ten_times_later_and_costs_briefs(worlds: dict, seed: int) -> None:
    world = worlds["slow_first_contact", seed]
    assert median_minutes(world, HIT) > 8 * median_minutes(worlds["none", seed], HIT)
    assert rate_change(world, "first_contact", "brief_filled")[1] < -4
    assert abs(rate_change(world, "sal", "paid")[1]) < 3.5


@pytest.mark.parametrize("seed", SEEDS)
def test_contracts_are_lost_by_sales_alone(worlds: dict, seed: int) -> None:
    world = worlds["lost_at_contract", seed]
    assert rate_change(world, "contract_sent", "paid")[1] < -4
    assert rate_change(world, "lead", "sal") == rate_change(worlds["none", seed], "lead", "sal")


@pytest.mark.parametrize("seed", SEEDS)
def test_checks_halve_and_clients_do_not(worlds: dict, seed: int) -> None:
    world, usual = worlds["smaller_checks", seed], worlds["none", seed]
    assert checks(world, HIT).mean() == pytest.approx(0.5 * checks(usual, HIT).mean(), rel=0.02)
    assert checks(world, BEFORE).equals(checks(usual, BEFORE))
    assert rate_change(world, "lead", "paid") == rate_change(usual, "lead", "paid")


@pytest.mark.parametrize("seed", SEEDS)
def test_dip_takes_leads_and_no_rate(worlds: dict, seed: int) -> None:
    sizes = [len(cohorts(worlds[incident, seed])[HIT]) for incident in ("seasonal_dip", "none")]
    assert sizes[0] < 0.62 * sizes[1]
    assert abs(rate_change(worlds["seasonal_dip", seed], "lead", "paid")[1]) < 3.5


def test_dip_returns_every_year() -> None:
    spec = DemoSpec(seed=1, months=26, leads_per_month=600, end=END, incident="seasonal_dip", incident_month=date(2026, 1, 1), dirty=False)
    created = {f"{month:%Y-%m}": len(arrive(spec, month, {})) for month in spec.all_months}
    for january, neighbours in (("2025-01", ("2024-12", "2025-02")), ("2026-01", ("2025-12", "2026-02"))):
        assert created[january] < 0.65 * min(created[name] for name in neighbours)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_incident_no_rate_moves_beyond_chance(worlds: dict, seed: int) -> None:
    for start, goal in (("lead", "sal"), ("sal", "paid"), ("contract_sent", "paid")):
        assert abs(rate_change(worlds["none", seed], start, goal)[1]) < 3.5


@pytest.mark.parametrize("incident", [name for name in INCIDENTS if name != "seasonal_dip"])
def test_an_incident_leaves_earlier_leads_as_they_were(worlds: dict, incident: str) -> None:
    world, usual = worlds[incident, 1], worlds["none", 1]
    for entity in ("leads", "stage_events"):
        ids = [frame.loc[frame["lead_id"] < "L2601", ["lead_id", "_at"]] for frame in (world.tables[entity], usual.tables[entity])]
        first, second = (frame[frame["_at"] < np.datetime64("2026-01-01", "s").astype(np.int64)].reset_index(drop=True) for frame in ids)
        pd.testing.assert_frame_equal(first, second)


def test_the_incident_starts_in_the_month_that_the_verdict_explains_by_default() -> None:
    starts = {end: DemoSpec(end=end).incident_start for end in (date(2026, 3, 31), date(2026, 3, 29), date(2026, 4, 30), date(2026, 5, 15))}
    assert starts == {
        date(2026, 3, 31): date(2026, 2, 1),  # February has lived 31 days
        date(2026, 3, 29): date(2026, 1, 1),  # 29 days
        date(2026, 4, 30): date(2026, 3, 1),  # 30 days
        date(2026, 5, 15): date(2026, 3, 1),
    }
