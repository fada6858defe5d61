"""`onefunnel new-source`: draft a new system from samples of its files, and say what a night would make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
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
    _check_names(name, system, is_new=is_new)
    with ExitStack() as stack:
        taken = [_taken(stack.enter_context(landed_sample(path)), path, entity) for path, entity in map(_named, samples)]
        for each in taken:
            if sum(other.entity == each.entity for other in taken) > 1:
                raise ConfigError(f"two files look like {each.entity}", hint="say which is which: --from leads=FILE --from payments=FILE")
        every = [(each.sample.file, column) for each in taken for column in each.sample.columns.values()]
        order, own_orders = decide_date_order(every, date_order)
        numbers = [
            (each.sample.file, each.sample.columns[found]) for each in taken for column, found in each.matched.items() if column in NUMBERS
        ]
        separator = decide_decimal_separator(numbers, decimal_separator)
        drafts = tuple(_draft(each, own_orders) for each in taken)
        currencies = [each.sample.commonest(each.matched["currency"]).upper() for each in taken if "currency" in each.matched]
    return NewSource(
        name=name,
        system=system,
        drafts=drafts,
        samples={each.entity: str(each.path) for each in taken},
        date_order=order,
        decimal_separator=separator,
        base_currency=next(filter(None, (*currencies, *(draft.currency for draft in drafts))), "EUR"),
        written=_write(system, drafts, project) if is_new else (),
        sources_block=sources_block(name, system, drafts, order, separator),
        next_steps=next_steps(system, drafts),
    )


@dataclass(frozen=True)
class _Taken:
    """A sample, the entity it is taken for and why, and contract column -> delivered column."""

    sample: Sample
    path: Path
    entity: str
    why: str
    matched: dict[str, str]


def _check_names(name: str, system: str, *, is_new: bool) -> None:
    for what, value in (("source name", name), ("system", system)):
        if not NAME.match(value):
            raise ConfigError(f"not a {what}: {value}", hint="use small letters, digits and underscores, as in hubspot or acme_crm")
    where = f"models/staging/{system}"
    if is_new and system in known_systems():
        hint = f"add a source with `system: {system}` to sources.yml; to repeat the dry run of a draft: --check"
        raise ConfigError(f"system {system} is known already", where=where, hint=hint)
    if not is_new and system not in known_systems():
        raise ConfigError(f"system {system} is not drafted yet", where=where, hint="the same command without --check drafts it")


def _named(sample: str) -> tuple[Path, str]:
    """(file, entity) of "entity=FILE"; entity "" where none is named."""
    named, _, rest = sample.rpartition("=")
    path = Path(rest if named else sample).expanduser()
    if named and named not in template():
        raise ConfigError(f"no entity {named}", where=f"--from {sample}", hint=f"one of: {', '.join(template())}")
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="name a sample: --from FILE, or --from leads=FILE")
    return path, named


def _taken(sample: Sample, path: Path, named: str) -> _Taken:
    """Raises ConfigError where nothing of the contract fits: a model of nulls helps nobody."""
    found = (named, "as you say") if named else guess_entity(sample)
    if found is None:
        columns = ", ".join(sample.columns)
        raise ConfigError(
            f"looks like nothing of the contract, so nothing is proposed; its columns: {columns}",
            where=sample.file,
            hint=f"say what it is, --from ENTITY=FILE with one of {', '.join(template())}, or leave it out",
        )
    return _Taken(sample, path, *found, matched_columns(found[0], sample))


def _draft(taken: _Taken, own_orders: Mapping[tuple[str, str], str]) -> Draft:
    sample, entity, matched, contract = taken.sample, taken.entity, taken.matched, template()[taken.entity]
    draft = Draft(
        file=sample.file,
        entity=entity,
        why=taken.why,
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
    return replace(draft, missing=tuple(name for name in contract.required if name not in matched and name not in instead))


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
