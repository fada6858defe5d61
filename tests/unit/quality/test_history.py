"""What is lost: rows and days that BI shows of a source and a candidate has not, and nothing stands in for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from small_home import publish_number, settings_of

from onefunnel.publish.manifest import current_version, version_file
from onefunnel.quality.history import lost_rows
from onefunnel.settings import Settings

FIRST = date(2026, 1, 1)
AS_OF = date(2026, 3, 31)
FACTS = """
create schema if not exists facts;
create or replace table facts.fct_lead_funnel (lead_key varchar, source_name varchar, created_date date, attempt_number integer);
create or replace table facts.fct_excluded_lead (lead_key varchar);
create or replace table facts.fct_stage_event (
    stage_event_key varchar, lead_key varchar, stage_key varchar, entered_at timestamp, is_imputed boolean);
create or replace table facts.fct_payment (payment_key varchar, source_name varchar, paid_date date, amount_base decimal(18, 2));
create or replace table facts.fct_payment_plan (plan_key varchar, source_name varchar, due_date date, planned_base decimal(18, 2));
create or replace table facts.fct_ad_spend (source_name varchar, spend_date date, cost_base decimal(18, 2), cost_kind varchar);
create or replace table facts.fct_target (month date);
create or replace table facts.fct_market_index (starts_on date);
create or replace table facts.dim_date (date_day date, is_holiday boolean);
create or replace table facts.fct_row_count (source_name varchar, contract_entity varchar, rows_quarantined bigint)
"""
Rows = list[tuple[str, int]]
Lost = tuple[str, int, int, str, float, str]


def _rows(days: Iterable[int], prefix: str = "") -> Rows:
    """One row of each day, counted from FIRST, told apart by its place."""
    return [(f"crm:{prefix}{number}", day) for number, day in enumerate(days)]


# Rows of a source called crm, of which a key and a day are given; money is 10 each. A stage was entered at midnight in Berlin.
FILLED = {
    "leads": ["fct_lead_funnel select key, 'crm', day, 1"],
    "excluded": ["fct_excluded_lead select key"],
    "stage_events": [
        "fct_stage_event select key, split_part(key, '|', 1), 'sql', cast(day as timestamp) - interval 1 hour, false",
        "fct_stage_event select 'imputed#' || key, split_part(key, '|', 1), 'sql', null, true",
    ],
    "payments": ["fct_payment select key, 'crm', day, -10"],
    "payment_plan": ["fct_payment_plan select key, 'crm', day, 10"],
    "ad_spend": ["fct_ad_spend select 'crm', day, 10, 'ad_spend'"],
    "channel_costs": ["fct_ad_spend select 'crm', day, 10, 'channel_cost'"],
    "targets": ["fct_target select day"],
    "market_index": ["fct_market_index select day"],
    "holidays": ["dim_date select day, true"],
}


def _fill(db: duckdb.DuckDBPyConnection, entity: str, rows: Rows) -> None:
    given = "from (select unnest(?) as key, unnest(?) as day)"
    for filled in FILLED[entity]:
        db.execute(f"insert into facts.{filled} {given}", [[key for key, _ in rows], [FIRST + timedelta(days) for _, days in rows]])
    if entity in ("targets", "market_index", "holidays"):
        db.execute("insert into facts.fct_row_count values ('crm', ?, 0)", [entity])


Losses = Callable[..., list[Lost]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("published") / "home"
    publish_number(settings_of(home), 1, AS_OF)
    return home


@pytest.fixture
def losses(published: Path, tmp_path: Path) -> Losses:
    """What is lost between what BI shows and the candidate, both by entity; days are counted from FIRST."""
    settings = settings_of(shutil.copytree(published, tmp_path / "home", symlinks=True))
    shown, now = version_file(settings, current_version(settings) or ""), tmp_path / "now.duckdb"
    shown.chmod(0o600)

    def lost(
        before: dict[str, Rows], after: dict[str, Rows], *, as_of: date = AS_OF, history_from: date = date.min, more: str = ""
    ) -> list[Lost]:
        for path, facts in ((shown, before), (now, after)):
            with duckdb.connect(str(path)) as db:
                db.execute(FACTS)
                db.execute("begin")
                for entity, rows in facts.items():
                    _fill(db, entity, rows)
                db.execute("commit")
        with duckdb.connect(str(now)) as db:
            published = f"select date '{as_of}' as as_of, 'Europe/Berlin' as reporting_time_zone"
            db.execute(f"create schema if not exists marts; create or replace table marts.mart_publication as {published}")
            db.execute(more or "select 1")
        return _read(settings, now, history_from)

    return lost


def _read(settings: Settings, now: Path, history_from: date = date.min) -> list[Lost]:
    with duckdb.connect() as db:
        found = db.execute(f"from {lost_rows(settings, now, history_from)} order by 1, 3").fetchall()
    return [(entity, (first - FIRST).days, (last - FIRST).days, *rest) for entity, _, first, last, *rest in found]


FIVE = _rows([0, 1, 1, 2, 5])


@pytest.mark.parametrize(
    ("entity", "before", "after", "lost"),
    [
        pytest.param("leads", FIVE, FIVE, [], id="all is there"),
        pytest.param("leads", FIVE, [*FIVE, ("crm:new", 6)], [], id="and more"),
        pytest.param("leads", FIVE, [*FIVE[:4], ("crm:4", 4)], [], id="a lead moved to another day"),
        pytest.param("leads", FIVE, _rows([0, 1, 1, 2, 5], "new-"), [], id="other ids for the same leads"),
        pytest.param("leads", FIVE, [*FIVE[:2], *FIVE[3:]], [("leads", 1, 1, "1 rows", 0.0, "few")], id="a lead of a day, perhaps deleted"),
        pytest.param("leads", FIVE, FIVE[3:], [("leads", 0, 1, "3 rows", 0.0, "days")], id="neighbouring days"),
        pytest.param("leads", FIVE, [], [], id="a source that delivers none any more is another check's"),
        pytest.param("payments", FIVE, FIVE[1:4], [("payments", 0, 5, "2 rows", 20.0, "few")], id="lone days with their money"),
        pytest.param("payment_plan", FIVE, FIVE[3:], [("payment_plan", 0, 1, "3 rows", 30.0, "days")], id="lines of a plan"),
        pytest.param("payment_plan", [*FIVE, ("crm:x", 95)], FIVE, [], id="a plan of days to come may change"),
        pytest.param("ad_spend", FIVE, FIVE[1:], [("ad_spend", 0, 0, "1 rows", 10.0, "days")], id="a day of spend"),
        pytest.param("ad_spend", _rows([0, 0, 1]), _rows([0, 1]), [("ad_spend", 0, 0, "less on 1 days", 10.0, "few")], id="a campaign"),
        pytest.param("ad_spend", _rows([0] * 20), _rows([0] * 19), [], id="a little less spend, restated"),
        pytest.param("channel_costs", FIVE, FIVE[3:], [("channel_costs", 0, 1, "3 rows", 30.0, "days")], id="months of costs"),
        pytest.param("targets", _rows([0, 31, 59]), _rows([59]), [("targets", 0, 31, "2 rows", 0.0, "few")], id="two targets"),
        pytest.param("targets", _rows([0, 0, 31, 59]), _rows([59]), [("targets", 0, 31, "3 rows", 0.0, "days")], id="months of targets"),
        pytest.param("targets", _rows([0, 0, 0, 31]), _rows([0, 31]), [], id="one target of a month for three"),
        pytest.param(
            "market_index", _rows([0, 31, 59]), _rows([31, 59]), [("market_index", 0, 0, "1 rows", 0.0, "few")], id="a value of the index"
        ),
        pytest.param("holidays", FIVE, FIVE[3:], [("holidays", 0, 1, "3 rows", 0.0, "days")], id="holidays of a year"),
    ],
)
def test_what_is_gone(losses: Losses, entity: str, before: Rows, after: Rows, lost: list[Lost]) -> None:
    assert losses({entity: before}, {entity: after}) == lost


@pytest.mark.parametrize("entity", ["leads", "stage_events", "payments", "payment_plan"])
def test_half_of_the_rows_of_each_day_are_too_many(losses: Losses, entity: str) -> None:
    before = _rows([*range(30), *range(30)])
    money = 0.0 if entity in ("leads", "stage_events") else 300.0
    assert losses({entity: before}, {entity: before[:30]}) == [(entity, 0, 29, "30 rows", money, "rows")]


def test_every_second_of_lone_days_is_too_much_though_no_two_are_neighbours(losses: Losses) -> None:
    before = _rows(range(30))
    assert losses({"stage_events": before}, {"stage_events": before[::2]}) == [("stage_events", 1, 29, "15 rows", 0.0, "rows")]


def test_a_lead_that_comes_into_a_stage_again_has_lost_no_entry(losses: Losses) -> None:
    before = [(f"crm:{number}|first", number) for number in range(6)]
    after = [(f"crm:{number}|again", 20) for number in range(6)]
    assert losses({"stage_events": before}, {"stage_events": after}) == []


def test_half_of_a_month_is_too_much_among_many_months(losses: Losses) -> None:
    years = _rows([day for day in range(-700, 0) for _ in range(2)], "old-")
    month = _rows([*range(30), *range(30)])
    assert losses({"leads": years + month}, {"leads": years + month[:30]}) == [("leads", 0, 29, "30 rows", 0.0, "rows")]
    # a few that were deleted here and there are no part of a delivery
    assert losses({"leads": years + month}, {"leads": years + month[:54]}) == [("leads", 24, 29, "6 rows", 0.0, "few")]


def test_leads_that_count_no_more_are_not_gone(losses: Losses) -> None:
    assert losses({"leads": FIVE}, {"leads": FIVE[3:], "excluded": FIVE[:3]}) == []


def test_rows_set_aside_are_told_as_such_and_close_no_gate(losses: Losses) -> None:
    out = "insert into facts.fct_row_count values ('crm', 'payments', 3)"
    assert losses({"payments": FIVE}, {"payments": FIVE[3:]}, more=out) == [("payments", 0, 1, "3 rows", 30.0, "few")]


def test_a_night_for_an_earlier_day_misses_nothing_of_later_days(losses: Losses) -> None:
    assert losses({"leads": _rows(range(10))}, {"leads": _rows(range(5))}, as_of=FIRST + timedelta(5)) == []
    assert losses({"leads": _rows(range(10))}, {"leads": _rows(range(2))}, as_of=FIRST + timedelta(5)) == [
        ("leads", 2, 4, "3 rows", 0.0, "days")
    ]


def test_days_before_the_first_that_must_stay_may_go(losses: Losses) -> None:
    before = {"payments": _rows(range(10))}
    assert losses(before, {"payments": _rows(range(10))[5:]}, history_from=FIRST + timedelta(5)) == []
    assert losses(before, {"payments": _rows(range(10))[6:]}, history_from=FIRST + timedelta(5)) == [
        ("payments", 5, 5, "1 rows", 10.0, "few")
    ]


def test_what_an_older_version_did_not_publish_is_not_compared(losses: Losses, tmp_path: Path) -> None:
    losses({"leads": FIVE, "payments": FIVE}, {"leads": FIVE[3:], "payments": FIVE[3:]})
    settings = settings_of(tmp_path / "home")
    with duckdb.connect(str(version_file(settings, current_version(settings) or ""))) as db:
        db.execute("alter table facts.fct_lead_funnel drop column lead_key; drop table facts.fct_row_count")
    assert _read(settings, tmp_path / "now.duckdb") == [("payments", 0, 1, "3 rows", 30.0, "days")]


def test_before_the_first_publication_nothing_is_lost(tmp_path: Path) -> None:
    assert _read(settings_of(tmp_path / "home"), tmp_path / "now.duckdb") == []
