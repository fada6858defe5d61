"""The files connector: CSV, TSV, Parquet, JSON lines, JSON and XLSX from a folder into landing."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from onefunnel.config import PipelineConfig, expand_variables
from onefunnel.entities import entity_of
from onefunnel.errors import ConfigError
from onefunnel.extract.csv_text import csv_relation
from onefunnel.extract.documents import json_relation, jsonl_relation, parquet_relation
from onefunnel.extract.doubts import look_again
from onefunnel.extract.doubts.undecided import check_undecided
from onefunnel.extract.earlier_files import Delivered, check_gone, check_grown, keep_earlier
from onefunnel.extract.parts import PartWriter, Relation
from onefunnel.extract.snapshot import Snapshot, as_utf8, check_inside, take_snapshot
from onefunnel.extract.table_edges import cut_to_table
from onefunnel.landing.loads import LandedFile, LoadManifest, StagedLoad, natural_order
from onefunnel.sources import FileEntity, FilesSource

if TYPE_CHECKING:
    from onefunnel.settings import Settings

# Raised when the same bytes would be landed differently, so that they are landed again.
READER_VERSION = 7
FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
# What else comes by its suffix, and what to do.
OTHER_FORMATS = {
    **dict.fromkeys((".xls", ".xlsb", ".ods", ".numbers"), ("a workbook of another kind", "save it as .xlsx or .csv")),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".htm", ".html"), ("a document", "export its table as .csv or .xlsx")),
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz"), ("packed", "unpack it")),
}
TINY_BYTES = 100
PACKED = tuple(suffix for suffix, (what, _) in OTHER_FORMATS.items() if what == "packed")
TEXTS = ("csv", "tsv", "jsonl", "json")


def stage_files(config: PipelineConfig, source: FilesSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land what the entity's path names and is not landed yet. Raises ConfigError when nothing is there and emptiness is not declared."""
    options = source.entities[entity]
    contract = entity_of(source.system, entity)
    personal = (*(contract.personal if contract else ()), *source.personal)
    where = f"{config.file}: source {source.name}, entity {entity}"
    root, files = find_files(options.path, config.folder, where)
    if not files and source.expected != "normal_empty":
        raise ConfigError(
            f"no file matches {options.path}", where=where, hint="deliver it, correct `path`, or declare `expected: normal_empty`"
        )
    how = options.model_dump(exclude={"path", "delivery", "overlap", "ignore_columns"})
    country = [source.phone_country] if source.phone_country else []
    separator = [source.decimal_separator] if source.decimal_separator != "." else []
    reading = json.dumps([READER_VERSION, how, sorted(name.lower() for name in personal), *country, *separator])
    there = {path.relative_to(root).as_posix() for path in files}
    delivered = Delivered(staged, there, options)
    staged.warnings += [f"{name}: not read: {why}" for name, why in nearly_matched(options.path, config.folder, where, files)]
    with PartWriter(staged, settings, contract.required if contract else (), contract.columns if contract else (), personal) as writer:
        for path in files:
            form = form_of(path.name, options)
            snapshot = take_snapshot(path, root, staged.scratch, is_text=form in TEXTS)
            fingerprint = hashlib.sha256(f"{snapshot.sha256}|{reading}".encode()).hexdigest()
            says_nothing = source.expected == "normal_empty" and _is_nothing(snapshot)
            is_new = delivered.is_new(snapshot.name, fingerprint, says_nothing=says_nothing)
            if not is_new:
                snapshot.path.unlink()
                files += [path] if is_new is None else []
                continue
            relation = _relation(writer, snapshot, form, options, source.decimal_separator)
            part = writer.write(relation, file=snapshot.name, sha256=snapshot.sha256, fingerprint=fingerprint)
            check_undecided(writer, relation, part, config, source)
            look_again(writer, part, config, source, options)
        _check_whole(writer, delivered.current, there)
        check_gone(writer, delivered.current, delivered.now, options)
        check_grown(writer, options)
        keep_earlier(writer, delivered.now)
        writer.finish()


