"""The files of a drafted system: staging models with its column names, what it delivers, and its line in dbt_project.yml.

A drafted model is the template's, so that it follows whatever the template does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from onefunnel.entities import template
from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import quoted
from onefunnel.yaml_text import load_yaml

NOTHING = "cast(null as varchar)"


@dataclass(frozen=True)
class Draft:
    """What was read of one file and guessed from it. matched: contract column -> delivered column; why: the entity was taken for that.

    date_orders: of delivered columns that are written otherwise than the source's dates; currency: that the name of a column says;
    notes: what a person must know of the sample.
    """

    file: str
    entity: str
    why: str
    rows: int
    rejected: int
    columns: tuple[str, ...]
    matched: dict[str, str]
    missing: tuple[str, ...]
    personal: tuple[str, ...]
    date_orders: dict[str, str]
    currency: str
    notes: tuple[str, ...]


def made_up(draft: Draft) -> dict[str, tuple[str, str]]:
    """Contract column -> (SQL, what it is) of what no column says and the draft can do without."""
    found: dict[str, tuple[str, str]] = {}
    if draft.entity == "ad_spend" and "channel" not in draft.matched:
        found["channel"] = ("source_name", "the name of the source: an account of ads is one channel")
    parts = [draft.matched[name] for name in ("lead_id", "stage", "entered_at") if name in draft.matched]
    if draft.entity == "stage_events" and "event_id" not in draft.matched and len(parts) == 3:
        found["event_id"] = (f"concat_ws('|', {', '.join(map(quoted, parts))})", "lead, stage and moment together")
    return found


def model_sql(system: str, draft: Draft, project: Path) -> str:
    """The template's staging model of this entity, reading this system's columns. A column that was not found reads null."""
    text = (project / "models" / "staging" / "template" / f"stg_template__{draft.entity}.sql").read_text(encoding="utf-8")
    text = text.replace(f"landed_rows('template', '{draft.entity}'", f"landed_rows('{system}', '{draft.entity}'")
    columns, instead = template()[draft.entity].columns, made_up(draft)

    def delivered(found: re.Match[str]) -> str:
        if found[2] not in columns:
            return found[0]
        name = draft.matched.get(found[2])
        expression = instead.get(found[2], (NOTHING,))[0] if name is None else quoted(name)
        own = draft.date_orders.get(name) if name and found[1] == "to_iso(" else None
        order = f""", date_order="'{own}'\"""" if own else ""
        return f"{found[1]}'{expression.replace(chr(39), chr(92) + chr(39))}'{order}"

    text = re.sub(r"(\b(?:to_\w+|category)\()'(\w+)'", delivered, text)
    absent = ", ".join(column for column in columns if column not in draft.matched and column not in instead)
    note = f"-- Drafted from {Path(draft.file).name}. Not found there, so null: {absent or 'nothing'}.\n"
    return note + text


def system_yaml(system: str, drafts: Sequence[Draft]) -> str:
    """What the system delivers (columns, required, personal: onefunnel/entities.py), and its staging models, grain last."""
    tables = [
        {
            "name": f"{system}__{draft.entity}",
            "description": f"{_words(draft)} of {system} as delivered. One row per delivered row.",
            "config": {"meta": _contract(draft)},
        }
        for draft in drafts
    ]
    models = [
        {
            "name": f"stg_{system}__{draft.entity}",
            "description": f"{_words(draft)} of {system}, renamed and typed; quarantine_rule says why a row cannot be used. "
            "One row per delivered row.",
            "columns": [{"name": "row_number", "data_tests": ["not_null"]}],
        }
        for draft in drafts
    ]
    content = {"version": 2, "sources": [{"name": "landing", "tables": tables}], "models": models}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=140, default_flow_style=None)


def sources_block(name: str, system: str, drafts: Sequence[Draft], date_order: str, decimal_separator: str) -> str:
    """The entry for sources.yml."""
    personal = sorted({column for draft in drafts for column in draft.personal})
    currencies = {draft.currency for draft in drafts if draft.currency}
    source = {
        "name": name,
        "system": system,
        "connector": "files",
        "time_zone": "UTC",
        "date_order": date_order,
        "decimal_separator": decimal_separator,
        **({"currency": min(currencies)} if len(currencies) == 1 else {}),
        "owner": "data-team",
        **({"personal": personal} if personal else {}),
        "entities": {draft.entity: {"path": Path(draft.file).name} for draft in drafts},
    }
    return yaml.safe_dump([source], sort_keys=False, allow_unicode=True)


def with_system(text: str, system: str, drafts: Sequence[Draft]) -> str:
    """dbt_project.yml with the system's line under `systems`: dbt must know its models before it reads anything else."""
    line = f"    {system}: {{{', '.join(f'{draft.entity}: {draft.entity}' for draft in drafts)}}}\n"
    added, count = re.subn(r"(?m)^  systems:\n(?:    .*\n)+", lambda found: str(found[0]) + line, text, count=1)
    if not count or system not in load_yaml(added)["vars"]["systems"]:
        raise ConfigError("no list of `systems` to add a line to", where="dbt_project.yml", hint="restore it: it is one block under `vars`")
    return added


def next_steps(system: str, drafts: Sequence[Draft]) -> tuple[str, ...]:
    """What a person still decides."""
    steps = [f"read models/staging/{system}/: is every column what it says?"]
    for draft in drafts:
        for column in draft.missing:
            model = f"stg_{system}__{draft.entity}.sql"
            steps.append(f"{draft.entity}: no column was found for {column}, which the contract requires: name it in {model}")
    steps += [
        "put the sources block into sources.yml; time_zone: UTC is what nothing in a file says, so correct it",
        f"map the words of {system} with `onefunnel map`, which writes them into the folder that `words` in sources.yml names",
        "after every change repeat the dry run: the same command with --check",
    ]
    return tuple(steps)


def _contract(draft: Draft) -> dict[str, list[str]]:
    required = [draft.matched[name] for name in template()[draft.entity].required if name in draft.matched]
    contract = {"columns": list(draft.columns), "required": required, "personal": list(draft.personal)}
    return {name: columns for name, columns in contract.items() if columns}


def _words(draft: Draft) -> str:
    return draft.entity.replace("_", " ").capitalize()
