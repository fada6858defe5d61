"""The market's part once more, from docs/verdict.md and in plain Python: what the SQL must agree with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

GAUGES = ("direct", "referral")
UNPAID = (*GAUGES, "rankings")
ODDS = 2
CRITICAL, UNLIKE, EACH = 2.935, 2.326, 1.96
Leads = Mapping[str, tuple[float, float]]


def market_of(leads: Leads, season: tuple[float, float, float] | None, indices: Mapping[str, float]) -> tuple[str, dict[str, float]]:
    """How it was measured (index, gauge, none) and by which factor demand changed for each channel of which that is known.

    leads: by channel, in the two months; season: both indices and the variance of their log ratio; indices: change of demand by channel
    or all.
    """
    known = {channel: indices.get(channel, indices.get("all")) for channel, (before, _) in leads.items() if before > 0}
    if any(change is not None for change in known.values()):
        return "index", {channel: change for channel, change in known.items() if change is not None}
    finding, change = _gauged(leads, season or (1.0, 1.0, 0.0))
    measured = [channel for channel in leads if finding in ("common", "gauge") or (finding == "own" and channel in GAUGES)]
    return ("gauge", dict.fromkeys(measured, math.exp(change))) if measured else ("none", {})


def _gauged(leads: Leads, season: tuple[float, float, float]) -> tuple[str, float]:
    def total(channels: Sequence[str]) -> tuple[float, float]:
        return sum(leads[c][0] for c in channels), sum(leads[c][1] for c in channels)

    def change(counts: tuple[float, float]) -> float:
        return math.log(counts[1] / counts[0]) - math.log(season[1] / season[0])

    def variance(counts: tuple[float, float]) -> float:
        return 1 / counts[0] + 1 / counts[1]

    def z(counts: tuple[float, float]) -> float:
        return change(counts) / math.sqrt(variance(counts) + season[2])

    def contrast(one: tuple[float, float], other: tuple[float, float]) -> float:
        return (change(one) - change(other)) / math.sqrt(variance(one) + variance(other))

    everyone = total(list(leads))
    gauge, others = total([c for c in leads if c in GAUGES]), total([c for c in leads if c not in GAUGES])
    unpaid, paid = total([c for c in leads if c in UNPAID]), total([c for c in leads if c not in UNPAID])
    if min(*gauge, *others) == 0:
        return "none", 0.0
    if (
        min(*unpaid, *paid) > 0
        and abs(contrast(unpaid, paid)) <= EACH
        and _unlikeness(leads, everyone) <= UNLIKE
        and abs(z(everyone)) > CRITICAL
        and z(unpaid) * z(everyone) > 0
        and z(unpaid) ** 2 + 2 * math.log(ODDS) > contrast(unpaid, paid) ** 2
    ):
        return "common", change(everyone)
    if abs(z(gauge)) <= EACH:
        return "none", 0.0
    return ("gauge" if abs(contrast(gauge, others)) <= EACH else "own"), change(gauge)


def _unlikeness(leads: Leads, everyone: tuple[float, float]) -> float:
    """Chi-square of homogeneity of a table of two columns, as a normal deviate (Wilson and Hilferty 1931)."""
    rows = [counts for counts in leads.values() if sum(counts) > 0]
    grand = sum(everyone)
    chi_square = sum((row[t] - sum(row) * everyone[t] / grand) ** 2 / (sum(row) * everyone[t] / grand) for row in rows for t in (0, 1))
    spread = 2 / (9 * (len(rows) - 1))
    return ((chi_square / (len(rows) - 1)) ** (1 / 3) - 1 + spread) / math.sqrt(spread)