def _check_whole(writer: PartWriter, current: list[tuple[LoadManifest, LandedFile]], there: set[str]) -> None:
    """Raise ConfigError for a JSON file that says there are more records than it and its neighbours hold; warn where they may."""
    staged, pages = writer.staged, writer.pages
    landed = {item.path: item.rows + item.rejected for _, item in current if item.path in there and item.path not in pages}
    # pages of one list say all that there is more; a file that is whole by itself is none of them
    records = sum(landed.values()) + sum(page.records for page in pages.values() if page.told)
    for name, page in pages.items():
        if page.told is None:
            continue
        lost = f"it says that there is more than it holds: {page.told.says}"
        if not page.is_answered(pages.values(), records, len(landed) + len(pages)):
            hint = (
                "nothing is landed; deliver all pages of the list together, or read them with `connector: rest` and "
                f"`paging: {page.told.paging}`. If it is whole, deliver its list alone: [{{…}}, …]"
            )
            what = f"{lost}; the records of the other pages would be missing"
            raise ConfigError(what, where=f"{staged.where}, {name}", hint=hint)
        staged.warnings.append(f"{name}: {lost}; it is read as one page of several, the rows of any that is not there are missing")


def _is_nothing(snapshot: Snapshot) -> bool:
    """An empty file, or the empty list of an API's answer."""
    return snapshot.size < TINY_BYTES and snapshot.path.read_bytes().strip() in (b"", b"[]")


def find_files(pattern: str, folder: Path, where: str) -> tuple[Path, list[Path]]:
    """(root, files) that a path or glob names, from the folder of sources.yml on; `..` and links out of the root are refused."""
    if ".." in PurePosixPath(pattern.replace("\\", "/")).parts:
        raise ConfigError(
            f"`..` in a path: {pattern}", where=where, hint="use ${VARIABLE}/file for what lies outside the folder of sources.yml"
        )
    root, parts = _root_and_parts(pattern, folder, where)
    try:
        found = sorted(root.glob("/".join(parts)), key=natural_order)
    except (ValueError, NotImplementedError) as error:
        raise ConfigError(f"not a path or glob: {pattern} ({error})", where=where, hint='write it as "leads*.csv"') from None
    files = [path for path in found if not path.name.startswith((".", "~$")) and (path.is_symlink() or not path.is_dir())]
    for path in files:
        if not path.exists():
            raise ConfigError("a link leads nowhere", where=str(path), hint="put the file itself there")
        check_inside(path, root)
    return root, files


def nearly_matched(pattern: str, folder: Path, where: str, files: list[Path]) -> list[tuple[str, str]]:
    """(name, why) of files that the path means as a person reads it, and does not match: another case of letters, packed files."""
    root, parts = _root_and_parts(pattern, folder, where)
    if "[" in "".join(parts):
        return []
    loose = "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in "/".join(parts))
    read = {path.name for path in files}
    missed = [(path.name, f"its name is written otherwise than `{pattern}`; rename it") for path in root.glob(loose)]
    missed += [(path.name, "it is packed; unpack it") for path in root.glob(f"{loose}.*") if path.suffix.lower() in PACKED]
    return sorted({item for item in missed if item[0] not in read and not item[0].startswith((".", "~$"))})


def _root_and_parts(pattern: str, folder: Path, where: str) -> tuple[Path, tuple[str, ...]]:
    expanded = Path(expand_variables(pattern, where)).expanduser()
    parts = expanded.parts
    if not expanded.is_absolute():
        return folder, parts
    fixed = next((index for index, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts) - 1)
    return Path(*parts[:fixed]), parts[fixed:]


def form_of(name: str, options: FileEntity) -> str:
    """The format of a file: as declared, else by its suffix. Raises ConfigError when neither tells."""
    suffix = PurePosixPath(name).suffix.lower()
    form = options.format or FORMATS.get(suffix)
    if form is None and suffix in OTHER_FORMATS:
        what, hint = OTHER_FORMATS[suffix]
        raise ConfigError(f"the file is not read: it is {what} ({suffix})", where=name, hint=hint)
    if form is None:
        known = ", ".join(sorted(set(FORMATS.values())))
        what = f"the format of a {suffix or 'file without suffix'} is not known"
        raise ConfigError(what, where=name, hint=f"declare `format:`, one of: {known}")
    return form


def _relation(writer: PartWriter, snapshot: Snapshot, form: str, options: FileEntity, decimal_separator: str) -> Relation:
    if form == "xlsx":
        from onefunnel.extract.xlsx import xlsx_relation

        return xlsx_relation(writer, snapshot, options, decimal_separator)
    if form == "parquet":
        return parquet_relation(writer, snapshot)
    text = as_utf8(snapshot, options.encoding)
    if form in ("csv", "tsv"):
        text, delimiter = cut_to_table(writer, text, options.delimiter or ("\t" if form == "tsv" else None), options)
        return csv_relation(writer, text, delimiter, pads=options.ragged == "pad")
    return jsonl_relation(writer, text) if form == "jsonl" else json_relation(writer, text)
