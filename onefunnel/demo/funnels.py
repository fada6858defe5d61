"""Agencies with another funnel: the stages of the generated agency under other names, fewer or more of them.

The stages themselves are those of examples/<funnel>/words/funnel_stages.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from onefunnel.demo.catalogue import STAGES
from onefunnel.demo.journeys import LOST, REJECTED, RETURNED
from onefunnel.demo.tables import stamp
from onefunnel.funnel import roles_of
from onefunnel.project import project_root
from onefunnel.words import read_words, stages_in_force

# Each stage and the one of the generated agency that it is. Those that are none of them lie half way between their neighbours.
SAME_AS = {
    "simple": {"lead": "lead", "qualified": "sql", "meeting": "demo_held", "offer": "proposal_sent", "client": "paid"},
    "saas": {
        "signup": "lead", "contacted": "first_contact", "profiled": "brief_filled", "qualified": "sql", "opportunity": "sal",
        "demo": "demo_held", "offer": "proposal_sent", "contract": "contract_sent", "subscribed": "paid",
    },
}  # fmt: skip


@dataclass(frozen=True)
class DemoFunnel:
    """Stages in order; contact, handoff and accepted are keys of them (contact may be missing)."""

    stages: tuple[str, ...]
    same_as: dict[str, str]
    contact: str | None
    handoff: str
    accepted: str


AGENCY = DemoFunnel(STAGES, {stage: stage for stage in STAGES}, "first_contact", "sql", "sal")


def words_of(name: str) -> Path:
    """The folder of words of an example funnel."""
    return project_root() / "examples" / name / "words"


@cache
def demo_funnel(name: str) -> DemoFunnel:
    """One of SAME_AS, or the shipped one ("agency")."""
    if name not in SAME_AS:
        return AGENCY
    stages = [stage for stage in stages_in_force(read_words(words_of(name))) if not stage.is_terminal]
    roles = roles_of(stages)
    return DemoFunnel(tuple(stage.key for stage in stages), SAME_AS[name], roles.get("contact"), roles["handoff"], roles["accepted"])


def told_by(funnel: DemoFunnel, leads: pd.DataFrame, events: pd.DataFrame, end_second: int) -> dict[str, pd.DataFrame]:
    """The lead cards and stage events as an agency with this funnel would write them. Entries into what is no stage of it are left out."""
    names = {theirs: key for key, theirs in funnel.same_as.items()}
    kept = events[events["stage"].isin(names) | ~events["stage"].isin(STAGES)].copy()
    kept["stage"] = kept["stage"].map(lambda stage: names.get(stage, stage))
    kept = pd.concat([kept, *_between(funnel, kept)], ignore_index=True).sort_values("_at", kind="stable", ignore_index=True)
    kept["stage"] = _endings(funnel, kept)
    last = kept[kept["_at"] < end_second].drop_duplicates("lead_id", keep="last").set_index("lead_id")["stage"]
    status = leads["lead_id"].map(last).fillna(funnel.stages[0])
    leads = leads.assign(status=status) if funnel.contact else leads.assign(status=status, first_contact_at="")
    return {"leads": leads, "stage_events": kept}


def _between(funnel: DemoFunnel, events: pd.DataFrame) -> list[pd.DataFrame]:
    """Entries into the stages that the generated agency has not: whoever got further went through, half way in time."""
    added = []
    for position, stage in enumerate(funnel.stages):
        if stage in funnel.same_as:
            continue
        before, after = funnel.stages[position - 1], funnel.stages[position + 1]
        first = events[events["stage"].isin([before, after])].drop_duplicates(["lead_id", "_attempt", "stage"])
        passed = first.pivot(index=["lead_id", "_attempt"], columns="stage", values="_at").reindex(columns=[before, after]).dropna()
        passed = passed[passed[after] > passed[before]]
        at = ((passed[before] + passed[after]) // 2).astype("int64")
        rows = events[events["stage"] == after].drop_duplicates(["lead_id", "_attempt"]).set_index(["lead_id", "_attempt"])
        rows = rows.loc[rows.index.isin(passed.index)].reset_index()
        rows["stage"], rows["_at"] = stage, at.reindex(pd.MultiIndex.from_frame(rows[["lead_id", "_attempt"]])).to_numpy()
        rows["event_id"] = rows["event_id"] + f"-{stage}"
        rows["entered_at"] = stamp(rows["_at"].to_numpy())
        added.append(rows)
    return added


def _endings(funnel: DemoFunnel, events: pd.DataFrame) -> pd.Series:
    """Who rejected, returned or lost, by how far this funnel says that the attempt got."""
    order = events["stage"].map({stage: number for number, stage in enumerate(funnel.stages)})
    furthest = order.groupby([events["lead_id"], events["_attempt"]]).transform("max").fillna(0)
    handoff, accepted = funnel.stages.index(funnel.handoff), funnel.stages.index(funnel.accepted)
    outcome = np.where(furthest < handoff, REJECTED, np.where(furthest < accepted, RETURNED, LOST))
    return events["stage"].where(~events["stage"].isin([REJECTED, RETURNED, LOST]), outcome)
