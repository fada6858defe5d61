"""A difference for people: Markdown that reads well on a terminal and as a comment on a pull request; and the page of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onefunnel.publish.candidate import make_candidate
from onefunnel.publish.warehouse import built_day
from onefunnel.report import write_report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onefunnel.diff import Diff, KpiCell, MartDiff
    from onefunnel.sandbox import Sandbox, SandboxSettings

COLUMNS_NAMED = 6


def text_of(diff: Diff, sandbox: Sandbox, top: int) -> str:
    """The whole answer; of the figures the `top` largest changes."""
    title = f"### What sandbox {sandbox.name} changes (data as of {sandbox.as_of})"
    if diff.is_equal:
        return f"{title}\n\nNothing: all {len(diff.marts)} marts are as they were."
    differing = [mart for mart in diff.marts if not mart.is_equal]
    parts = [title, _table(("mart", "rows", "added", "gone", "changed", "where"), [_mart_row(mart) for mart in differing])]
    if same := len(diff.marts) - len(differing):
        parts.append(f"{same} marts are as they were.")
    if diff.cells:
        shown = diff.cells[:top]
        parts.append(_table(("KPI", "month", "channel", "then", "now", "change"), [_cell_row(cell) for cell in shown]))
        parts.append(f"{len(shown)} of {len(diff.cells)} figures that changed, the largest change in proportion first.")
    return "\n\n".join(parts)


def page_of(settings: SandboxSettings) -> Path:
    """Write the report page of what the sandbox holds, into the sandbox; returns its path."""
    candidate = make_candidate(settings, None, built_day(settings, required=True), f"sandbox-{settings.sandbox}")
    try:
        return write_report(candidate.path, settings.paths.report_dir)
    finally:
        candidate.path.unlink(missing_ok=True)


def _mart_row(mart: MartDiff) -> tuple[str, ...]:
    most = sorted(mart.columns, key=lambda column: -mart.columns[column])
    where = [f"{column} {mart.columns[column]:,}" for column in most[:COLUMNS_NAMED]]
    where += [f"and {len(most) - COLUMNS_NAMED} more columns"] if len(most) > COLUMNS_NAMED else []
    where += [f"new column {column}" for column in mart.columns_added] + [f"column {column} is gone" for column in mart.columns_gone]
    where += [mart.note] if mart.note else []
    return (f"`{mart.name}`", *(f"{count:,}" for count in (mart.rows, mart.added, mart.gone, mart.changed)), ", ".join(where))


def _cell_row(cell: KpiCell) -> tuple[str, ...]:
    return (f"`{cell.kpi}`", cell.month, cell.channel_key, _number(cell.then), _number(cell.now), _change(cell.then, cell.now))


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}" if abs(value) < 10 else f"{value:,.2f}"


def _change(then: float | None, now: float | None) -> str:
    if then is None or now is None or then == 0:
        return ""
    return f"{(now - then) / abs(then):+.1%}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up."""
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines)
