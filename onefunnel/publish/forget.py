"""An erase request: takes a person's identity out of everything a home keeps; neither a re-extraction nor a rollback brings it back.

Reaches landing (every load, also superseded ones), the warehouse (removed; the next night rebuilds it from landing), analysts' sandboxes
(removed: copies of it), candidates, every retained version with its Parquet export, the report page, quality results and logs.
See docs/runbook.md, erase request.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from onefunnel.durable import fsync_file, remove_quietly, sha256_of, write_whole
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.normalise import PLACEHOLDER, hash_value, literal, quoted, require_key, rows_of
from onefunnel.extract.phones import international, noted_countries
from onefunnel.forgotten import CONTACT_LISTS, Forgotten, erase_rows, identity_columns, new_token, read_forgotten
from onefunnel.landing.loads import MANIFEST, LoadManifest
from onefunnel.publish import postgres
from onefunnel.publish.candidate import leftovers
from onefunnel.publish.comments import copy_comments
from onefunnel.publish.contents import contents
from onefunnel.publish.export import export_in_place, parquet_folder
from onefunnel.publish.manifest import current_version, load_manifest, version_manifest_file
from onefunnel.sandbox import remove_all

if TYPE_CHECKING:
    from onefunnel.settings import Settings

SHORTEST_ADDRESS = 3
# What systems write as the id of a contact where there is none, as to_person_id of dbt_project/macros/parse.sql reads it.
NOBODY = r"(?i)(0([.]0+)?|0{8}(-0{4}){3}-0{12}|-1|unknown|anonymous|guest|неизвестно)"


@dataclass(frozen=True)
class Erased:
    """What an erase request changed. rows: landed rows that lost their identity; versions: published files written anew."""

    rows: int
    parts: int
    versions: tuple[str, ...]
    files: int
    warehouse_removed: bool
    sandboxes: tuple[str, ...] = ()


def forget(settings: Settings, value: str) -> Erased:
    """Erase the person with this e-mail address, phone number or contact id. The caller holds the run lock.

    Safe to repeat, and to be repeated after a kill. Raises ConfigError when the hash key is missing although landing was made with one.
    """
    value = value.strip()
    if not _names_somebody(value):
        raise ConfigError("nobody is named", where="--contact", hint="give an e-mail address, a phone number or a contact id")
    landing = settings.paths.landing
    known = _identities(settings, value)
    parts = _parts(landing)
    with duckdb.connect() as db:
        known |= {contact for part, is_list in parts for contact in _contacts_of(db, part, is_list, known)}
        forgotten = read_forgotten(landing)
        token = next((forgotten.tokens[name] for item in known if (name := forgotten.name_of(item)) in forgotten.tokens), new_token())
        tokens = dict.fromkeys(known, token)
        # On the list before anything is changed: from here on no extraction brings the person back, and a killed request is repeated.
        listed = Forgotten(forgotten.salt, {**forgotten.tokens, **{forgotten.name_of(item): token for item in known}}, unfinished=True)
        listed.save(landing)
        changed = {part: rows for part, is_list in parts if (rows := _erase_part(db, part, is_list, tokens))}
    for folder in {part.parent for part in changed}:
        _describe_load(folder)
    versions = _erase_versions(settings, tokens)
    files = _erase_texts(settings, [*known, value])
    removed = _remove_working_files(settings)
    # only now: what is being made of the warehouse at this moment is among them
    sandboxes = remove_all(settings)
    _rewrite_page(settings)
    replace(listed, unfinished=False).save(landing)
    return Erased(sum(changed.values()), len(changed), tuple(versions), files, removed, sandboxes)


def _names_somebody(value: str) -> bool:
    """An id may be one digit; an address may not. What stands where nobody is named would make one person of all such rows."""
    if not value or re.fullmatch(NOBODY, value) or ("@" in value and len(value) < SHORTEST_ADDRESS):
        return False
    with duckdb.connect() as db:
        row = db.execute(f"select regexp_matches($value, {literal('(?i)' + PLACEHOLDER)})", {"value": value}).fetchone()
    return not (row and row[0])


def _identities(settings: Settings, value: str) -> set[str]:
    """Every form in which landing may hold the value: as delivered, and hashed as an e-mail, a phone or a text."""
    landing = settings.paths.landing
    if not (landing / "key.json").exists():
        return {value}
    key = require_key(settings.hash_key, landing, "onefunnel forget")
    hashes = {hash_value(key, column, value) for column in ("contact_email", "contact_name")}
    # a phone number is its digits, as each source's country writes them; a text with three digits in it is none
    if sum(letter.isdigit() for letter in value) >= 6 and "@" not in value:
        forms = {value, *(international(value, country) for country in noted_countries(landing))}
        hashes |= {hash_value(key, "contact_phone", form) for form in forms}
    return {value, *(item for item in hashes if item)}


def _parts(landing: Path) -> list[tuple[Path, bool]]:
    """Every landed Parquet part, and whether it is a list of contacts (whose Id is a contact id)."""
    return [(part, part.parents[2].name in CONTACT_LISTS) for part in sorted(landing.glob("*/*/source=*/load=*/part-*.parquet"))]


def _columns(db: duckdb.DuckDBPyConnection, part: Path) -> list[str]:
    return [row[0] for row in db.execute(f"describe from {rows_of(part)}").fetchall()]


def _all_identity_columns(db: duckdb.DuckDBPyConnection, part: Path, is_list: bool, known: set[str]) -> tuple[list[str], list[str]]:
    """Named identity columns, and any other column in which a hash of the person stands (`personal` of a source adds such columns)."""
    columns = _columns(db, part)
    links, details = identity_columns(columns, is_contact_list=is_list)
    hashes = ", ".join(literal(item) for item in known if len(item) == 64)
    others = [name for name in columns if name not in (*links, *details) and not name.startswith("_")]
    if hashes and others:
        tests = ", ".join(f"bool_or(coalesce(cast({quoted(name)} as varchar) in ({hashes}), false))" for name in others)
        row = db.execute(f"select {tests} from {rows_of(part)}").fetchone() or ()
        details += [name for name, holds in zip(others, row, strict=True) if holds]
    return links, details


def _contacts_of(db: duckdb.DuckDBPyConnection, part: Path, is_list: bool, known: set[str]) -> set[str]:
    """Contact ids in rows about the person: other rows with the same id are about the same person."""
    links, details = _all_identity_columns(db, part, is_list, known)
    if not links:
        return set()
    values = ", ".join(literal(item) for item in known)
    who = " or ".join(f"{quoted(name)} in ({values})" for name in (*links, *details))
    chosen = ", ".join(quoted(name) for name in links)
    rows = db.execute(f"select distinct {chosen} from {rows_of(part)} where {who}").fetchall()
    return {str(item) for row in rows for item in row if item is not None and not str(item).startswith("erased-")}


def _erase_part(db: duckdb.DuckDBPyConnection, part: Path, is_list: bool, tokens: dict[str, str]) -> int:
    links, details = _all_identity_columns(db, part, is_list, set(tokens))
    return erase_rows(db, part, tokens, links, details)


def _describe_load(folder: Path) -> None:
    """Write the manifest of a load anew after its parts changed; what was delivered (its hash) stays, so it is not landed again."""
    path = folder / MANIFEST
    manifest = LoadManifest.read(path)
    files = tuple(replace(file, part_sha256=sha256_of(folder / file.part)) for file in manifest.files)
    size = sum((folder / file.part).stat().st_size for file in files)
    write_whole(path, json.dumps(asdict(replace(manifest, files=files, bytes=size)), ensure_ascii=False, indent=1) + "\n")


def _erase_versions(settings: Settings, tokens: dict[str, str]) -> list[str]:
    """Write every version in which the person stands anew, then what describes it."""
    folder = settings.paths.versions
    done = []
    for path in sorted(folder.glob("[0-9]*.duckdb")) if folder.is_dir() else []:
        version = path.name.removesuffix(".duckdb")
        manifest = load_manifest(version_manifest_file(settings, version))
        rewritten = _rewrite_version(path, tokens)
        if manifest and (rewritten or manifest.sha256 != sha256_of(path)):
            if parquet_folder(settings, version).is_dir():
                export_in_place(settings, path, version)
            with duckdb.connect(str(path), read_only=True) as db:
                tables = contents(db, db.execute("select current_database()").fetchone()[0])
            described = {name: content.to_dict() for name, content in tables.items()}
            manifest = replace(manifest, sha256=sha256_of(path), bytes=path.stat().st_size, tables=described)
            manifest.save(version_manifest_file(settings, version))
            if version == current_version(settings):
                manifest.save(settings.paths.manifest)
            if postgres.is_configured(settings):
                postgres.prepare(settings, version, anew=True)
                postgres.show(settings, current_version(settings) or version)
            done.append(version)
    return done


def _rewrite_version(path: Path, tokens: dict[str, str]) -> bool:
    """Copy a version without the person into a new file (an update would leave the old bytes in free blocks) and put it in its place."""
    beside = path.with_name(f".{path.name}.tmp")
    remove_quietly(beside)
    try:
        with duckdb.connect(str(beside)) as db:
            db.execute(f"attach {literal(str(path))} as old (read_only)")
            columns = db.execute(
                "select schema_name, table_name, column_name, data_type from duckdb_columns() where database_name = 'old' and not internal "
                "order by schema_name, table_name, column_index"
            ).fetchall()
            views = db.execute(
                "select schema_name, view_name, sql from duckdb_views() where database_name = 'old' and not internal"
            ).fetchall()
            are_views = {(schema, view) for schema, view, _ in views}
            tables: dict[tuple[str, str], list[str]] = {}
            for schema, table, column, kind in columns:
                if (schema, table) in are_views:
                    continue
                tables.setdefault((schema, table), []).extend([column] if kind == "VARCHAR" else [])
            held = {table: found for table, names in tables.items() if (found := _columns_with(db, table, names, tokens))}
            if not held:
                return False
            for schema, table in tables:
                chosen = ", ".join(f"{_erased_sql(name, tokens)} as {quoted(name)}" for name in held.get((schema, table), []))
                replaced = f" replace ({chosen})" if chosen else ""
                old = f"old.{quoted(schema)}.{quoted(table)}"
                db.execute(f"create schema if not exists {quoted(schema)}")
                db.execute(f"create table {quoted(schema)}.{quoted(table)} as select *{replaced} from {old} order by rowid")
            for _, _, definition in views:
                db.execute(definition)
            copy_comments(db, "old")
            db.execute("detach old")
            db.execute("checkpoint")
        beside.chmod(0o444)
        fsync_file(beside)
        beside.replace(path)
        return True
    except (OSError, duckdb.Error) as error:
        raise OnefunnelError(
            f"a version could not be written anew: {str(error).splitlines()[0]}",
            where=str(path),
            hint="free space, then repeat the request",
        ) from error
    finally:
        remove_quietly(beside, Path(f"{beside}.wal"))


# Where a published file may name a client: the id itself, or behind the name of its source.
CLIENT_COLUMNS = ("client_key", "client_id", "contact_id")


def _columns_with(db: duckdb.DuckDBPyConnection, table: tuple[str, str], names: list[str], tokens: dict[str, str]) -> list[str]:
    """Text columns of a table in which the person stands: client columns by id or hash, any column by hash."""
    if not names:
        return []
    tests = ", ".join(f"bool_or(coalesce({_matches(name, tokens)}, false))" for name in names)
    row = db.execute(f"select {tests} from old.{quoted(table[0])}.{quoted(table[1])}").fetchone() or ()
    return [name for name, holds in zip(names, row, strict=True) if holds]


def _matches(name: str, tokens: dict[str, str]) -> str:
    values = [item for item in tokens if len(item) == 64 or name in CLIENT_COLUMNS]
    return f"regexp_replace({quoted(name)}, '^[a-z][a-z0-9_]*:', '') in ({', '.join(literal(item) for item in values) or 'null'})"


def _erased_sql(name: str, tokens: dict[str, str]) -> str:
    """The column with the token in place of the person, behind the same source name."""
    token = literal(next(iter(tokens.values())))
    source = f"regexp_extract({quoted(name)}, '^[a-z][a-z0-9_]*:')"
    return f"case when {_matches(name, tokens)} then {source} || {token} else {quoted(name)} end"


def _erase_texts(settings: Settings, values: list[str]) -> int:
    """Blank the person in text that a run left: quality results and pages, logs. Short ids are no needle: they hit other numbers."""
    needles = [value for value in values if len(value) == 64 or "@" in value]
    changed = 0
    folders = (settings.paths.quality, settings.paths.logs)
    for path in (path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        blanked = text
        for needle in needles:
            blanked = blanked.replace(needle, "erased")
        if blanked != text:
            write_whole(path, blanked)
            changed += 1
    return changed


def _remove_working_files(settings: Settings) -> bool:
    """Remove the warehouse, damaged ones set aside, candidates and what dbt compiled: all are made anew from landing."""
    warehouse = settings.paths.warehouse
    existed = warehouse.exists()
    remove_quietly(*warehouse.parent.glob(f"{warehouse.name}*"), *leftovers(settings.paths.published), settings.paths.target)
    return existed


def _rewrite_page(settings: Settings) -> None:
    if settings.paths.current.exists() and settings.paths.report_dir.is_dir():
        from onefunnel.report import write_report

        write_report(settings.paths.current, settings.paths.report_dir)
