"""How often is the verdict right when it says how sure it is? Its own models on months that are made up, thousands at a time.

    python -m benchmarks.verdict_calibration --write

Two questions. Of small agencies in which one step or channel falls by half: has the right department the highest probability? And where
everything moves at once, by chance and in truth: of the statements between 0.8 and 0.9, are 80 to 90 % right? --write puts both into
docs/verdict.md.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.compiled_models import CompiledModel, compile_models, load_seeds, run_models, scratch_warehouse
from benchmarks.documents import put_between
from onefunnel.demo.catalogue import CHANNELS, STAGES, STEP_RATES

SHARES = np.array([channel.share for channel in CHANNELS]) / sum(channel.share for channel in CHANNELS)
KEYS = [channel.key for channel in CHANNELS]
MARKETING_STEPS = 4  # lead -> SAL; the four after it are of sales
MONEY = ("new_revenue", "new_revenue_squares", "existing_revenue", "existing_revenue_squares", "refunds", "refund_squares")
COUNTED = ("channels", "gauge", "market", "groups", "steps", "effects", "allocated", "metrics")
MODELS = (*COUNTED, "factors", "departments", "main_factors", "parts")
SPREAD = 0.3  # of the logarithm by which a department moves its part, and the market all leads


@dataclass(frozen=True)
class Month:
    """Made-up months: factors on the leads of each channel and on each step (months x channels, months x steps), demand as an index."""

    leads: np.ndarray
    steps: np.ndarray
    demand: np.ndarray | None = None


def counts(random: np.random.Generator, leads: float, of_leads: np.ndarray, of_steps: np.ndarray) -> np.ndarray:
    """Leads and what became of them, months x channels x stages."""
    reached = [random.poisson(leads * SHARES * of_leads)]
    for rate in np.clip(STEP_RATES * of_steps, 0, 0.99).T:
        reached.append(random.binomial(reached[-1], rate[:, None]))
    return np.stack(reached, axis=2)


def judged(models: list[CompiledModel], random: np.random.Generator, leads: float, made_up: Month, quiet_steps: np.ndarray) -> pd.DataFrame:
    """mart_verdict on new clients, one row per made-up month, in their order. leads: of each side."""
    size = len(made_up.leads)
    months = pd.date_range("1800-01-01", periods=size, freq="MS").date
    connection = scratch_warehouse()
    load_seeds(connection, ["factor_owners", "headline_templates", "channels", "funnel_stages"])
    connection.execute("create schema facts; create view facts.dim_channel as select * from seeds.channels; create schema intermediate")
    frames = []
    for side, of_leads, of_steps in (
        ("base", np.ones((size, len(KEYS))), quiet_steps),
        ("current", made_up.leads, quiet_steps * made_up.steps),
    ):
        table = counts(random, leads, of_leads, of_steps).reshape(size * len(KEYS), len(STAGES))
        frame = pd.DataFrame(table.astype(float), columns=[f"{stage}_count" for stage in STAGES])
        frame.insert(0, "channel_key", np.tile(KEYS, size))
        frame.insert(0, "side", side)
        frame.insert(0, "month", np.repeat(months, len(KEYS)))
        frames.append(frame[frame["lead_count"] > 0])
    cells = pd.concat(frames).assign(basis="cohort", comparison="previous_month", undated_count=0.0, **dict.fromkeys(MONEY, 0.0))
    indices = pd.DataFrame({"month": months, "comparison": "previous_month", "channel_key": "all", "base_index": 1.0})
    indices["current_index"] = 1.0 if made_up.demand is None else made_up.demand
    every = "select distinct basis, month, comparison from intermediate.int_verdict_cells"
    _table(connection, "int_verdict_cells", cells)
    _table(connection, "int_verdict_market_index", indices if made_up.demand is not None else indices.head(0))
    _table(connection, "int_delivered_entities", pd.DataFrame({"entity": ["leads", "payments"]}))
    for name, columns in {
        "int_verdict_season": "month, comparison, false as has_season, 1.0 as base_index, 1.0 as current_index, 0.0 as log_variance",
        "int_verdict_sides": "basis, month, comparison, false as is_partial, 'full' as window_kind, 60 as window_days",
        "int_verdict_stages": "basis, month, comparison, 'none' as stage_key, 1 as stage_order, true as is_recorded, true as has_age",
    }.items():
        connection.execute(f"create table intermediate.{name} as select {columns} from ({every})")
    run_models(connection, models)
    return connection.execute("select * from marts.mart_verdict where metric = 'new_clients' order by month").df()


def _table(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    months = "replace (cast(month as date) as month)" if "month" in frame else ""
    connection.register("given", frame)
    connection.execute(f"create table intermediate.{name} as select * {months} from given")
    connection.unregister("given")


def likeliest(verdicts: pd.DataFrame) -> np.ndarray:
    names = np.array(["marketing", "sales", "market"])
    return names[verdicts[[f"p_{name}" for name in names]].fillna(0).to_numpy().argmax(axis=1)]


def halved(models: list[CompiledModel], size: int, leads: float, months: int, seed: int) -> float:
    """Part of the incidents (one step, or the leads of one channel, by half) whose department has the highest probability."""
    random = np.random.default_rng(seed)
    of_leads, of_steps = np.ones((size, len(KEYS))), np.ones((size, len(STEP_RATES)))
    place = random.integers(0, len(STEP_RATES) + 1, size)
    channel = random.choice(len(KEYS), size, p=SHARES)
    is_channel = place == len(STEP_RATES)
    of_leads[is_channel, channel[is_channel]] = 0.5
    of_steps[~is_channel, place[~is_channel]] = 0.5
    owner = np.where((place < MARKETING_STEPS) | is_channel, "marketing", "sales")
    verdicts = judged(models, random, leads * months, Month(of_leads, of_steps), np.ones_like(of_steps))
    return float((likeliest(verdicts) == owner).mean())


def statements(models: list[CompiledModel], size: int, leads: float, seed: int) -> pd.DataFrame:
    """What is said of each department (p) and whether its true effect has the sign of the change (is_right)."""
    random = np.random.default_rng(seed)
    of_steps = np.ones((size, len(STEP_RATES)))
    # a department moves one of its steps, whichever
    for first, count in ((0, MARKETING_STEPS), (MARKETING_STEPS, len(STEP_RATES) - MARKETING_STEPS)):
        of_steps[np.arange(size), first + random.integers(0, count, size)] = np.exp(random.normal(0, SPREAD, size))
    quiet = np.full_like(of_steps, 0.9)  # so that most rates have room to rise
    demand = np.exp(random.normal(0, SPREAD, size))
    own = np.exp(random.normal(0, SPREAD, size))
    measured = demand * np.exp(random.normal(0, 0.03, size))
    verdicts = judged(models, random, leads, Month(np.outer(demand * own, np.ones(len(KEYS))), of_steps, measured), quiet)
    real = np.log(np.clip(STEP_RATES * quiet * of_steps, 0, 0.99) / (STEP_RATES * quiet))
    of_marketing, of_sales = real[:, :MARKETING_STEPS].sum(axis=1), real[:, MARKETING_STEPS:].sum(axis=1)
    truth = {"marketing": np.log(own) + of_marketing, "sales": of_sales, "market": np.log(demand)}
    moved = np.sign(verdicts["delta"].to_numpy())
    return pd.concat(
        pd.DataFrame({"department": name, "p": verdicts[f"p_{name}"], "is_right": np.sign(effect) == moved})[moved != 0]
        for name, effect in truth.items()
    )


def report(models: list[CompiledModel]) -> str:
    """Markdown: the small agencies, and how often statements of each band were right."""
    month, quarter = (halved(models, 200, 80, months, seed) for months, seed in ((1, 1), (3, 2)))
    lines = [
        "One step, or the leads of one channel, falls by half in each of 200 agencies of 80 leads a month: the right department has the",
        f"highest probability in {100 * month:.0f} % of them by month and in {100 * quarter:.0f} % by quarter.",
        "",
        "Everything moves at once (one step of each department, all leads, demand; logarithms with a spread of 0.3; an index that is off",
        "by 3 %), 1000 agencies each of 80, 240 and 600 leads a month:",
        "",
        "| `p_marketing`, `p_sales`, `p_market` | statements | right |",
        "|---|---|---|",
    ]
    said = pd.concat(statements(models, 1000, leads, seed) for leads, seed in ((80, 3), (240, 4), (600, 5)))
    said["band"] = np.minimum((said["p"] * 10).astype(int), 9)
    for band, of_band in said.groupby("band"):
        lines.append(f"| {band * 10} to {band * 10 + 10} % | {len(of_band)} | {100 * of_band['is_right'].mean():.0f} % |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/verdict.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"int_verdict_{name}" for name in MODELS]
        models = compile_models([*wanted, "mart_verdict"], Path(folder) / "home", Path(folder) / "target")
    text = report(models)
    print(text)
    if arguments.write:
        put_between("calibration", text)


if __name__ == "__main__":
    main()
