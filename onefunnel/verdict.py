"""Reads a published verdict and draws it: headline, departments with their margins, the way from one month's figure to the other's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.words import headline_texts

if TYPE_CHECKING:
    import duckdb
    from rich.console import RenderableType

LANGUAGES = ("en", "ru")
# Departments in the order of the funnel; 95 % of chance lies within this many standard errors.
DEPARTMENTS = ("marketing", "sales", "market", "undivided")
MARGIN = 1.96
BAR_WIDTH = 36
# between the two ends of a step's label
ARROW = " -> "


@dataclass(frozen=True)
class Factor:
    """Effect of one factor over all channels, in the unit of the metric.

    first_step: of a step, the first one of the funnel that it spans; another where the stages between are not recorded.
    """

    factor: str
    first_step: str | None
    owner_department: str
    effect: float


@dataclass(frozen=True)
class Verdict:
    """One row of mart_verdict with its factors. effects and margins by department; a margin is 1.96 standard errors.

    probabilities: that the department's effect has the sign of the change.
    market_method: how demand was measured beside the season - index, gauge or none.
    """

    month: date
    comparison: str
    metric: str
    basis: str
    base: float
    current: float
    effects: dict[str, float]
    margins: dict[str, float]
    probabilities: dict[str, float | None]
    main_department: str | None
    main_factor: str | None
    main_channel: str | None
    market_method: str
    confidence: str
    headlines: dict[str, str]
    caveats: dict[str, str]
    window_days: int | None
    factors: tuple[Factor, ...]

    def to_dict(self) -> dict[str, Any]:
        """As `onefunnel verdict --json` prints it."""
        return {**asdict(self), "month": self.month.isoformat(), "delta": self.current - self.base}


def parse_month(text: str) -> date:
    """2026-03 as the first of March. Raises ConfigError for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ConfigError(f"{text!r} is not a month", where="--month", hint="write it as YYYY-MM, for example 2026-03") from None


def read_verdict(published: Path, month: date | None, comparison: str, metric: str | None, basis: str) -> Verdict:
    """The verdict of a month; without one, of the latest month whose leads have lived long enough to be judged.

    published: the published DuckDB file, opened read-only. metric: without one, that of the first line.
    Raises OnefunnelError when nothing is published, ConfigError when there is no such metric or the month has no verdict.
    """
    import duckdb

    if not published.exists():
        raise OnefunnelError("nothing is published yet", where=str(published), hint="run `onefunnel run` first")
    with duckdb.connect(str(published), read_only=True) as connection:
        metrics = [name for (name,) in connection.execute("select distinct metric from marts.mart_verdict order by 1").fetchall()]
        if metric and metric not in metrics:
            raise ConfigError(f"no metric {metric}", where="--metric", hint=f"one of: {', '.join(metrics)}")
        months = _months(connection, comparison, metric, basis)
        if not months:
            raise ConfigError(
                f"no month can be compared with its {comparison.replace('_', ' ')}",
                where=str(published),
                hint="it needs the leads of both months, and payments where it speaks of money (else: --metric leads)",
            )
        chosen = month or _latest_settled(months)
        if chosen not in months:
            raise ConfigError(f"no verdict for {chosen:%Y-%m}", where="--month", hint=f"choose {min(months):%Y-%m} to {max(months):%Y-%m}")
        return _with_factors(connection, months[chosen])


def _months(connection: duckdb.DuckDBPyConnection, comparison: str, metric: str | None, basis: str) -> dict[date, dict[str, Any]]:
    """The row of each month that has a verdict; without a metric, the one that the page begins with, which older versions do not name."""
    found = connection.execute("select * from marts.mart_verdict where comparison = ? and basis = ? order by month", [comparison, basis])
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    is_asked = [row["metric"] == metric if metric else row.get("is_first_line", row["metric"] == "new_clients") for row in rows]
    return {row["month"]: row for row, asked in zip(rows, is_asked, strict=True) if asked}


def _latest_settled(months: dict[date, dict[str, Any]]) -> date:
    settled = [month for month, row in months.items() if row["window_kind"] in ("full", "month")]
    return max(settled or months)


