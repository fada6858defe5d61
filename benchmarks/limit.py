"""Run limit.sql on a landing, and compare what it made with what the models made.

    python -m benchmarks.limit LANDING RESULT.duckdb
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from onefunnel.project import project_root

SCRIPT = Path(__file__).with_name("limit.sql")
ENTITIES = ("leads", "stage_events", "payments", "ad_spend", "fx_rates")
ADDITIVE_KPIS = ("leads", "cost", "revenue", "new_clients", "sql", "sal", "demos_held")
FACTS = ("fct_lead_funnel", "fct_stage_event", "fct_payment", "fct_ad_spend")


@dataclass(frozen=True)
class Comparison:
    """One table of limit.sql against the one of the same name that dbt built. columns: those that both have."""

    table: str
    rows: int
    columns: int
    columns_of_model: int
    is_equal: bool


def landed_parts(landing: Path, entity: str) -> list[str]:
    """The landed Parquet parts of a template entity, rejected rows left aside."""
    return sorted(str(path) for path in (landing / "template" / entity).glob("source=*/load=*/part-*.parquet"))


def run_limit(landing: Path, result: Path, *, threads: int = 2, memory_limit: str = "4GB") -> None:
    """Write the tables of limit.sql into the database `result`, with the threads and memory that dbt has."""
    result.unlink(missing_ok=True)
    spill = str(result.with_suffix(".spill"))
    with duckdb.connect(str(result), config={"threads": threads, "memory_limit": memory_limit, "temp_directory": spill}) as db:
        db.execute("set variable seeds = ?", [str(project_root() / "seeds")])
        for entity in ENTITIES:
            db.execute(f"set variable {entity} = ?", [landed_parts(landing, entity)])
        db.execute(SCRIPT.read_text(encoding="utf-8"))


def compare(warehouse: Path, result: Path) -> list[Comparison]:
    """Facts row by row in the columns that both have; KPIs in every cell that is not 0."""
    with duckdb.connect() as db:
        # under the name it was built with, because views name it
        db.execute(f"attach '{warehouse}' as warehouse (read_only)")
        db.execute(f"attach '{result}' as made (read_only)")
        db.execute("set threads = 2")
        kpis = f"(select month, kpi, channel_key, value from warehouse.marts.mart_kpi_monthly where kpi in {ADDITIVE_KPIS} and value <> 0)"
        pairs = [(table, f"warehouse.facts.{table}") for table in FACTS] + [("mart_kpi_monthly", kpis)]
        return [_compare(db, table, built) for table, built in pairs]


def _compare(db: duckdb.DuckDBPyConnection, table: str, built: str) -> Comparison:
    model = {name: kind for name, kind, *_ in db.execute(f"describe select * from {built}").fetchall()}
    made = [name for name, *_ in db.execute(f"describe select * from made.{table}").fetchall()]
    shared = [name for name in made if name in model]
    values = ", ".join(f'cast("{name}" as {model[name]})' for name in shared)
    # the sum of the rows' hashes: equal multisets of rows have equal sums, unequal ones all but surely not
    question = f"select count(*), sum(hash({values})::hugeint) from "
    ours, theirs = db.execute(question + built).fetchone(), db.execute(question + f"made.{table}").fetchone()
    return Comparison(table, ours[0], len(shared), len(model), ours == theirs)


if __name__ == "__main__":
    run_limit(Path(sys.argv[1]), Path(sys.argv[2]))
