"""Draft a new system: look at a sample of its files, guess which of the contract's columns they hold, write its staging models.

A draft is the template's staging model with this system's column names in it, so that it follows whatever the template does.
"""

from __future__ import annotations

import difflib
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from onefunnel.entities import SYSTEMS
from onefunnel.errors import ConfigError
from onefunnel.settings import Settings

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
SAMPLE_ROWS = 2000
ALIKE = 0.86
NUMBERS = ("amount", "cost", "direct_cost", "value", "rate_to_base")
NOTHING = "cast(null as varchar)"
# What systems call the columns of the contract, besides the contract's own names; compared without case and punctuation.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "lead_id": ("id", "record id", "deal id", "lead", "hs object id", "opportunity id"),
    "event_id": ("id", "history id", "record id"),
    "payment_id": ("id", "invoice id", "transaction id", "record id"),
    "plan_id": ("id", "invoice id", "installment id", "record id"),
    "client_id": ("customer id", "account id", "contact id"),
    "contact_id": ("contact", "contact name", "associated contact id", "person id"),
    "created_at": ("created", "created time", "create date", "date created", "creation date", "add time", "created date", "date"),
    "updated_at": ("modified time", "last modified", "updated", "last modified date", "update time", "modified"),
    "channel": ("source", "lead source", "original source", "utm source", "traffic source", "platform", "medium"),
    "campaign": ("utm campaign", "campaign name", "campaign source"),
    "ad_group": ("adgroup", "adset", "ad set name", "ad group name"),
    "ad": ("ad name", "creative"),
    "contact_email": ("email", "e mail", "mail", "contact e mail"),
    "contact_phone": ("phone", "mobile", "phone number", "tel"),
    "contact_name": ("full name", "name", "client name", "person"),
    "company": ("account", "account name", "organization", "company name"),
    "country": ("country region", "region", "country code"),
    "requested_service": ("product", "service", "interest", "requested product"),
    "service": ("product", "item"),
    "sdr": ("lead owner", "qualified by"),
    "sales_rep": ("owner", "deal owner", "deal owner name", "sales manager", "salesperson", "responsible", "manager"),
    "status": ("stage", "deal stage", "pipeline stage", "lead status", "state"),
    "stage": ("status", "deal stage", "new stage", "new value"),
    "status_at": ("stage modified time", "date entered current stage", "status changed"),
    "entered_at": ("changed at", "change time", "timestamp", "date", "modified time"),
    "reason": ("lost reason", "loss reason", "closed lost reason", "rejection reason", "disqualification reason"),
    "closed_at": ("closing date", "close date", "closed", "won time", "closed time"),
    "first_contact_at": ("first contact", "first activity", "first call", "first reply"),
    "desired_meeting_at": ("meeting", "meeting time", "desired meeting"),
    "is_deleted": ("deleted", "is archived"),
    "is_test": ("test",),
    "is_duplicate": ("duplicate",),
    "date": ("day", "report date", "reporting starts"),
    "cost": ("spend", "amount spent", "costs", "expense", "amount"),
    "clicks": ("link clicks",),
    "impressions": ("views", "impr"),
    "paid_at": ("date", "payment date", "paid", "paid on", "transaction date"),
    "amount": ("sum", "total", "value", "price", "paid amount", "gross"),
    "currency": ("currency code", "cur"),
    "kind": ("type", "transaction type"),
    "due_date": ("due", "due on", "date"),
    "rate_to_base": ("rate", "exchange rate"),
    "kpi": ("metric",),
    "value": ("target", "plan", "goal"),
    "actor": ("user", "changed by", "owner"),
}


@dataclass(frozen=True)
class Draft:
    """What was read of one file and guessed from it. matched: contract column -> delivered column."""

    file: str
    entity: str
    rows: int
    rejected: int
    columns: tuple[str, ...]
    matched: dict[str, str]
    missing: tuple[str, ...]
    personal: tuple[str, ...]
    date_order: str
    decimal_separator: str


@dataclass(frozen=True)
class NewSource:
    """What was written, and what is left to do by hand."""

    name: str
    system: str
    drafts: tuple[Draft, ...]
    written: tuple[str, ...]
    sources_block: str
    registry_block: str
    next_steps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def draft_source(name: str, system: str, samples: Sequence[str], project: Path) -> NewSource:
    """Read samples ("FILE" or "entity=FILE"), write the system's staging models into the project. Raises ConfigError."""
    for what, value in (("source name", name), ("system", system)):
        if not NAME.match(value):
            raise ConfigError(f"not a {what}: {value}", hint="use small letters, digits and underscores, as in hubspot or acme_crm")
    if system in SYSTEMS:
        hint = f"add a source with `system: {system}` to sources.yml; its models are there"
        raise ConfigError(f"system {system} is known already", where="onefunnel/entities.py", hint=hint)
    drafts = [_draft(sample) for sample in samples]
    for entity in {draft.entity for draft in drafts}:
        if sum(draft.entity == entity for draft in drafts) > 1:
            raise ConfigError(f"two files look like {entity}", hint="say which is which: --from leads=FILE --from payments=FILE")
    folder = project / "models" / "staging" / system
    texts = {folder / f"stg_{system}__{draft.entity}.sql": model_sql(system, draft, project) for draft in drafts}
    texts[folder / f"{system}.yml"] = models_yaml(system, drafts)
    for path in texts:
        if path.exists():
            raise ConfigError("the draft is there already", where=str(path), hint="go on editing it, or remove it to draft anew")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    written = tuple(path.relative_to(project).as_posix() for path in texts)
    steps = next_steps(system, drafts, project)
    return NewSource(name, system, tuple(drafts), written, sources_block(name, system, drafts), registry_block(system, drafts), steps)