def _with_factors(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> Verdict:
    factors = connection.execute(
        "select factor, first_step, owner_department, sum(effect) from marts.mart_change_factors "
        "where month = ? and comparison = ? and metric = ? and basis = ? group by factor, first_step, owner_department",
        [row[name] for name in ("month", "comparison", "metric", "basis")],
    ).fetchall()
    return Verdict(
        **{name: row[name] for name in ("month", "comparison", "metric", "basis", "base", "current")},
        effects={department: row[f"{department}_effect"] for department in DEPARTMENTS},
        margins={department: MARGIN * row[f"{department}_stderr"] for department in DEPARTMENTS},
        probabilities={department: row.get(f"p_{department}") for department in DEPARTMENTS[:3]},
        **{name: row[name] for name in ("main_department", "main_factor", "main_channel", "confidence")},
        market_method=row.get("market_method", "none"),
        headlines={language: row[f"headline_{language}"] for language in LANGUAGES},
        caveats={language: row[f"caveats_{language}"] for language in LANGUAGES},
        window_days=row["window_days"],
        factors=tuple(Factor(*values) for values in factors),
    )


@dataclass(frozen=True)
class Words:
    """Labels in one language: factors in the order of the funnel, departments, and the fixed words of the drawing."""

    factors: dict[str, str]
    departments: dict[str, str]
    fixed: dict[str, str]

    def of_department(self, department: str, market_method: str) -> str:
        """Label of a department; the market is its season where nothing else is known of it."""
        return self.departments["market_demand" if department == "market" and market_method != "none" else department]

    def of_factor(self, factor: Factor) -> str:
        """Label of a factor; of a step over stages that are not recorded, from where its first step starts to where it leads itself."""
        label = self.factors[factor.factor]
        if factor.first_step in (None, factor.factor):
            return label
        return f"{self.factors[factor.first_step].split(ARROW)[0]}{ARROW}{label.split(ARROW)[-1]}"


FIXED_WORDS = {
    "en": {
        "previous_month": "the month before",
        "previous_year": "the same month a year ago",
        "previous_quarter": "the three months before",
        "previous_year_quarter": "the same three a year ago",
        "confidence": "confidence",
        "within": "within chance",
        "beyond": "beyond chance",
        "accounting": "This is accounting, not causation: it says where the change sits, not why.",
    },
    "ru": {
        "previous_month": "месяц назад",
        "previous_year": "год назад",
        "previous_quarter": "три месяца до того",
        "previous_year_quarter": "те же три год назад",
        "confidence": "уверенность",
        "within": "в пределах случайности",
        "beyond": "не случайность",
        "accounting": "Это арифметика, а не причины: видно, где изменение, но не почему.",
    },
}


def read_words(published: Path, project: Path, language: str) -> Words:
    """Labels of the published factors, and of the departments from the project's seeds: the same that the headlines are made of."""
    import duckdb

    from onefunnel.report.payload import read_factors

    with duckdb.connect(str(published), read_only=True) as connection:
        owners = read_factors(connection, project / "seeds")
    texts = headline_texts(language)
    return Words(
        factors={row["factor"]: row[f"label_{language}"] for row in owners},
        departments={department: texts[f"department_{department}"] for department in (*DEPARTMENTS, "market_demand")},
        fixed=FIXED_WORDS[language],
    )


def waterfall_steps(verdict: Verdict, order: list[str]) -> list[tuple[Factor, float, float]]:
    """Factors that move the figure by what a person can see (0.05 of the unit or of a percent), each with the level before and after it.

    The rest is kept in the levels, so that the last one is the current figure.
    """
    smallest = 0.05 * max(1.0, abs(verdict.base) / 100)
    steps, level = [], verdict.base
    for factor in sorted(verdict.factors, key=lambda each: (order.index(each.factor), order.index(each.first_step or each.factor))):
        if abs(factor.effect) >= smallest:
            steps.append((factor, level, level + factor.effect))
        level += factor.effect
    return steps


def bar(start: float, end: float, lowest: float, highest: float, width: int = BAR_WIDTH) -> str:
    """A floating bar between two levels on a scale from lowest to highest; at least one cell, so that no step is invisible."""
    span = (highest - lowest) or 1.0
    left, right = sorted((start, end))
    first = min(int((left - lowest) / span * width), width - 1)
    last = max(first + 1, round((right - lowest) / span * width))
    return " " * first + "█" * (min(last, width) - first)


def number_text(value: float, signed: bool = False) -> str:
    """Whole numbers in groups of three; small ones with a decimal."""
    pattern = f"{'+' if signed else ''},.{0 if abs(value) >= 100 or value == round(value) else 1}f"
    return format(value, pattern).replace(",", " ")


def render(verdict: Verdict, words: Words, language: str) -> RenderableType:
    """The headline, the departments and the waterfall, for a rich console."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    lines: list[RenderableType] = [Text(verdict.headlines[language], style="bold"), Text("")]
    departments = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for department in DEPARTMENTS:
        effect, margin = verdict.effects[department], verdict.margins[department]
        if department == "undivided" and not effect:
            continue
        judged = words.fixed["within" if abs(effect) <= margin else "beyond"]
        departments.add_row(
            words.of_department(department, verdict.market_method),
            Text(number_text(effect, signed=True), justify="right"),
            f"± {number_text(margin)}",
            judged,
        )
    lines += [departments, Text("")]

    steps = waterfall_steps(verdict, list(words.factors))
    levels = [verdict.base, verdict.current, *(level for _, before, after in steps for level in (before, after))]
    lowest, highest = min(0.0, *levels), max(levels)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row(
        words.fixed[verdict.comparison], "", Text(number_text(verdict.base), justify="right"), bar(0, verdict.base, lowest, highest)
    )
    for factor, before, after in steps:
        style = "red" if factor.effect < 0 else "green"
        table.add_row(
            words.of_factor(factor),
            words.of_department(factor.owner_department, verdict.market_method),
            Text(number_text(factor.effect, signed=True), justify="right", style=style),
            Text(bar(before, after, lowest, highest), style=style),
        )
    table.add_row(
        f"{verdict.month:%Y-%m}", "", Text(number_text(verdict.current), justify="right"), bar(0, verdict.current, lowest, highest)
    )
    lines += [table, Text("")]
    if verdict.caveats[language]:
        lines.append(Text(verdict.caveats[language], style="yellow"))
    lines.append(Text(f"{words.fixed['confidence']}: {verdict.confidence}. {words.fixed['accounting']}", style="dim"))
    return Group(*lines)
