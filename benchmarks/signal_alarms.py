"""How often does a control chart cry wolf, and how soon does it see one? The model behind mart_signal on made-up weeks of many agencies.

    python -m benchmarks.signal_alarms --write

Quiet agencies, two years of judged weeks each: signals per metric. Then one step of each falls by a third: in how many is it signalled
in time? --write puts both into docs/verdict.md.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.compiled_models import CompiledModel, compile_models, run_models, scratch_warehouse
from benchmarks.documents import put_between
from onefunnel.demo.catalogue import CHANNELS, STAGES, STEP_MINUTES, STEP_RATES, STEP_SPREAD

MODEL = "int_signal_limits"
WEEKS = 138  # half a year to learn what is usual, then two years that are judged
JUDGED = 104
SHARES = np.array([channel.share for channel in CHANNELS]) / sum(channel.share for channel in CHANNELS)
WEEK_MINUTES = 5 * 540  # working minutes
AGES = (0, 1, 2, 3, 4)  # weeks after that of the entry
STEPS = STAGES[1:]


@dataclass(frozen=True)
class Chart:
    """Counts of one metric, agencies x channels x weeks, as int_signal_counts has them."""

    kind: str
    ripe_weeks: int
    units: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    seen: tuple[np.ndarray, ...]  # one for each age before the last


def _share_within(step: int, weeks: int) -> float:
    """Part of those that take the step at all who have taken it when so many weeks after that of their entry have ended."""
    random = np.random.default_rng(0)
    entered = random.uniform(0, WEEK_MINUTES, 100_000)
    minutes = np.exp(random.normal(np.log(STEP_MINUTES[step]), STEP_SPREAD[step], 100_000))
    return float((entered + minutes <= (weeks + 1) * WEEK_MINUTES).mean())


def _age(step: int) -> int:
    """The rule of int_signal_counts: nine of ten of those within four weeks."""
    return next(weeks for weeks in AGES[1:] if _share_within(step, weeks) >= 0.9 * _share_within(step, AGES[-1]))


def agencies(
    random: np.random.Generator, size: int, leads_a_month: float, *, fallen: int | None = None, from_week: int = WEEKS
) -> dict[str, Chart]:
    """Every metric of so many agencies. fallen: the step whose rate is two thirds from a week on."""
    leads = random.poisson(leads_a_month * 12 / 52 * SHARES[:, None], (size, len(SHARES), WEEKS))
    cost = np.broadcast_to(leads_a_month * 12 / 52 * SHARES[:, None] * 60.0, leads.shape)
    charts = {
        "leads": _chart("count", np.zeros(leads.shape), leads),
        "cpl": _chart("per_cost", cost, leads),
    }
    reached = leads
    for step, stage in enumerate(STEPS):
        rate = np.full(WEEKS, STEP_RATES[step])
        if step == fallen:
            rate[from_week:] *= 2 / 3
        went_on = random.binomial(reached, rate)
        age = _age(step)
        seen = [random.binomial(went_on, _share_within(step, AGES[-1]))]
        for weeks in reversed(AGES[:-1]):
            seen.insert(0, random.binomial(seen[0], _share_within(step, weeks) / _share_within(step, weeks + 1)))
        charts[f"step_{stage}"] = Chart("share", age, reached, seen[age], seen[age], tuple(seen[:-1]))
        minutes = np.log1p(STEP_MINUTES[step])
        charts[f"speed_{stage}"] = _chart("log_mean", went_on, *_normal_sums(random, went_on, minutes, STEP_SPREAD[step]))
        reached = went_on
    payments = reached * 3  # a client pays more than once
    charts["average_check"] = _chart("mean", payments, *_lognormal_sums(random, payments, 7.0, 0.7))
    return charts


def _chart(kind: str, units: np.ndarray, total: np.ndarray, squares: np.ndarray | float = 0.0) -> Chart:
    return Chart(kind, 0, units, total, np.broadcast_to(squares, total.shape), (np.zeros(total.shape),) * len(AGES[:-1]))


def _normal_sums(random: np.random.Generator, counts: np.ndarray, mean: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    return _sums(counts, random.normal(mean, spread, int(counts.sum())))


def _lognormal_sums(random: np.random.Generator, counts: np.ndarray, mean: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    return _sums(counts, random.lognormal(mean, spread, int(counts.sum())))


def _sums(counts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and sum of squares of as many values as each cell counts."""
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    return tuple(np.bincount(cells, of, counts.size).reshape(counts.shape) for of in (values, values**2))