def match_columns(contract: Iterable[str], delivered: Sequence[str]) -> dict[str, str]:
    """Contract column -> delivered column, the likeliest pairs first, each used once. Same name before synonym before resemblance."""
    pairs = []
    for position, column in enumerate(contract):
        for name in delivered:
            score = _likeness(column, name)
            if score >= ALIKE:
                pairs.append((-score, position, column, name))
    matched: dict[str, str] = {}
    for _, _, column, name in sorted(pairs):
        if column not in matched and name not in matched.values():
            matched[column] = name
    return matched


def guess_entity(delivered: Sequence[str]) -> str:
    """The contract's entity whose columns are found best: all required ones first, then the most."""

    def fit(entity: str) -> tuple[float, int]:
        contract = SYSTEMS["template"][entity]
        matched = match_columns(contract.columns, delivered)
        return sum(name in matched for name in contract.required) / len(contract.required), len(matched)

    return max(SYSTEMS["template"], key=fit)


def guess_date_order(values: Iterable[str]) -> str:
    """ymd, dmy or mdy, as most of these texts are written; a slash with both parts up to 12 is taken for dmy unless another says mdy."""
    votes = {"ymd": 0, "dmy": 0, "mdy": 0}
    for value in values:
        if re.match(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", value):
            votes["ymd"] += 1
        elif found := re.match(r"(\d{1,2})([-/.])(\d{1,2})[-/.]\d{4}", value):
            if int(found[3]) > 12:
                votes["mdy"] += 1000
            else:
                votes["dmy"] += 1000 if int(found[1]) > 12 else 1
    return max(votes, key=lambda order: votes[order])


def guess_decimal_separator(values: Iterable[str]) -> str:
    """ "," when more numbers end in a comma with one or two digits than in a point with them."""
    texts = list(values)
    commas = sum(bool(re.search(r"\d,\d{1,2}$", text)) for text in texts)
    return "," if commas > sum(bool(re.search(r"\d\.\d{1,2}$", text)) for text in texts) else "."


def model_sql(system: str, draft: Draft, project: Path) -> str:
    """The template's staging model of this entity, reading this system's columns. A column that was not found reads null."""
    text = (project / "models" / "staging" / "template" / f"stg_template__{draft.entity}.sql").read_text(encoding="utf-8")
    text = text.replace(f"landed_rows('template', '{draft.entity}'", f"landed_rows('{system}', '{draft.entity}'")
    columns = SYSTEMS["template"][draft.entity].columns

    def delivered(found: re.Match[str]) -> str:
        if found[2] not in columns:
            return found[0]
        name = draft.matched.get(found[2])
        expression = NOTHING if name is None else '"' + name.replace('"', '""') + '"'
        return f"{found[1]}'{expression.replace(chr(39), chr(92) + chr(39))}'"

    text = re.sub(r"(\b(?:to_\w+|category)\()'(\w+)'", delivered, text)
    absent = ", ".join(column for column in columns if column not in draft.matched)
    note = f"-- Drafted from {Path(draft.file).name}. Not found there, so null: {absent or 'nothing'}.\n"
    return note + text


def models_yaml(system: str, drafts: Sequence[Draft]) -> str:
    """Declares the landed tables and describes the staging models, grain last."""
    tables = [
        {"name": f"{system}__{d.entity}", "description": f"{_words(d)} of {system} as delivered. One row per delivered row."}
        for d in drafts
    ]
    models = [
        {
            "name": f"stg_{system}__{d.entity}",
            "description": f"{_words(d)} of {system}, renamed and typed; quarantine_rule says why a row cannot be used. "
            "One row per delivered row.",
            "columns": [{"name": "row_number", "data_tests": ["not_null"]}],
        }
        for d in drafts
    ]
    content = {"version": 2, "sources": [{"name": "landing", "schema": "landing", "tables": tables}], "models": models}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=140)


def sources_block(name: str, system: str, drafts: Sequence[Draft]) -> str:
    """The entry for sources.yml."""
    first = drafts[0]
    personal = sorted({column for draft in drafts for column in draft.personal})
    source = {
        "name": name,
        "system": system,
        "connector": "files",
        "time_zone": "UTC",
        "date_order": first.date_order,
        "decimal_separator": first.decimal_separator,
        "owner": "data-team",
        **({"personal": personal} if personal else {}),
        "entities": {draft.entity: {"path": Path(draft.file).name} for draft in drafts},
    }
    return yaml.safe_dump([source], sort_keys=False, allow_unicode=True)


