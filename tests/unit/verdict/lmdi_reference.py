"""The decomposition once more, from the papers and in plain Python: what the SQL must agree with. Never used by the project itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import combinations, pairwise

STAGES = ("lead", "first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
OWN_CLIENTS = 10
REFERENCE_LEADS = 30
# what is explained: by which measure, and the stage that its product of factors ends with
METRICS = (
    ("new_clients", "paid", "paid"),
    ("sql", "sql", "sql"),
    ("leads", "lead", "lead"),
    ("new_client_revenue", "new_revenue", "paid"),
    ("revenue", "new_revenue", "paid"),
)
Counts = Mapping[str, float]


def logarithmic_mean(a: float, b: float) -> float:
    """Ang (2005), equation 5; zero where either is zero (Wood and Lenzen 2006)."""
    if a <= 0 or b <= 0:
        return 0.0
    return a if a == b else (a - b) / (math.log1p((a - b) / b))


def lmdi(base: Sequence[float | None], current: Sequence[float | None], total: tuple[float, float]) -> list[float]:
    """Effects of the factors of a product on its change; None is a factor without a value (0/0), which only follows a zero."""
    before, after = total
    if before > 0 and after > 0:
        weight = logarithmic_mean(after, before)
        return [weight * math.log(x1 / x0) for x0, x1 in zip(base, current, strict=True)]
    effects = [0.0] * len(base)
    if before != after:
        empty = base if before == 0 else current
        effects[next(place for place, value in enumerate(empty) if value == 0)] = after - before
    return effects


def shapley(value: Callable[[Sequence[float]], float], base: Sequence[float], current: Sequence[float]) -> list[float]:
    """Exact Shapley value of each factor: its marginal effect, averaged over all orders in which factors could have changed."""
    size = len(base)
    worth = {
        chosen: value([current[i] if i in chosen else base[i] for i in range(size)])
        for count in range(size + 1)
        for chosen in map(frozenset, combinations(range(size), count))
    }
    return [
        sum(
            math.factorial(len(others))
            * math.factorial(size - len(others) - 1)
            / math.factorial(size)
            * (worth[others | {i}] - worth[others])
            for others in worth
            if i not in others
        )
        for i in range(size)
    ]


def usual_rates(history: Mapping[str, Counts]) -> tuple[dict[str, list[float]], list[float]]:
    """Chance of a lead to reach each stage: per channel, pulled towards all channels with the weight of thirty leads; and of all."""
    totals = {stage: sum(counts[stage] for counts in history.values()) for stage in STAGES}
    steps = [totals[b] / totals[a] if totals[a] > 0 else 1.0 for a, b in pairwise(STAGES)]

    def chances(counts: Counts | None) -> list[float]:
        reached = [1.0]
        for (a, b), usual in zip(pairwise(STAGES), steps, strict=True):
            rate = usual if counts is None else (counts[b] + REFERENCE_LEADS * usual) / (counts[a] + REFERENCE_LEADS)
            reached.append(reached[-1] * rate)
        return reached

    return {channel: chances(counts) for channel, counts in history.items()}, chances(None)


Effects = dict[tuple[str, str, str], float]


def decompose(
    base: Mapping[str, Counts],
    current: Mapping[str, Counts],
    history: Mapping[str, Counts],
    season: tuple[float, float] | None,
    unrecorded: Collection[str] = (),
    market: Mapping[str, float] | None = None,
    is_indexed: bool = False,
) -> Effects:
    """Effects of one comparison by metric, channel and factor. base, current, history: counts and money by channel; unrecorded: stages.

    market: by which factor demand changed, for channels of which that is known; is_indexed: whether the season is in it.
    """
    empty = dict.fromkeys((*STAGES, "new_revenue", "existing_revenue", "refunds"), 0.0)
    sides = {channel: (base.get(channel, empty), current.get(channel, empty)) for channel in {*base, *current}}
    known, usual = usual_rates(history)
    quality = {channel: known.get(channel, usual) for channel in sides}
    effects: Effects = {}
    own, pool = [], []
    for channel, (before, after) in sides.items():
        effects |= _rest_of_ledger(channel, before, after)
        if (before["lead"] == 0) != (after["lead"] == 0):
            factor = "opened_channel" if before["lead"] == 0 else "closed_channel"
            effects |= {(metric, channel, factor): after[key] - before[key] for metric, key, _ in METRICS}
        elif before["lead"] > 0 and min(before["paid"], after["paid"]) >= OWN_CLIENTS:
            own.append([channel])
        else:
            pool.append(channel)
    pooled = tuple(sum(sides[c][t]["paid"] for c in pool) for t in (0, 1))
    if own and sum(pooled) > 0 and min(pooled) < OWN_CLIENTS:
        smallest = min(own, key=lambda group: (min(sides[group[0]][t]["paid"] for t in (0, 1)), group[0]))
        own.remove(smallest)
        pool += smallest
    groups = own + ([pool] if pool else [])
    all_leads = tuple(sum(sides[c][t]["lead"] for group in groups for c in group if _has_leads(sides, group)) for t in (0, 1))
    for group in groups:
        demand, of_season = _demand(group, sides, market or {}, season, is_indexed)
        effects |= _group(group, sides, quality, all_leads, of_season, unrecorded, demand)
    return effects


def _demand(
    group: list[str], sides: Mapping[str, tuple[Counts, Counts]], market: Mapping[str, float], season: tuple | None, is_indexed: bool
) -> tuple[float | None, tuple | None]:
    """Change of demand of a group, its channels weighed by their leads, and the season that is left beside it."""
    leads = {channel: sides[channel][0]["lead"] for channel in group if sides[channel][0]["lead"] > 0}
    known = [channel for channel in leads if channel in market]
    if not known or (is_indexed and len(known) < len(leads)):
        return None, season
    change = sum(count * market.get(channel, 1.0) for channel, count in leads.items()) / sum(leads.values())
    return change, None if is_indexed else season


def _rest_of_ledger(channel: str, before: Counts, after: Counts) -> Effects:
    pairs = (("existing_clients", "existing_revenue"), ("refunds", "refunds"))
    return {("revenue", channel, factor): after[key] - before[key] for factor, key in pairs if before[key] or after[key]}


def _has_leads(sides: Mapping[str, tuple[Counts, Counts]], group: list[str]) -> bool:
    return all(sum(sides[c][t]["lead"] for c in group) > 0 for t in (0, 1))


def _group(
    group: list[str],
    sides: Mapping[str, tuple[Counts, Counts]],
    quality: Mapping[str, list[float]],
    all_leads: tuple,
    season: tuple | None,
    unrecorded: Collection[str],
    demand: float | None,
) -> Effects:
    total = {key: tuple(sum(sides[c][t][key] for c in group) for t in (0, 1)) for key in (*STAGES, "new_revenue")}
    expected = [tuple(sum(sides[c][t]["lead"] * quality[c][order] for c in group) for t in (0, 1)) for order in range(len(STAGES))]
    weights = [quality[c][-1] * (sides[c][0]["lead"] + sides[c][1]["lead"]) for c in group]
    shares = [w / sum(weights) for w in weights] if sum(weights) > 0 else [1 / len(group)] * len(group)
    effects: Effects = {}
    for metric, key, stage in METRICS:
        end = STAGES.index(stage)
        if not _has_leads(sides, group) or not _usable(total, unrecorded)[end]:
            effects |= {(metric, c, "carry_over"): (total[key][1] - total[key][0]) * share for c, share in zip(group, shares, strict=True)}
            continue
        names, values = _factors(total, expected, end, all_leads, season, unrecorded, demand)
        if key == "new_revenue":
            names.append("average_check")
            for t in (0, 1):
                values[t].append(total[key][t] / total["paid"][t] if total["paid"][t] > 0 else None)
        by_name = dict(zip(names, lmdi(*values, total[key]), strict=True))
        for c, share in zip(group, shares, strict=True):
            effects |= {(metric, c, name): effect * share for name, effect in by_name.items()}
            if len(group) > 1:
                weight = logarithmic_mean(total[key][1], total[key][0])
                per_lead = (
                    quality[c][end] / logarithmic_mean(expected[end][1], expected[end][0])
                    if expected[-1][0] > 0 and expected[-1][1] > 0
                    else None
                )
                if per_lead is None:
                    per_lead = 1 / logarithmic_mean(total["lead"][1], total["lead"][0])
                leads = weight * per_lead * (sides[c][1]["lead"] - sides[c][0]["lead"])
                effects[metric, c, "channel_mix"] = leads - share * sum(
                    by_name.get(name, 0.0) for name in ("season", "market_demand", "lead_volume")
                )
    return effects


def _usable(total: Mapping[str, tuple], unrecorded: Collection[str]) -> list[bool]:
    """By stage: recorded, and with entries in each month that has some of a later stage."""
    return [
        stage not in unrecorded
        and (order == 0 or not any(total[stage][t] == 0 and any(total[later][t] > 0 for later in STAGES[order + 1 :]) for t in (0, 1)))
        for order, stage in enumerate(STAGES)
    ]


def _factors(
    total: Mapping[str, tuple],
    expected: list[tuple],
    end: int,
    all_leads: tuple,
    season: tuple | None,
    unrecorded: Collection[str],
    demand: float | None,
) -> tuple[list[str], tuple[list, list]]:
    """Names and both sides' values of the product's factors, without the scaling by which the published values read as rates.

    A stage that nobody recorded, or that a month lacks while it has later ones, is passed over: the next rate spans it.
    """
    knows = expected[-1][0] > 0 and expected[-1][1] > 0
    usable = _usable(total, unrecorded)
    steps = [f"step_{STAGES[order]}" for order in range(1, end + 1) if usable[order]]
    market = [] if demand is None else ["market_demand"]
    names = (["season"] if season else []) + market + ["lead_volume", "channel_mix", *steps]
    sides = []
    for t in (0, 1):
        index = season[t] if season else 1.0
        outside = [(1.0, demand)[t] for _ in market]
        row = ([index] if season else []) + outside + [all_leads[t] / index / math.prod(outside)]
        row.append(total["lead"][t] / all_leads[t] * (expected[end][t] / expected[0][t] if knows else 1.0))
        last = 0
        for order in range(1, end + 1):
            if not usable[order]:
                continue
            entered, reached = total[STAGES[last]][t], total[STAGES[order]][t]
            usually = expected[order][t] / expected[last][t] if knows else 1.0
            row.append(reached / entered / usually if entered > 0 else None)
            last = order
        sides.append(row)
    return names, (sides[0], sides[1])