def signals(model: list[CompiledModel], charts: dict[str, Chart], as_of: str = "2026-03-29") -> pd.DataFrame:
    """int_signal_limits of all weeks that are out: agency, metric, channel_key, week, since. The last week ends on as_of."""
    weeks = pd.date_range(end=pd.Timestamp(as_of) - pd.Timedelta(days=6), periods=WEEKS, freq="7D")
    connection = scratch_warehouse()
    connection.execute("create schema intermediate; create schema landing")
    connection.execute(f"create table landing.pipeline_run as select date '{as_of}' + 28 as as_of")
    frames = {
        "int_signal_weeks": pd.DataFrame({"week": weeks, "season_index": 1.0, "season_variance": 0.0}),
        "int_signal_counts": pd.concat(_rows(name, chart, weeks) for name, chart in charts.items()),
    }
    for name, frame in frames.items():
        connection.register("given", frame)
        connection.execute(f"create table intermediate.{name} as select * replace (cast(week as date) as week) from given")
        connection.unregister("given")
    run_models(connection, model)
    names = "split_part(metric, '#', 1) as name, cast(split_part(metric, '#', 2) as integer) as agency"
    found = connection.execute(f"select *, {names} from intermediate.{MODEL} where is_out").df()
    connection.close()
    return found[found["week"] >= weeks[WEEKS - JUDGED]]


def _rows(name: str, chart: Chart, weeks: pd.DatetimeIndex) -> pd.DataFrame:
    keys = [*(channel.key for channel in CHANNELS), "all"]
    size = len(chart.units)
    metrics = [f"{name}#{agency}" for agency in range(size)]
    index = pd.MultiIndex.from_product([metrics, keys, weeks], names=["metric", "channel_key", "week"])
    given = {"units": chart.units, "total": chart.total, "squares": chart.squares}
    given |= {f"seen_{weeks}": cells for weeks, cells in enumerate(chart.seen)}
    columns = {
        name: np.concatenate([cells, cells.sum(axis=1, keepdims=True)], axis=1).ravel().astype(float) for name, cells in given.items()
    }
    return pd.DataFrame(columns, index=index).reset_index().assign(kind=chart.kind, ripe_weeks=chart.ripe_weeks)


def false_signals(model: list[CompiledModel], size: int, leads: float, seed: int) -> pd.DataFrame:
    """Signals of quiet agencies in two years, per metric: of all channels together, of any, and agencies with more than one."""
    random = np.random.default_rng(seed)
    charts = agencies(random, size, leads)
    found = signals(model, charts).drop_duplicates(["name", "agency", "channel_key", "since"])
    counts = found.groupby(["name", "agency"]).size().unstack(fill_value=0).reindex(index=list(charts), columns=range(size), fill_value=0)
    together = found[found["channel_key"] == "all"].groupby("name").size().reindex(list(charts), fill_value=0) / size
    return pd.DataFrame({"together": together, "any": counts.mean(axis=1), "more_than_one": (counts > 1).mean(axis=1)})


def signalled(model: list[CompiledModel], size: int, leads: float, step: int, seed: int, weeks: int = 4) -> float:
    """Part of the agencies in which the fall of a step by a third is signalled within so many weeks of the calendar."""
    random = np.random.default_rng(seed)
    charts = {f"step_{STEPS[step]}": agencies(random, size, leads, fallen=step, from_week=WEEKS - 8)[f"step_{STEPS[step]}"]}
    found = signals(model, charts)
    fell = pd.Timestamp("2026-03-23") - pd.Timedelta(weeks=7)
    in_time = found["week"].between(fell, fell + pd.Timedelta(weeks=weeks - 1))
    return float(found[in_time & (found["channel_key"] == "all") & (found["side"] < 0)]["agency"].nunique() / size)


def report(model: list[CompiledModel], size: int = 200) -> str:
    """Markdown: false signals per metric, and how many real ones were seen in time."""
    quiet = false_signals(model, size, 600, 1)
    lines = [
        f"{size} quiet agencies of 600 leads a month, two years each: signals per metric and agency; of steps and times the worst.",
        "",
        "| metric | of all channels together | with all 23 channels | agencies with more than one |",
        "|---|---|---|---|",
    ]
    for kind in ("leads", "cpl", "step_", "speed_", "average_check"):
        of_kind = quiet[quiet.index.str.startswith(kind)]
        together, every, more = (of_kind[column].max() for column in ("together", "any", "more_than_one"))
        lines.append(f"| {kind.rstrip('_')} | {together:.2f} | {every:.2f} | {100 * more:.0f} % |")
    lines += [
        "",
        f"A step falls by a third in {size} agencies of 600 leads a month; signalled when so many weeks have ended:",
        "",
        "| step to | ripe after | two weeks | three | four |",
        "|---|---|---|---|---|",
    ]
    for step, stage in enumerate(STEPS):
        parts = [f"{100 * signalled(model, size, 600, step, 10 + step, weeks):.0f} %" for weeks in (2, 3, 4)]
        lines.append(f"| `{stage}` | {7 * _age(step)} days | {' | '.join(parts)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/verdict.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = compile_models([MODEL], Path(folder) / "home", Path(folder) / "target")
    text = report(model)
    print(text)
    if arguments.write:
        put_between("signals", text)


if __name__ == "__main__":
    main()
