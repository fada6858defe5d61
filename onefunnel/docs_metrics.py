"""docs/metrics.md from seeds/kpis.csv: what every KPI is, so that the words and the warehouse cannot part ways."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

from onefunnel.errors import OnefunnelError
from onefunnel.project import project_root
from onefunnel.words import of_shipped_stages

SEED = Path("seeds") / "kpis.csv"
PAGE = Path("docs") / "metrics.md"

UNITS = {
    "count": "count",
    "base_currency": "base currency",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "ratio": "fraction (0.3 = 30 %)",
}
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "neutral": "neither is better"}

HEAD = """# Metrics

Written by `make docs` from `seeds/kpis.csv`; a test fails when the two differ. Change a KPI there, never here.

How a figure is made: `int_kpi_measures_daily` counts measures by day and channel (durations: `int_kpi_durations`),
`int_kpi_windows` says which days belong to a month, `int_kpi_components` adds the measures up and divides them as the
seed says, `mart_kpi_monthly` compares. A new sum or ratio of known measures is one line in the seed; a new measure is
one branch in `int_kpi_entries`.

## Rules for all of them

- **Period** KPIs count what happened in the month, whenever the lead came. **Cohort** KPIs follow what was created in
  the month, or the clients who first paid in it, up to `as_of`; they go on moving as leads mature
  (`mart_restatements.is_maturing`).
- Days and months are cut in the reporting time zone. A stage reached at an unknown time counts in cohorts, never in a
  month; where no source ever dates a stage, its month figures are null, not 0.
- `leads` are applications: a lost lead that comes back is a new attempt in the funnel (`mart_funnel_cohort.reopened`),
  but no new lead. Stages, outcomes and conversions count attempts. Duplicates, tests, deleted and merged leads count
  nowhere.
- It comes back by an entry into a stage, or a dated status, after its ending. Money alone opens no attempt: a lead that
  was lost and then pays, of which the CRM says nothing more, is won, and no lost deal of the month it was lost in.
- A ratio whose denominator is 0 is null. Sums of an empty cell are 0. Every ratio carries its numerator and
  denominator; channels add up to `all` in both. Medians are taken over leads, so they do not add up; their
  `denominator` is the number of leads measured.
- `mom_pct` and `yoy_pct` compare whole months and are null for the running month. That one is compared over the same
  number of days (`to_date_previous_month`, `to_date_previous_year`, `to_date_mom_pct`, `to_date_yoy_pct`), with only
  what was known at the end of those days. A shorter month ends with its last day. Where a stage was reached at an
  unknown time there is no such figure.
- A change in percent is measured against the size of the earlier figure, so that a rise from a loss is a rise.
- Money is in the base currency. Rows without a usable date, amount or exchange rate are in `mart_data_quality`, not in
  the KPIs.
"""


@dataclass(frozen=True)
class Kpi:
    """One line of the seed, as text."""

    key: str
    label_en: str
    label_ru: str
    department: str
    unit: str
    direction: str
    formula: str
    basis: str
    dated_by: str
    statistic: str
    numerator: str
    numerator_less: str
    denominator: str

    @property
    def made_of(self) -> str:
        """The measures, as the SQL combines them."""
        if self.statistic in ("median", "p90"):
            return f"{self.statistic}(`{self.numerator}`)"
        numerator = f"`{self.numerator}`" + (f" - `{self.numerator_less}`" if self.numerator_less else "")
        if not self.denominator:
            return numerator
        return (f"({numerator})" if self.numerator_less else numerator) + f" / `{self.denominator}`"


def read_kpis(path: Path) -> list[Kpi]:
    """KPIs of the seed in its display order. Raises OnefunnelError (with file and line) when a column or value is missing."""
    names = [name for name in Kpi.__dataclass_fields__ if name != "key"]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, start=2):
        missing = [name for name in ("kpi_key", "display_order", *names) if row.get(name) is None]
        unknown = row.get("unit") not in UNITS or row.get("direction") not in DIRECTIONS
        if missing or unknown:
            problem = f"column {missing[0]} is missing" if missing else "unknown unit or direction"
            raise OnefunnelError(problem, where=f"{path}, line {number}", hint="compare with the lines around it")
    rows = sorted(of_shipped_stages(rows), key=lambda row: int(row["display_order"]))
    return [Kpi(row["kpi_key"], *(row[name] for name in names)) for row in rows]


def render(kpis: list[Kpi]) -> str:
    """The whole page (Markdown): the rules, then one table per department."""
    parts = [HEAD]
    for department in ("marketing", "sales"):
        parts.append(f"\n## {department.capitalize()}\n")
        parts.append("| KPI | Label | Formula | Unit | Basis | Made of |\n|---|---|---|---|---|---|")
        parts.extend(_line(kpi) for kpi in kpis if kpi.department == department)
    return "\n".join(parts) + "\n"


def _line(kpi: Kpi) -> str:
    cells = [
        f"`{kpi.key}`",
        f"{kpi.label_en}<br>{kpi.label_ru}",
        kpi.formula,
        f"{UNITS[kpi.unit]}; {DIRECTIONS[kpi.direction]}",
        f"{kpi.basis}: {kpi.dated_by}",
        kpi.made_of,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write(root: Path | None = None) -> Path:
    """Write the page of the project at `root` (default: this one); returns where."""
    root = root or project_root()
    page = root / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(read_kpis(root / SEED)), encoding="utf-8")
    return page


if __name__ == "__main__":
    sys.stdout.write(f"{write()}\n")
