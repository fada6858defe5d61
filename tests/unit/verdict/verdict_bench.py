"""The verdict's own SQL, compiled once by dbt, on cells that a test makes up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from lmdi_reference import STAGES

from benchmarks.compiled_models import CompiledModel, run_models

MONEY = ("new_revenue", "new_revenue_squares", "existing_revenue", "existing_revenue_squares", "refunds", "refund_squares")
CELL_COLUMNS = ("basis", "month", "comparison", "side", "channel_key", *(f"{stage}_count" for stage in STAGES), "undated_count", *MONEY)
DECOMPOSITION = ("channels", "gauge", "market", "groups", "steps", "effects", "allocated", "metrics")
WORDING = ("factors", "departments", "main_factors", "parts")
# Models before the cells, from leads and payments
COUNTING = ("sides", "stages", "windows", "cohorts", "cohort_cells", "flow_entries", "daily_flows", "cells", "season", "market_index")


def cell(side: str, counts: Mapping[str, float], channel: str = "seo", month: date = date(2026, 1, 1), basis: str = "cohort",
         comparison: str = "previous_month") -> tuple:  # fmt: skip
    """One row of int_verdict_cells. counts: stages and money by name; squares are those of equal payments unless given."""
    paid = max(counts.get("paid", 0), 1)
    squares = {
        "new_revenue_squares": counts.get("new_revenue", 0.0) ** 2 / paid * 1.2,
        "existing_revenue_squares": counts.get("existing_revenue", 0.0) ** 2,
        "refund_squares": counts.get("refunds", 0.0) ** 2,
    }
    known = {**squares, **counts}
    return (
        basis,
        month,
        comparison,
        side,
        channel,
        *(float(known.get(stage, 0)) for stage in STAGES),
        0.0,
        *(float(known.get(name, 0.0)) for name in MONEY),
    )


@dataclass
class Bench:
    """A scratch warehouse with the compiled models."""

    connection: duckdb.DuckDBPyConnection
    models: dict[str, CompiledModel]

    def decide(
        self,
        cells: Iterable[tuple],
        seasons: Iterable[tuple] = (),
        wording: bool = False,
        unrecorded: Iterable[tuple[date, str]] = (),
        ageless: Iterable[tuple[date, str]] = (),
        delivered: Iterable[str] = ("leads", "payments"),
        indices: Iterable[tuple] = (),
    ) -> None:
        """Run the decomposition on these cells. seasons: month, comparison, has_season, base_index, current_index, log_variance.

        indices: month, comparison, channel or all, base_index, current_index of demand.
        unrecorded, ageless: month and stage that nobody recorded there, or that no date belongs to.
        """
        rows = list(cells)
        self.connection.execute("create schema if not exists intermediate")
        kinds = ["varchar", "date", "varchar", "varchar", "varchar", *["double"] * (len(CELL_COLUMNS) - 5)]
        self._fill("int_verdict_cells", dict(zip(CELL_COLUMNS, kinds, strict=True)), rows)
        season_columns = {"month": "date", "comparison": "varchar", "has_season": "boolean"}
        given = {(row[0], row[1]): row for row in seasons}
        pairs = {(row[1], row[2]) for row in rows}
        self._fill(
            "int_verdict_season",
            season_columns | dict.fromkeys(("base_index", "current_index", "log_variance"), "double"),
            [given.get(pair, (*pair, False, 1.0, 1.0, 0.0)) for pair in sorted(pairs)],
        )
        index_columns = {
            "month": "date",
            "comparison": "varchar",
            "channel_key": "varchar",
            "base_index": "double",
            "current_index": "double",
        }
        self._fill("int_verdict_market_index", index_columns, list(indices))
        self._fill("int_delivered_entities", {"entity": "varchar"}, [(entity,) for entity in delivered])
        self._fill_stages({row[:3] for row in rows}, set(unrecorded), set(ageless))
        names = [f"int_verdict_{name}" for name in DECOMPOSITION]
        if wording:
            columns = {
                "basis": "varchar",
                "month": "date",
                "comparison": "varchar",
                "is_partial": "boolean",
                "window_kind": "varchar",
                "window_days": "integer",
            }
            keys = sorted({(row[0], row[1], row[2]) for row in rows})
            self._fill("int_verdict_sides", columns, [(*key, False, "full" if key[0] == "cohort" else "month", 60) for key in keys])
            names += [f"int_verdict_{name}" for name in WORDING]
        run_models(self.connection, [self.models[name] for name in (*names, "mart_change_factors", *(["mart_verdict"] if wording else []))])

    def _fill_stages(self, comparisons: set[tuple], unrecorded: set[tuple[date, str]], ageless: set[tuple[date, str]]) -> None:
        kinds = {"basis": "varchar", "month": "date", "comparison": "varchar", "stage_key": "varchar", "stage_order": "integer"}
        rows = [
            (*comparison, stage, order, (comparison[1], stage) not in unrecorded, (comparison[1], stage) not in ageless)
            for comparison in sorted(comparisons)
            for order, stage in enumerate(STAGES, start=1)
        ]
        self._fill("int_verdict_stages", kinds | {"is_recorded": "boolean", "has_age": "boolean"}, rows)

    def _fill(self, name: str, columns: Mapping[str, str], rows: list[tuple]) -> None:
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.connection.execute(f"create or replace table intermediate.{name} ({declared})")
        if rows:
            self.connection.executemany(f"insert into intermediate.{name} values ({', '.join('?' * len(columns))})", rows)

    def rows(self, query: str) -> list[dict[str, Any]]:
        found = self.connection.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
