"""The stages of the funnel: the shipped ones, or those of funnel_stages.csv in the agency's folder of words, which replace them.

A stage has a key, which names columns and measures, and roles, by which the rules know it: a rejection is an end before `handoff`, whatever
the agency calls that stage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onefunnel.errors import ConfigError

Line = dict[str, str]

# Without these there is no funnel: where it begins, who is passed to sales, where a deal is opened, who is a client.
NEEDED_ROLES = ("lead", "handoff", "accepted", "won")
# These switch on the KPIs that speak of them.
OPTIONAL_ROLES = ("contact", "brief", "meeting", "offer", "contract")
ENDINGS = ("rejected", "returned", "lost")
COLUMNS = ("stage_key", "stage_order", "department", "is_terminal", "role", "label_en", "label_ru")
# A column <key>_at, <key>_date, <key>_count or cohort_<key> of another meaning is there already.
TAKEN = (
    "all", "clients", "closed", "created", "desired_meeting", "ended", "mix", "net_income", "new_clients", "open", "outcome", "revenue",
    "status", "undated", "unmapped", "updated",
)  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """A stage of the way, or an ending of it (order None)."""

    key: str
    order: int | None
    department: str
    roles: tuple[str, ...]
    label_en: str
    label_ru: str

    @property
    def is_terminal(self) -> bool:
        """Whether a lead that gets here has left the way."""
        return self.order is None


def stages_of(lines: Sequence[Line]) -> list[Stage]:
    """Stages in their order, then endings; orders are counted anew from 1, so that a file may leave gaps."""
    way = sorted((line for line in lines if not _is_ending(line)), key=lambda line: int(line["stage_order"]))
    ordered = [(line, order) for order, line in enumerate(way, start=1)] + [(line, None) for line in lines if _is_ending(line)]
    return [
        Stage(line["stage_key"], order, line["department"], tuple(line.get("role", "").split()), line["label_en"], line["label_ru"])
        for line, order in ordered
    ]


def in_force(shipped: Sequence[Line], own: Sequence[Line]) -> list[Stage]:
    """The agency's stages where it has any, else the shipped ones. Endings that it does not name are the shipped ones."""
    if not own:
        return stages_of(shipped)
    named = {line["stage_key"] for line in own}
    return stages_of([*own, *(line for line in shipped if _is_ending(line) and line["stage_key"] not in named)])


def roles_of(stages: Sequence[Stage]) -> dict[str, str]:
    """{role: key of the stage that has it}."""
    return {role: stage.key for stage in stages for role in stage.roles}


def named_by_role(text: str, roles: dict[str, str]) -> str:
    """A text of kpis.csv with {role} as the key of the stage. A role that the funnel does not have stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda found: roles.get(found[1], found[0]), text)


def check_stages(path: str, numbered: Sequence[tuple[int, Line]]) -> None:
    """What a funnel_stages.csv must be. Raises ConfigError with file, line and what is allowed."""
    roles: dict[str, tuple[int, int]] = {}
    way: list[tuple[int, int]] = []
    for number, line in numbered:
        where = f"{path}, line {number}"
        _check_line(where, line)
        if _is_ending(line):
            continue
        order = int(line["stage_order"])
        if order in dict(way):
            raise ConfigError(f"stage_order {order} is said twice", where=where, hint=f"line {dict(way)[order]} has it already")
        way.append((order, number))
        for role in line["role"].split():
            if role in roles:
                raise ConfigError(f"role {role} is given twice", where=where, hint=f"line {roles[role][1]} has it already: one stage each")
            roles[role] = (order, number)
    if missing := [role for role in NEEDED_ROLES if role not in roles]:
        hint = "the first stage is `lead`, the last is `won`, in between `handoff` (passed to sales) and `accepted` (a deal is opened)"
        raise ConfigError(f"no stage has the role {missing[0]}", where=path, hint=hint)
    way.sort()
    for role, (order, number) in (("lead", way[0]), ("won", way[-1])):
        if roles[role][0] != order:
            end = "first" if role == "lead" else "last"
            raise ConfigError(f"the {end} stage has not the role {role}", where=f"{path}, line {number}", hint=f"give {role} to it")
    if not roles["lead"] < roles["handoff"] <= roles["accepted"] < roles["won"]:
        hint = "lead, then handoff, then accepted (or one stage with both: `handoff accepted`), then won"
        raise ConfigError("the roles are not in their order", where=f"{path}, line {roles['accepted'][1]}", hint=hint)


def _is_ending(line: Line) -> bool:
    return line.get("is_terminal") == "true" or not line.get("stage_order")


def _check_line(where: str, line: Line) -> None:
    key = line["stage_key"]
    allowed = ("partner",) if _is_ending(line) else NEEDED_ROLES + OPTIONAL_ROLES
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key):
        raise ConfigError(f"{key!r} cannot name columns", where=where, hint="write it like offer_sent; its labels are free")
    if key in TAKEN:
        raise ConfigError(f"{key} has another meaning in the marts", where=where, hint=f"call it {key}_stage; its labels are free")
    for column in ("label_en", "label_ru", "department"):
        if not line.get(column):
            raise ConfigError(f"{column} is empty", where=where, hint="marketing or sales" if column == "department" else "fill it")
    if line["department"] not in ("marketing", "sales"):
        raise ConfigError(f"department {line['department']!r} is not known", where=where, hint="marketing or sales")
    if line.get("is_terminal") not in (None, "", "true", "false"):
        raise ConfigError(f"is_terminal is {line['is_terminal']!r}", where=where, hint="true or false")
    if _is_ending(line):
        if line.get("stage_order"):
            raise ConfigError("an ending has no stage_order", where=where, hint="leave it empty, or is_terminal false for a stage")
    elif not line["stage_order"].isdigit():
        raise ConfigError(f"stage_order is {line['stage_order']!r}", where=where, hint="a whole number")
    elif line.get("is_terminal") == "false" and key in ENDINGS:
        raise ConfigError(f"{key} is an ending", where=where, hint="is_terminal true and no stage_order, or another key")
    if strange := [role for role in line.get("role", "").split() if role not in allowed]:
        raise ConfigError(f"role {strange[0]!r} is not known", where=where, hint=f"one of: {', '.join(allowed)}")
