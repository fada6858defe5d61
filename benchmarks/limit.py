"""Run limit/*.sql on a landing, and compare what they made with what the models made.

python -m benchmarks.limit LANDING RESULT.duckdb AS_OF
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from onefunnel.landing.register import STORAGE
from onefunnel.project import project_root
from onefunnel.words import shipped_kpis

# numbered in the order they run in, over one connection: later ones read temporary tables of earlier ones
SCRIPTS = sorted(Path(__file__).with_name("limit").glob("*.sql"))
ENTITIES = ("leads", "stage_events", "payments", "ad_spend", "fx_rates")
KPI_COLUMNS = ("kpi_key", "statistic", "numerator", "numerator_less", "denominator", "is_additive")
FACTS = ("fct_lead_funnel", "fct_stage_event", "fct_payment", "fct_ad_spend")
MARTS = (
    "mart_kpi_monthly", "mart_funnel_cohort", "mart_speed", "mart_rejections", "dim_client", "mart_customer_value",
    "mart_ltv_cohort", "mart_winback", "mart_funnel_period", "mart_channel_economics", "mart_kpi_daily",
)  # fmt: skip
TABLES = FACTS + MARTS


@dataclass(frozen=True)
class Comparison:
    """One table of the scripts against the one of the same name that dbt built. columns: those that both have."""

    table: str
    rows: int
    columns: int
    columns_of_model: int
    is_equal: bool


def landed_parts(landing: Path, entity: str) -> list[str]:
    """The landed Parquet parts of a template entity, rejected rows left aside."""
    return sorted(str(path) for path in (landing / "template" / entity).glob("source=*/load=*/part-*.parquet"))


def run_limit(landing: Path, result: Path, as_of: date, *, threads: int = 2, memory_limit: str = "4GB") -> None:
    """Write the tables of the scripts into the database `result`, with the threads, memory and storage format that dbt has."""
    result.unlink(missing_ok=True)
    spill = str(result.with_suffix(".spill"))
    limits = {"threads": threads, "memory_limit": memory_limit, "temp_directory": spill}
    with duckdb.connect(str(result), config=limits | STORAGE) as db:
        db.execute("set variable seeds = ?", [str(project_root() / "seeds")])
        db.execute("set variable kpis = ?", [[{name: line[name] or None for name in KPI_COLUMNS} for line in shipped_kpis()]])
        db.execute("set variable as_of = ?", [as_of])
        for entity in ENTITIES:
            db.execute(f"set variable {entity} = ?", [landed_parts(landing, entity)])
        for script in SCRIPTS:
            db.execute(script.read_text(encoding="utf-8"))


def compare(warehouse: Path, result: Path) -> list[Comparison]:
    """Every table of `result` with the model's, row by row, in the columns that both have."""
    with duckdb.connect() as db:
        # under the name it was built with, because views name it
        db.execute(f"attach '{warehouse}' as warehouse (read_only)")
        db.execute(f"attach '{result}' as made (read_only)")
        db.execute("set threads = 2")
        made = {name for (name,) in db.execute("select table_name from duckdb_tables() where database_name = 'made'").fetchall()}
        # in the order they are made; one that this module does not name is compared as well, and one that is missing is an error
        return [_compare(db, table) for table in (*TABLES, *sorted(made.difference(TABLES)))]


def _compare(db: duckdb.DuckDBPyConnection, table: str) -> Comparison:
    built = f"warehouse.{'marts' if table.startswith('mart_') else 'facts'}.{table}"
    model = {name: kind for name, kind, *_ in db.execute(f"describe select * from {built}").fetchall()}
    made = [name for name, *_ in db.execute(f"describe select * from made.{table}").fetchall()]
    shared = {name: model[name] for name in made if name in model}
    exact = [f'cast("{name}" as {kind})' for name, kind in shared.items()]
    # sums of doubles depend on the order of their terms in the last bits; the addition makes -0 a 0
    rounded = [f"format('{{:.8e}}', {value} + 0.0)" if value.endswith(" as DOUBLE)") else value for value in exact]
    is_equal = False
    for values in (exact, rounded):
        # the sum of the rows' hashes: equal multisets of rows have equal sums, unequal ones all but surely not
        question = f"select count(*), sum(hash({', '.join(values)})::hugeint) from "
        ours, theirs = db.execute(question + f"made.{table}").fetchone(), db.execute(question + built).fetchone()
        is_equal = is_equal or ours == theirs
    # a column that the model does not have is a misspelled one, and would go uncompared
    return Comparison(table, theirs[0], len(shared), len(model), is_equal and len(shared) == len(made))


if __name__ == "__main__":
    run_limit(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
