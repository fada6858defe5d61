"""What a sample may mean: which entity of the contract it is, which columns are whose, and how dates and numbers are written.

A name proposes, what stands in the cells disposes. What neither decides is asked, never guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from onefunnel.drafts.sample import Column, Sample
from onefunnel.entities import template
from onefunnel.errors import ConfigError
from onefunnel.yaml_text import load_yaml

# What systems call the columns of the contract, besides its own names; the likeliest first, compared without case and punctuation.
SYNONYMS = Path(__file__).with_name("synonyms.yml")
ALIKE = 0.86
NUMBERS = ("amount", "cost", "direct_cost", "value", "rate_to_base", "index", "impressions", "clicks")
COUNTS = ("impressions", "clicks")
IDS = ("lead_id", "event_id", "payment_id", "plan_id", "client_id", "contact_id", "duplicate_of")
# Required, and yet a draft can do without: money is in the source's currency, an entry is known by lead, stage and moment, an ad account
# is one channel; leads without a channel are counted, as unmapped.
MADE_UP_FOR = {"currency", "event_id", "channel"}
# One odd cell decides nothing: so many of a column's dates or numbers, in percent, must be readable one way only.
DECIDING_PERCENT = 5
# Share of leads that stand beside several stages, from which on a list of leads is the history of their stages.
CHANGES_STAGE = 0.2


class Undecided(ConfigError):
    """Nothing in the samples decides. option: what to answer by; choices: how."""

    def __init__(self, message: str, *, option: str, choices: tuple[str, ...], where: str) -> None:
        super().__init__(message, where=where, hint=f"say which: --{option} " + " or ".join(f'"{choice}"' for choice in choices))
        self.option, self.choices = option, choices


def match_columns(
    contract: Iterable[str], delivered: Sequence[str], suits: Callable[[str, str], bool] = lambda column, name: True
) -> dict[str, str]:
    """Contract column -> delivered column, the likeliest pairs first, each used once. Same name before synonym before resemblance."""
    synonyms = _synonyms()
    pairs = []
    for position, column in enumerate(contract):
        for name in delivered:
            score = _likeness(column, name, synonyms.get(column, ()))
            if score >= ALIKE and suits(column, name):
                pairs.append((-score, position, column, name))
    matched: dict[str, str] = {}
    for _, _, column, name in sorted(pairs):
        if column not in matched and name not in matched.values():
            matched[column] = name
    return matched


def matched_columns(entity: str, sample: Sample) -> dict[str, str]:
    """Columns of an entity, and those personal ones that it names beside, that the sample holds by name and by content."""
    contract = template()[entity]
    wanted = (*contract.columns, *(name for name in contract.personal if name not in contract.columns))
    return match_columns(wanted, list(sample.columns), lambda column, name: suits(column, sample.columns[name]))


def suits(column: str, found: Column) -> bool:
    """Whether the cells of a delivered column can be what a column of the contract says."""
    if is_moment(column):
        return found.mostly(found.dates)
    if column in NUMBERS:
        return found.mostly(found.numbers)
    # each entry has an id of its own; of payments and plan lines a few may be delivered again
    if column == "event_id":
        return found.distinct == found.filled
    if column in ("payment_id", "plan_id"):
        return found.mostly(found.distinct)
    # a person's name under "contact" would be published as an id
    if column in ("contact_id", "client_id"):
        return found.mostly(found.with_digits) and not found.addresses and not (found.filled and found.mostly(found.of_words))
    if column == "contact_email":
        return found.mostly(found.addresses)
    if column == "currency":
        return found.mostly(found.codes)
    if column == "stage" and not re.search("stage|status|стад|этап|статус", found.name.lower()):
        return not found.filled or not found.mostly(found.numbers)
    return True


def is_moment(column: str) -> bool:
    """Whether a column of the contract holds dates or moments."""
    return column.endswith(("_at", "date", "month"))


def guess_entity(sample: Sample) -> tuple[str, str] | None:
    """(entity, why) that the sample is, None where nothing of the contract fits."""
    found = {entity: matched_columns(entity, sample) for entity in template()}
    spend, events, leads = found["ad_spend"], found["stage_events"], found["leads"]
    if {"date", "cost"} <= set(spend) and set(COUNTS) & set(spend):
        named = ", ".join(spend[name] for name in ("cost", *COUNTS) if name in spend)
        return "ad_spend", f"each row has a date and {named}"
    # a list that says when and from where each came is one of leads, however often it delivers them
    is_list = {"created_at", "channel"} <= set(leads) and leads["created_at"] != events.get("entered_at")
    if {"lead_id", "stage", "entered_at"} <= set(events) and not is_list:
        share = sample.changing(events["stage"], events["lead_id"])
        if share >= CHANGES_STAGE:
            return "stage_events", f"{share:.0%} of {events['lead_id']!r} stand beside several of {events['stage']!r}"
    fitting = {entity: matched for entity, matched in found.items() if _fits(entity, matched, sample)}
    if not fitting:
        return None
    entity = max(fitting, key=lambda entity: len(fitting[entity]))
    return entity, f"{len(fitting[entity])} of its columns are there"


def _fits(entity: str, matched: dict[str, str], sample: Sample) -> bool:
    needed = [name for name in template()[entity].required if name not in MADE_UP_FOR or entity in ("fx_rates", "channel_costs")]
    if not set(needed) <= set(matched):
        return False
    if entity == "leads":
        return any(name in matched for name in ("channel", "status", "reason", "contact_email", "contact_phone"))
    if entity == "stage_events":
        return "event_id" in matched
    if entity == "ad_spend":
        return "channel" in matched
    # a date alone makes no holiday: of a sheet of few columns most must be known
    return len(needed) > 2 or 2 * len(matched) > len(sample.columns)


def decide_date_order(columns: Sequence[tuple[str, Column]], given: str | None = None) -> tuple[str, dict[tuple[str, str], str]]:
    """(order of the source, (file, column) -> order of those written otherwise), by all columns of dates.

    A day beyond 12 in any column decides. Raises Undecided where dates can be read both ways and none decides, or columns disagree.
    """
    dated = [(file, column) for file, column in columns if column.dates and column.mostly(column.dates)]
    own: dict[tuple[str, str], str] = {}
    for file, column in dated:
        if max(column.day_first, column.month_first) * 100 >= DECIDING_PERCENT * column.dates:
            own[file, column.name] = "dmy" if column.day_first >= column.month_first else "mdy"
    unclear = [(file, column) for file, column in dated if column.either_way and (file, column.name) not in own]
    orders = sorted(dict.fromkeys(own.values()), key=list(own.values()).count, reverse=True)
    if unclear and not given and len(orders) != 1:
        file, column = unclear[0]
        clear = column.day_first + column.month_first
        decides = f"{clear:,} with a day beyond 12 are too few to decide" if clear else "no day beyond 12 decides"
        what = f"column {column.name!r}: {column.either_way:,} dates such as 05/01/2026 can be read both ways, and {decides}"
        if orders:
            what = f"other columns are written both ways, and {what}"
        raise Undecided(what, option="date-order", choices=("dmy", "mdy"), where=file)
    order = given or (orders[0] if orders else "ymd")
    return order, {key: written for key, written in own.items() if written != order}


def decide_decimal_separator(columns: Sequence[tuple[str, Column]], given: str | None = None) -> str:
    """The mark that numbers prove: "10,5" and "1.234,50" prove a comma; "1,234" alone proves none, but of a count it can only be a group.

    Raises Undecided where columns prove either, or marks stand that could be both.
    """
    if given:
        return given
    commas = [(file, column) for file, column in columns if _proves(column, column.comma, column.point, column.either_point)]
    points = [(file, column) for file, column in columns if _proves(column, column.point, column.comma, column.either_comma)]
    if commas and points:
        file, other = commas[0][0], points[0][1].name
        what = f"column {commas[0][1].name!r} writes decimals behind a comma, {other!r} behind a point: a source has one decimal separator"
        raise Undecided(what, option="decimal-separator", choices=(".", ","), where=file)
    unclear = [(file, column) for file, column in columns if column.either_comma or column.either_point]
    if unclear and not commas and not points:
        file, column = unclear[0]
        written, many = ("1,234", column.either_comma) if column.either_comma else ("1.234", column.either_point)
        what = f'column {column.name!r}: {many:,} numbers such as "{written}" can be read both ways, and no other decides'
        raise Undecided(what, option="decimal-separator", choices=(".", ","), where=file)
    return "," if commas else "."


def _proves(column: Column, this: int, other: int, grouped_by_other: int) -> bool:
    is_count = any(_plain(column.name) in map(_plain, (name, *_synonyms()[name])) for name in COUNTS)
    if is_count:
        return bool(grouped_by_other)
    return this > other and this * 100 >= DECIDING_PERCENT * (this + other + column.either_comma + column.either_point)


def mixed_dates(column: Column) -> str:
    """What to say of a column in which some dates can only be read day first, others only month first; "" where none is."""
    if not (column.day_first and column.month_first):
        return ""
    return f"{column.name}: {column.day_first:,} dates have the day first, {column.month_first:,} the month: the fewer cannot be read"


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    return {column: tuple(names) for column, names in load_yaml(SYNONYMS.read_text(encoding="utf-8")).items()}


def _likeness(column: str, name: str, synonyms: Sequence[str]) -> float:
    wanted, given = _plain(column), _plain(name)
    if wanted == given:
        return 1.0
    plain = [_plain(synonym) for synonym in synonyms]
    if given in plain:
        return 0.98 - 0.1 * plain.index(given) / len(plain)
    return difflib.SequenceMatcher(None, wanted, given).ratio() * 0.9


def _plain(text: str) -> str:
    """Without case and punctuation, and without a unit behind: "Amount spent (EUR)" is an amount spent."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(\[][^)\]]*[)\]]\s*$", "", text).lower())