def registry_block(system: str, drafts: Sequence[Draft]) -> str:
    """The entry for SYSTEMS in onefunnel/entities.py: columns that staging reads, required ones, personal ones."""
    lines = [f'    "{system}": {{']
    for draft in drafts:
        required = tuple(draft.matched[name] for name in SYSTEMS["template"][draft.entity].required if name in draft.matched)
        lines += [f'        "{draft.entity}": Entity(', f"            {draft.columns!r},", f"            {required!r},"]
        lines += [f"            {draft.personal!r},"] * bool(draft.personal)
        lines.append("        ),")
    return "\n".join([*lines, "    },"])


def next_steps(system: str, drafts: Sequence[Draft], project: Path) -> tuple[str, ...]:
    """What a person still decides."""
    steps = [f"read models/staging/{system}/: is every column what it says?"]
    for draft in drafts:
        for column in draft.missing:
            model = f"stg_{system}__{draft.entity}.sql"
            steps.append(f"{draft.entity}: no column was found for {column}, which the contract requires: name it in {model}")
    delivers = ", ".join(f"{draft.entity}: {draft.entity}" for draft in drafts)
    steps.append(f"add a line to `systems` in dbt_project.yml: {system}: {{{delivers}}}")
    steps.append("paste the registry block into SYSTEMS of onefunnel/entities.py and the sources block into sources.yml")
    steps.append(f"map the values of {system} with `onefunnel map`, which writes them into the folder that `words` in sources.yml names")
    steps.append("onefunnel run, then look at facts.fct_unmapped_value and facts.fct_quarantine")
    return tuple(steps)


def _draft(sample: str) -> Draft:
    named, _, rest = sample.rpartition("=")
    path = Path(rest if named else sample).expanduser()
    if named and named not in SYSTEMS["template"]:
        raise ConfigError(f"no entity {named}", where=f"--from {sample}", hint=f"one of: {', '.join(SYSTEMS['template'])}")
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="name a sample: --from FILE, or --from leads=FILE")
    columns, rows, rejected, values = _land_sample(path)
    entity = named or guess_entity(columns)
    contract = SYSTEMS["template"][entity]
    matched = match_columns((*contract.columns, *(name for name in contract.personal if name not in contract.columns)), columns)
    personal = _personal(columns, matched, contract.personal)
    dates = [text for column, name in matched.items() if column.endswith(("_at", "date", "month")) for text in values[name]]
    numbers = [text for column, name in matched.items() if column in NUMBERS for text in values[name]]
    return Draft(
        path.name,
        entity,
        rows,
        rejected,
        columns,
        {column: name for column, name in matched.items() if column in contract.columns},
        tuple(name for name in contract.required if name not in matched),
        personal,
        guess_date_order(dates),
        guess_decimal_separator(numbers),
    )


def _land_sample(path: Path) -> tuple[tuple[str, ...], int, int, Mapping[str, list[str]]]:
    """(columns, rows, rejected rows, sample values by column) of a file, through the real connector into a landing thrown away."""
    import duckdb

    from onefunnel.config import PipelineConfig
    from onefunnel.extract import extract_source
    from onefunnel.extract.normalise import literal, quoted
    from onefunnel.interval import Interval
    from onefunnel.sources import FileEntity, FilesSource

    with tempfile.TemporaryDirectory(prefix="onefunnel-sample-") as folder:
        copy = Path(folder) / f"sample{path.suffix}"
        shutil.copyfile(path, copy)
        source = FilesSource(name="sample", system="sample", connector="files", entities={"sample": FileEntity(path=str(copy))})
        config = PipelineConfig(version=1, sources=(source,))
        settings = Settings(home=Path(folder) / "home", hash_key=secrets.token_hex(16))
        manifest = extract_source(config, source, Interval.for_as_of(date(2000, 1, 1)), settings)[0]
        part = literal(str(manifest.folder(settings.paths.landing) / manifest.files[0].part))
        values: dict[str, list[str]] = {}
        with duckdb.connect() as db:
            for name in manifest.columns:
                rows = f"from read_parquet({part}, hive_partitioning = false) where {quoted(name)} is not null limit {SAMPLE_ROWS}"
                values[name] = [value for (value,) in db.execute(f"select {quoted(name)} {rows}").fetchall()]
        return manifest.columns, manifest.rows, manifest.rejected_rows, values


def _personal(columns: Sequence[str], matched: Mapping[str, str], contract: Iterable[str]) -> tuple[str, ...]:
    from onefunnel.extract.normalise import looks_personal

    known = {matched[name] for name in contract if name in matched}
    return tuple(name for name in columns if name in known or looks_personal(name))


def _likeness(column: str, name: str) -> float:
    wanted, given = _plain(column), _plain(name)
    if wanted == given:
        return 1.0
    synonyms = [_plain(synonym) for synonym in SYNONYMS.get(column, ())]
    if given in synonyms:
        return 0.98 - 0.01 * synonyms.index(given)
    return difflib.SequenceMatcher(None, wanted, given).ratio() * 0.9


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _words(draft: Draft) -> str:
    return draft.entity.replace("_", " ").capitalize()
