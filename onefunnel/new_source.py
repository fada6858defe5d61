"""`onefunnel new-source`: draft a new system from samples of its files, and say what a night would make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onefunnel.drafts.draft import Draft, made_up, model_sql, next_steps, sources_block, system_yaml, with_system
from onefunnel.drafts.guess import (
    NUMBERS,
    decide_date_order,
    decide_decimal_separator,
    guess_entity,
    matched_columns,
    mixed_dates,
)
from onefunnel.drafts.sample import Column, Sample, landed_sample
from onefunnel.entities import forget_systems, known_systems, template
from onefunnel.errors import ConfigError
from onefunnel.extract.normalise import looks_personal

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


@dataclass(frozen=True)
class NewSource:
    """What was written, and what is left to do by hand. samples: entity -> file; base_currency: that most amounts are in."""

    name: str
    system: str
    drafts: tuple[Draft, ...]
    samples: dict[str, str]
    date_order: str
    decimal_separator: str
    base_currency: str
    written: tuple[str, ...]
    sources_block: str
    next_steps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def draft_source(
    name: str,
    system: str,
    samples: Sequence[str],
    project: Path,
    *,
    date_order: str | None = None,
    decimal_separator: str | None = None,
    is_new: bool = True,
) -> NewSource:
    """Read samples ("FILE" or "entity=FILE"), write the folder of the system into the project and its line into dbt_project.yml.

    is_new False: write nothing, the draft is there. Raises ConfigError; Undecided (one of them) where nothing says how dates or numbers are
    written and date_order or decimal_separator must.
    """
    for what, value in (("source name", name), ("system", system)):
        if not NAME.match(value):
            raise ConfigError(f"not a {what}: {value}", hint="use small letters, digits and underscores, as in hubspot or acme_crm")
    if is_new and system in known_systems():
        hint = f"add a source with `system: {system}` to sources.yml; to repeat the dry run of a draft: --check"
        raise ConfigError(f"system {system} is known already", where=f"models/staging/{system}", hint=hint)
    with ExitStack() as stack:
        named = [_named(sample) for sample in samples]
        read = [(stack.enter_context(landed_sample(path)), path, entity) for path, entity in named]
        taken = [(sample, path, *_taken_for(sample, entity)) for sample, path, entity in read]
        for entity in {entity for _, _, entity, _ in taken}:
            if sum(other == entity for _, _, other, _ in taken) > 1:
                raise ConfigError(f"two files look like {entity}", hint="say which is which: --from leads=FILE --from payments=FILE")
        every = [(sample.file, column) for sample, *_ in taken for column in sample.columns.values()]
        order, own_orders = decide_date_order(every, date_order)
        matches = [matched_columns(entity, sample) for sample, _, entity, _ in taken]
        numbers = [
            (sample.file, sample.columns[delivered])
            for (sample, *_), matched in zip(taken, matches, strict=True)
            for column, delivered in matched.items()
            if column in NUMBERS
        ]
        separator = decide_decimal_separator(numbers, decimal_separator)
        drafts = [
            _draft(sample, entity, why, matched, own_orders) for (sample, _, entity, why), matched in zip(taken, matches, strict=True)
        ]
        base = next(
            (found for found in (_base_currency(sample, matched) for (sample, *_), matched in zip(taken, matches, strict=True)) if found),
            "",
        )
    base = base or next((draft.currency for draft in drafts if draft.currency), "EUR")
    written = _write(system, drafts, project) if is_new else ()
    return NewSource(
        name,
        system,
        tuple(drafts),
        {entity: str(path) for _, path, entity, _ in taken},
        order,
        separator,
        base,
        written,
        sources_block(name, system, drafts, order, separator),
        next_steps(system, drafts),
    )


def _named(sample: str) -> tuple[Path, str]:
    """(file, entity) of "entity=FILE"; entity "" where none is named."""
    named, _, rest = sample.rpartition("=")
    path = Path(rest if named else sample).expanduser()
    if named and named not in template():
        raise ConfigError(f"no entity {named}", where=f"--from {sample}", hint=f"one of: {', '.join(template())}")
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="name a sample: --from FILE, or --from leads=FILE")
    return path, named


def _taken_for(sample: Sample, entity: str) -> tuple[str, str]:
    """(entity, why). Raises ConfigError where nothing of the contract fits: a model of nulls helps nobody."""
    if entity:
        return entity, "as you say"
    found = guess_entity(sample)
    if found is None:
        columns = ", ".join(sample.columns)
        raise ConfigError(
            f"looks like nothing of the contract, so nothing is proposed; its columns: {columns}",
            where=sample.file,
            hint=f"say what it is, --from ENTITY=FILE with one of {', '.join(template())}, or leave it out",
        )
    return found


def _draft(sample: Sample, entity: str, why: str, matched: Mapping[str, str], own_orders: Mapping[tuple[str, str], str]) -> Draft:
    contract = template()[entity]
    draft = Draft(
        file=sample.file,
        entity=entity,
        why=why,
        rows=sample.rows,
        rejected=sample.rejected,
        columns=tuple(sample.columns),
        matched={column: matched[column] for column in contract.columns if column in matched},
        missing=(),
        personal=_personal(sample.columns.values(), {matched[name] for name in contract.personal if name in matched}),
        date_orders={column: order for (file, column), order in own_orders.items() if file == sample.file},
        currency="" if "currency" in matched else _currency_in_name(matched),
        notes=(
            *_repeated(sample, entity, matched),
            *_of_other_fields(sample, entity),
            *filter(None, map(mixed_dates, sample.columns.values())),
        ),
    )
    instead = {*made_up(draft), "currency"}
    missing = tuple(name for name in contract.required if name not in matched and name not in instead)
    return Draft(**{**vars(draft), "missing": missing})


def _repeated(sample: Sample, entity: str, matched: Mapping[str, str]) -> list[str]:
    """That ids repeat, how many, and what that means."""
    notes = []
    means = {
        "leads": "rows of one id are versions of one lead: the newest counts, and without `updated_at` two that differ are disputed",
        "stage_events": "as a history of stages should",
    }
    for column in ("lead_id", "payment_id", "plan_id"):
        if column in matched and (entity != "payments" or column == "payment_id"):
            rows, ids, example, times = sample.repeats(matched[column])
            if rows:
                shown = f", for example {example!r} {times:,} times" if "@" not in example else ""
                meaning = means.get(entity, "the newest row of an id counts")
                notes.append(f"{matched[column]} repeats: {rows:,} rows hold {ids:,} ids{shown}; {meaning}")
    return notes


def _of_other_fields(sample: Sample, entity: str) -> list[str]:
    """A history of all fields of a record holds more than stages."""
    named = [
        name for name in sample.columns if re.fullmatch("field|field (name|key)|property|property name", name.replace("_", " ").lower())
    ]
    if entity != "stage_events" or not named:
        return []
    return [f"{named[0]} says which field has changed: leave the rows of others than the stage out, in the model or in the export"]


def _personal(columns: Iterable[Column], known: set[str]) -> tuple[str, ...]:
    """What is hashed: as the contract says, by its name, or because addresses stand in it."""
    return tuple(
        column.name
        for column in columns
        if column.name in known or looks_personal(column.name) or (column.addresses and column.mostly(column.addresses))
    )


def _currency_in_name(matched: Mapping[str, str]) -> str:
    """EUR of "Amount spent (EUR)"."""
    names = " ".join(matched.get(column, "") for column in ("cost", "amount"))
    found = re.search(r"[(\[ _]([A-Z]{3})[)\]]?(?: |$)", names)
    return found[1] if found else ""


def _base_currency(sample: Sample, matched: Mapping[str, str]) -> str:
    return sample.commonest(matched["currency"]).upper() if "currency" in matched else ""


def _write(system: str, drafts: Sequence[Draft], project: Path) -> tuple[str, ...]:
    folder, listed = project / "models" / "staging" / system, project / "dbt_project.yml"
    texts = {folder / f"stg_{system}__{draft.entity}.sql": model_sql(system, draft, project) for draft in drafts}
    texts[folder / f"{system}.yml"] = system_yaml(system, drafts)
    for path in texts:
        if path.exists():
            raise ConfigError("the draft is there already", where=str(path), hint="go on editing it, or remove it to draft anew")
    texts[listed] = with_system(listed.read_text(encoding="utf-8"), system, drafts)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    forget_systems()
    return tuple(path.relative_to(project).as_posix() for path in texts)
