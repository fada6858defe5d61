"""Targets that a file tells in parts: by week or manager, several rows for one month, KPI and channel. One of equal rows would count."""

from __future__ import annotations

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_units import day_sql
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource


def check_target_rows(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where rows of one month, KPI, channel and value are told apart by their day or by a column that nobody reads."""
    names = {name.strip().lower(): name for name in part.columns}
    if "targets" not in contract_entities(source.system, writer.staged.entity) or not {"month", "kpi", "value"} <= set(names):
        return
    key = ", ".join(quoted(names[name]) for name in ("kpi", "channel", "value") if name in names)
    left = {name.lower() for name in (*options.ignore_columns, "kpi", "channel", "value")}
    apart = ", ".join(quoted(name) for name in part.columns if name.lower() not in left)
    month = f"coalesce(strftime(date_trunc('month', {day_sql(names['month'], source.date_order)}), '%Y-%m'), {quoted(names['month'])})"
    query = (
        f"select sum(rows), count(*), min(told) from (select {month} as told, count(*) as rows, count(distinct ({apart})) as different "
        f"from {rows_of(writer.staged.folder / part.part)} group by told, {key} having rows > 1 and different > 1)"
    )
    rows, targets, first = writer.run(query, part.path).fetchone()
    if rows:
        writer.doubt(
            part,
            f"{rows} rows are {targets} targets told in parts, from {first} on: alike in month, KPI, channel and value, "
            "and not in what stands beside; one of each would count",
            "deliver one row for each month, KPI and channel, with what its parts add up to",
        )
