"""The generated agency holds together: nothing after its end, nothing without its lead, money that follows the plan."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from onefunnel.demo import generate
from onefunnel.demo.catalogue import CHANNEL_KEYS, NOT_OFFERED, SEASON, SERVICES, STAGES
from onefunnel.demo.facts import attempts_of
from onefunnel.demo.leads import arrive, expected_leads
from onefunnel.demo.spec import DemoSpec
from onefunnel.demo.working_time import WorkingClock, easter, skip_spring_gap
from onefunnel.demo.world import World, build
from tests.unit.demo.conftest import END

ENDINGS = ("rejected", "returned", "lost", "partner_handoff")


def seconds(text: str) -> np.ndarray:
    return np.array([np.datetime64(text, "s").astype(np.int64)])


@pytest.mark.parametrize(
    ("entity", "column"),
    [("leads", "created_at"), ("leads", "status_at"), ("leads", "closed_at"), ("leads", "first_contact_at"), ("leads", "updated_at"),
     ("stage_events", "entered_at"), ("payments", "paid_at"), ("ad_spend", "date"), ("fx_rates", "date")],
)  # fmt: skip
def test_nothing_is_dated_after_the_end(entity: str, column: str) -> None:
    spec = DemoSpec(seed=4, months=4, leads_per_month=150, end=date(2026, 3, 17), dirty=False)
    dates = generate(spec)[entity][column]
    assert dates[dates != ""].max() < "2026-03-18"
    assert dates[dates != ""].max() >= "2026-03-16"


def test_recent_leads_are_open_and_old_ones_mostly_closed(clean_world: World) -> None:
    leads = clean_world.tables["leads"]
    is_open = ~leads["status"].isin([*ENDINGS, "paid"])
    assert is_open[leads["created_at"] >= "2026-03-20"].mean() > 0.6
    assert is_open[leads["created_at"] < "2025-12-01"].mean() < 0.12


def test_every_event_payment_and_plan_line_has_its_lead(clean_world: World) -> None:
    tables = clean_world.tables
    known = tables["leads"].set_index("lead_id")
    assert known.index.is_unique
    for entity, key in (("stage_events", "event_id"), ("payments", "payment_id"), ("payment_plan", "plan_id")):
        assert tables[entity][key].is_unique
        assert tables[entity]["lead_id"].isin(known.index).all()
    for entity in ("payments", "payment_plan"):
        assert (known.loc[tables[entity]["lead_id"], "contact_id"].to_numpy() == tables[entity]["client_id"].to_numpy()).all()


def test_stages_follow_in_order_and_never_precede_the_lead(clean_world: World) -> None:
    attempts = attempts_of(clean_world)
    times = attempts[list(STAGES)].to_numpy()
    latest = np.fmax.accumulate(times, axis=1)
    straight = ~np.isnan(times[:, 1:]) & ~np.isnan(latest[:, :-1])
    behind = (times[:, 1:] < latest[:, :-1]) & straight
    # only a stage whose first entry was never recorded can carry a later, second date
    assert behind.sum() <= 3
    assert (attempts["first_contact"] >= attempts["lead"])[attempts["first_contact"].notna()].all()


def test_nobody_pays_twice_the_first_time_and_each_client_paid(clean_world: World) -> None:
    attempts = attempts_of(clean_world)
    won = attempts[attempts["furthest"] == 8]
    paid = clean_world.tables["payments"].query("kind == 'payment'").groupby("lead_id")["_at"].min()
    assert (paid.loc[won["lead_id"]].to_numpy() == won["paid"].to_numpy()).all()
    assert len(paid) == len(won)


def test_lost_leads_come_back_as_second_attempts_after_their_ending(clean_world: World) -> None:
    attempts = attempts_of(clean_world).set_index(["lead_id", "attempt"])
    again = attempts.xs(1, level="attempt")
    ended = attempts.xs(0, level="attempt")[list(ENDINGS)].max(axis=1)
    assert len(again) > 20
    assert (again["lead"] > ended.loc[again.index]).all()


def test_some_contacts_apply_again_under_a_new_lead(clean_world: World) -> None:
    contacts = clean_world.tables["leads"].groupby("contact_id").agg(leads=("lead_id", "nunique"), emails=("contact_email", "nunique"))
    assert 0.01 < (contacts["leads"] > 1).mean() < 0.05
    assert (contacts["emails"] == 1).all()


def test_history_stays_when_the_end_moves_on() -> None:
    """A night later the agency has the same past plus one day, so that nightly loads can be tried."""
    first_night, second_night = (DemoSpec(seed=9, months=2, leads_per_month=300, end=date(2026, 3, day)) for day in (19, 20))
    early, late = build(first_night).tables, build(second_night).tables
    for entity, key in (("leads", "lead_id"), ("stage_events", "event_id"), ("payments", "payment_id")):
        before = late[entity][late[entity]["_at"] < first_night.end_second]
        pd.testing.assert_frame_equal(early[entity][[key, "_at"]], before[[key, "_at"]].reset_index(drop=True))
        assert len(late[entity]) > len(early[entity])


def test_free_service_offer_brings_leads_and_no_clients(clean_world: World) -> None:
    attempts = attempts_of(clean_world).merge(clean_world.tables["leads"][["lead_id", "_channel"]], on="lead_id")
    offer = attempts[attempts["_channel"] == "free_service_offer"]
    assert len(offer) > 40
    assert (offer["furthest"] < 8).all()


def test_services_not_offered_are_rejected_and_often_handed_to_a_partner(clean_world: World) -> None:
    leads = clean_world.tables["leads"]
    asked = leads[leads["requested_service"].isin([SERVICES[index] for index in NOT_OFFERED])]
    assert (asked["reason"] == "service_not_offered").mean() > 0.45
    assert (asked["status"] == "partner_handoff").mean() > 0.25
    assert (leads.drop(asked.index)["status"] == "partner_handoff").mean() < 0.06


def test_every_channel_occurs_and_costs_what_its_kind_costs(clean_world: World) -> None:
    tables = clean_world.tables
    assert set(tables["leads"]["channel"]) == set(CHANNEL_KEYS)
    cpl = {
        key: sum(frame.loc[frame["channel"] == key, "_cents"].sum() for frame in (tables["ad_spend"], tables["channel_costs"]))
        / 100
        / (tables["leads"]["channel"] == key).sum()
        for key in ("ppc_search", "conference_talk", "direct")
    }
    assert cpl["ppc_search"] == pytest.approx(100, rel=0.12)
    assert cpl["conference_talk"] == pytest.approx(50, rel=0.35)
    assert cpl["direct"] == 0


def test_payments_come_in_several_currencies_late_missing_and_taken_back(clean_world: World) -> None:
    payments, plan = clean_world.tables["payments"], clean_world.tables["payment_plan"]
    assert set(payments["currency"]) == {"EUR", "USD", "UAH", "PLN"}
    assert set(payments["kind"]) == {"payment", "refund", "chargeback"}
    assert (payments.loc[payments["kind"] != "payment", "_cents"] < 0).all()
    assert (payments.loc[payments["kind"] == "payment", "_cents"] > 0).all()
    due = plan[plan["due_date"] <= "2026-02-28"]["_cents"].count()
    paid = (payments["kind"] == "payment").sum()
    assert paid < len(plan)
    assert due > 0


def test_a_year_has_its_seasons() -> None:
    """Autumn is the strongest time and August the weakest, every year; a month's leads are Poisson around that."""
    spec = DemoSpec(seed=2, months=24, leads_per_month=900, end=END, growth_pct=0)
    leads = pd.Series({f"{month:%Y-%m}": len(arrive(spec, month, {})) for month in spec.all_months})
    index = leads / leads.mean()
    usual = pd.Series([SEASON[int(name[5:]) - 1] for name in index.index], index=index.index) / SEASON.mean()
    assert (abs(index - usual) < 4 / np.sqrt(900 * usual)).all()
    for year in ("2024", "2025"):
        assert index[f"{year}-10"] > 1.05
        assert index[f"{year}-08"] < 0.95


