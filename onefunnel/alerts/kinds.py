"""Kinds of alerts: what each is called in a message. docs/runbook.md has an entry for every one (a test checks it)."""

from __future__ import annotations

KINDS: dict[str, str] = {
    "run_failed": "the night failed",
    "night_missing": "the night never ran",
    "source_failed": "a source could not be read",
    "gate_failed": "a quality gate is closed",
    "quarantine_threshold": "too many rows or too much money set aside",
    "source_stale": "a source is late",
    "columns_changed": "a source changed its columns",
    "unmapped_value": "values that no seed maps",
    "unknown_lead": "rows that name leads which nobody delivered",
    "counted_twice": "rows that may count twice",
    "refund_unpaid": "clients who got back more than they paid",
    "export_cut": "an export that may be cut",
    "moments_disagree": "times that cannot both be right",
    "units_disagree": "money that may be in another unit",
    "history_begins": "comparisons with months that are not whole",
    "figures_moved": "figures of an ended month changed much",
    "late_beyond_lookback": "figures changed beyond the lookback",
    "business_signal": "out of the ordinary",
    "test": "a test of the alert channels",
}

# Told once and never again while they last; their end is no news.
TOLD_ONCE = frozenset({"business_signal"})

# From harmless to harmful: going up is worsening.
SEVERITIES = ("warn", "error")
RUNBOOK = "docs/runbook.md"


def runbook_of(entry: str) -> str:
    """Where the runbook says what to do, from the project's root."""
    return f"{RUNBOOK}#{entry}"
