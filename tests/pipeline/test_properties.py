"""What holds for every source, whatever it delivers: properties of the very SQL that dbt compiled, on random template files."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import pytest
from compiled import CompiledModels, Files, everything
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from oracle.calendar import read_number
from oracle.compare import assert_same, published
from oracle.entities import Settings, rounded
from oracle.funnel import build_funnel
from oracle.marts import MARTS
from oracle.template import read_template
from random_source import AS_OF, random_files, random_payment, shuffled
from template_files import write_files

pytestmark = pytest.mark.slow

RUN = Settings(AS_OF, landed_at=Settings(AS_OF).as_of_end)
SEEDS = st.integers(0, 2**32 - 1)
# hardly anybody, a few, and as many as make every kind of row that random_files knows: what lies between says nothing more
LEADS = st.sampled_from((1, 4, 40, 40))
# One example is a build of all models: few of them, none spent on shrinking, and the same ones in every run.
# ONEFUNNEL_TEST_EXAMPLES=100 runs longer.
THOROUGH = settings(
    max_examples=int(os.environ.get("ONEFUNNEL_TEST_EXAMPLES", "9")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
BRIEF = settings(THOROUGH, max_examples=(THOROUGH.max_examples + 2) // 3)


@pytest.fixture(scope="module")
def models(demo_home: Path) -> CompiledModels:
    return CompiledModels(demo_home)


def _build(models: CompiledModels, files: Files, *wanted: str) -> duckdb.DuckDBPyConnection:
    return models.build(files, AS_OF, RUN.as_of_end, wanted)


@THOROUGH
@given(seed=SEEDS, leads=LEADS, dirty=st.booleans())
@example(seed=50, leads=9, dirty=False)  # paid in the name of a client of whom there are test leads alone
def test_marts_equal_the_oracle_and_keep_their_identities(models: CompiledModels, seed: int, leads: int, dirty: bool) -> None:
    """One build per example serves all of these, since a build is what takes the time."""
    files = random_files(seed, leads, dirty)
    db = _build(models, files, *MARTS, "fct_row_count")
    assert_stages_never_increase(db)
    assert_rows_and_money_are_accounted_for(db, files)
    assert_joins_multiply_nothing(db)
    with tempfile.TemporaryDirectory() as folder:
        write_files(files, Path(folder))
        funnel = build_funnel(read_template(Path(folder), RUN))
    for mart, (keys, calculate) in MARTS.items():
        expected = calculate(funnel)
        if len(expected):
            assert_same(published(db, mart), expected, keys)
        else:
            assert published(db, mart).empty, mart


def assert_stages_never_increase(db: duckdb.DuckDBPyConnection) -> None:
    rising = db.execute(
        "select * from marts.mart_funnel_cohort where reached > reached_previous or reached > leads or reached_imputed > reached"
    ).fetchall()
    assert rising == []
    without_earlier = db.execute(
        "select lead_attempt_key from facts.fct_lead_funnel "
        "where paid_reached and not sql_reached or sal_reached and not first_contact_reached"
    ).fetchall()
    assert without_earlier == []


def assert_rows_and_money_are_accounted_for(db: duckdb.DuckDBPyConnection, files: Files) -> None:
    """Delivered rows and money = published + quarantined + superseded, counted here from the files themselves."""
    counts = db.execute(
        "select entity, rows_landed, rows_valid + rows_quarantined + rows_superseded, coalesce(money_landed_original, 0), "
        "coalesce(money_valid_original, 0) + coalesce(money_quarantined_original, 0) + coalesce(money_superseded_original, 0) "
        "from facts.fct_row_count"
    ).fetchall()
    for entity, landed, accounted, money_landed, money_accounted in counts:
        assert landed == accounted == len(files.get(entity, [])), entity
        assert money_landed == money_accounted, entity
    delivered = sum((read_number(row["amount"]) or Decimal(0) for row in files["payments"]), Decimal(0))
    assert next((money for entity, _, _, money, _ in counts if entity == "payments"), 0) == delivered


def assert_joins_multiply_nothing(db: duckdb.DuckDBPyConnection) -> None:
    leads, attempts, events = db.execute(
        "select (select count(*) from intermediate.int_leads where exclusion is null), (select count(*) from facts.fct_lead_funnel), "
        "(select count(*) from intermediate.int_stage_events where opens_attempt)"
    ).fetchone()
    assert attempts == leads + events
    keyed = db.execute("select count(*), count(distinct payment_key) from facts.fct_payment").fetchone()
    assert keyed[0] == keyed[1]
    in_marts = db.execute(
        "select (select sum(leads) from marts.mart_funnel_cohort where stage_key = 'lead' and window_days = 0 and channel_key = 'all'), "
        "(select sum(reached) from marts.mart_funnel_cohort where stage_key = 'lead' and window_days = 0 and channel_key <> 'all'), "
        "(select sum(value) from marts.mart_kpi_monthly where kpi = 'leads' and channel_key = 'all')"
    ).fetchone()
    assert [float(value or 0) for value in in_marts] == [attempts, attempts, leads]
    revenue = db.execute(
        "select coalesce(sum(value), 0) from marts.mart_kpi_monthly where kpi = 'revenue' and channel_key = 'all'"
    ).fetchone()
    ledger = db.execute("select coalesce(sum(amount_base), 0) from facts.fct_payment").fetchone()
    assert float(revenue[0]) == pytest.approx(float(ledger[0]), abs=1e-6)


MONEY = st.tuples(
    st.integers(1, 15).flatmap(lambda digits: st.integers(10 ** (digits - 1), 10**digits)),  # every magnitude alike
    st.sampled_from((0, 2, 3, 4)),
    st.sampled_from(("EUR", "USD", "JPY", "IDR", "RUB", "KWD")),
)
RATE = st.tuples(st.integers(1, 10**15), st.integers(0, 12)).map(lambda drawn: Decimal(drawn[0]).scaleb(-drawn[1]))
RATES = st.fixed_dictionaries(dict.fromkeys(("USD", "JPY", "IDR", "RUB", "KWD"), RATE.filter(lambda rate: rate < 10**8)))


@BRIEF
@given(drawn=st.lists(MONEY, min_size=8, max_size=20), rates=RATES)
def test_money_of_any_magnitude_is_exact(models: CompiledModels, drawn: list[tuple[int, int, str]], rates: dict[str, Decimal]) -> None:
    """Amounts to 10^15 of any unit, with up to four decimals, at rates with up to twelve: valued as decimals are by hand, and summed."""
    lead = {"lead_id": "L", "created_at": "2026-01-05 10:00:00", "channel": "seo"}
    amounts = {f"P{number}": (Decimal(units).scaleb(-scale), currency) for number, (units, scale, currency) in enumerate(drawn)}
    day = {"paid_at": "2026-01-06 10:00:00", "lead_id": "L"}
    payments = [day | {"payment_id": key, "amount": f"{amount:f}", "currency": currency} for key, (amount, currency) in amounts.items()]
    fx_rates = [{"date": "2026-01-06", "currency": currency, "rate_to_base": f"{rate:f}"} for currency, rate in rates.items()]
    spend = [{"date": "2026-01-06", "channel": "seo", "cost": row["amount"], "currency": row["currency"]} for row in payments]
    db = _build(models, {"leads": [lead], "payments": payments, "fx_rates": fx_rates, "ad_spend": spend}, "mart_kpi_daily", "fct_ad_spend")
    valued = {
        key: amount * ({"EUR": Decimal(1)} | rates)[currency].quantize(Decimal("1e-12")) for key, (amount, currency) in amounts.items()
    }
    exact = {key: rounded(value) for key, value in valued.items() if rates.get(amounts[key][1], 0) < 10**6}
    found = dict(db.execute("select payment_id, amount_base from facts.fct_payment").fetchall())
    assert set(found) == set(amounts)
    assert {key: found[key] for key in exact} == exact
    for key, value in valued.items():  # beyond a million a rate keeps eight decimals
        assert abs(found[key] - value) <= amounts[key][0] * Decimal("1e-8") + Decimal("0.01")
    revenue = db.execute("select sum(numerator) from marts.mart_kpi_daily where kpi = 'revenue' and channel_key = 'seo'").fetchone()
    assert revenue[0] == sum(found.values())
    costs = db.execute("select currency, cost_original from facts.fct_ad_spend").fetchall()
    assert dict(costs) == {currency: sum(a for a, c in amounts.values() if c == currency) for currency in {c for _, c in amounts.values()}}


def _lead_counts(db: duckdb.DuckDBPyConnection) -> Counter:
    return Counter(
        {
            (month, channel): value
            for month, channel, value in db.execute(
                "select month, channel_key, value from marts.mart_kpi_monthly where kpi = 'leads' and value > 0"
            ).fetchall()
        }
    )


@BRIEF
@given(seed=SEEDS, leads=LEADS)
def test_the_order_of_rows_never_changes_a_mart_nor_a_payment_a_lead_count(models: CompiledModels, seed: int, leads: int) -> None:
    files = random_files(seed, leads, dirty=False)
    names = (*MARTS, "mart_kpi_daily", "mart_funnel_period", "mart_winback", "mart_change_factors", "mart_verdict")
    marts = [f"marts.{name}" for name in names]
    db = _build(models, files, *names)
    before, counts = everything(db, marts), _lead_counts(db)
    after = everything(_build(models, shuffled(files, seed + 1), *names), marts)
    for mart in marts:
        assert after[mart] == before[mart], mart
    random = Random(seed + 1)  # noqa: S311  test data
    more = [random_payment(random, f"more-{number}", random.choice(files["leads"])) for number in range(4)]
    assert _lead_counts(_build(models, files | {"payments": [*files["payments"], *more]}, "mart_kpi_monthly")) == counts