def test_working_hours_shape_contacts_but_not_applications(clean_world: World) -> None:
    tables = clean_world.tables
    contacted = pd.to_datetime(tables["stage_events"].query("stage == 'first_contact'")["entered_at"])
    assert contacted.dt.hour.between(9, 18).all()
    assert (contacted.dt.day_of_week < 5).all()
    created = pd.to_datetime(tables["leads"]["created_at"])
    assert 0.05 < (created.dt.day_of_week >= 5).mean() < 0.25
    assert (created.dt.hour < 6).any()


def test_expected_leads_grow_slowly_and_keep_their_mix() -> None:
    spec = DemoSpec(leads_per_month=600, months=26)
    year_apart = [expected_leads(spec, date(year, 5, 1)) for year in (2024, 2025)]
    assert year_apart[1].sum() / year_apart[0].sum() == pytest.approx(1.003**12)
    assert np.allclose(year_apart[0] / year_apart[0].sum(), year_apart[1] / year_apart[1].sum())


def test_clock_counts_working_minutes_over_weekends_and_holidays() -> None:
    clock = WorkingClock(2025, 2026)
    friday_evening, monday = seconds("2026-03-27T17:30:00"), seconds("2026-03-30T09:30:00")
    assert (clock.position(monday) - clock.position(friday_evening))[0] == 60
    before_easter = clock.position(seconds("2026-04-02T18:00:00"))
    assert clock.moment(before_easter + 1)[0] == seconds("2026-04-07T09:01:00")[0]
    assert clock.moment(clock.position(monday))[0] == monday[0]


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28)])
def test_easter_falls_on_its_sunday(day: date) -> None:
    assert easter(day.year) == day


def test_no_clock_shows_the_hour_that_spring_skips() -> None:
    assert skip_spring_gap(seconds("2026-03-29T02:30:00"))[0] == seconds("2026-03-29T03:30:00")[0]
    for unmoved in ("2026-03-29T01:59:59", "2026-03-29T03:00:00", "2026-03-22T02:30:00", "2026-10-25T02:30:00"):
        assert skip_spring_gap(seconds(unmoved))[0] == seconds(unmoved)[0]
