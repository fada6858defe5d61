"""XLSX as text: calamine reads it; what its types lose is taken from the sheet's own XML (sheet_xml.py).

An XLSX is a zip of XML, so a small file can ask for any amount of memory: sizes are checked before anything is unpacked into it.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from posixpath import normpath
from typing import Any

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.doubts.undecided import DAY, MIN_SWAPPED, MONTHS, swapped
from onefunnel.extract.lost_digits import is_id, unknown_ids
from onefunnel.extract.number_formats import (
    MONEY_COLUMNS,
    Money,
    column_number,
    count_from_1900,
    is_known,
    mark_money,
    signs_of_styles,
    units_of_styles,
)
from onefunnel.extract.parts import NUL, TYPED, PartWriter, Relation, clean_name, typed_names, unique_names
from onefunnel.extract.sheet_xml import REFERENCE, Uncomputed, fill_merged, hidden_rows, restore
from onefunnel.extract.snapshot import Snapshot
from onefunnel.extract.table_edges import LINES_ABOVE, check_titles, header_index, holds_header, rows_below
from onefunnel.sources import FileEntity

MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 200
MAX_CELLS = 20_000_000
MAX_TEXT_BYTES = 2_000_000_000
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
TYPES_OF_CELLS = (bool, int, float, date, datetime)
# So many rows with a day and a number are a table, not the legend of one.
MIN_ROWS_TOLD = 3
_NUMBERED = re.compile(r"\s*(\d{1,2})[-./](\d{1,2})[-./]\d{2,4}\b")
_FROM_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](?:1|true)[\"']")


@dataclass(frozen=True)
class Sheet:
    """name, its XML as stored, whether some text holds an escaped NUL, the other sheets of sane size, currencies and units by style of
    cell, the names of hidden sheets, whether its days count from 1904 on.
    """

    name: str
    xml: bytes
    has_nul: bool
    others: tuple[str, ...]
    signs: dict[int, str]
    units: dict[int, tuple[str, int]]
    hidden: frozenset[str]
    counts_from_1904: bool


def xlsx_relation(writer: PartWriter, snapshot: Snapshot, options: FileEntity, decimal_separator: str) -> Relation:
    """The rows below the column names of a sheet: the one that is named, else the one that holds the required columns, else the first.

    Titles above, totals and empty rows below are no rows. Amounts whose cells show a currency or thousands
    are texts as in a CSV: staging compares it, and sets aside what is no whole amount.
    """
    import pyarrow as pa

    chosen, rows, heads = _choose(writer, snapshot, options.sheet)
    restore(rows, chosen.xml)
    mark_money(rows, chosen.xml, chosen.signs, chosen.units)
    while rows and all(cell == "" for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise ConfigError(
            f"sheet {chosen.name} is empty: it has not even a header", where=snapshot.name, hint="name the sheet with `sheet:`"
        )
    header, data = _cut_to_table(rows, chosen, writer, snapshot, options)
    _check_others(header, heads, chosen, writer, snapshot.name)
    if chosen.counts_from_1904:
        count_from_1900(header, data)
    used = [index for index, name in enumerate(header) if str(name).strip() or any(row[index] != "" for row in data)]
    names = unique_names((cell_text(header[index]) for index in used), snapshot.name, writer.read)
    _write_money(zip(names, used, strict=True), data, decimal_separator, writer, snapshot.name)
    named = list(zip(names, used, strict=True))
    cells = {name: [row[index] for row in data] for name, index in named}
    columns = {name: pa.array(map(cell_text, unknown_ids(each) if is_id(name) else each), pa.string()) for name, each in cells.items()}
    for name in names:
        _check_swapped(name, cells[name], snapshot.name)
        if not writer.read or name.lower() in {each.lower() for each in writer.read}:
            _check_computed(name, cells[name], snapshot.name)
    typed = [typed_names(name for name, index in named if isinstance(row[index], TYPES_OF_CELLS)) for row in data]
    table = pa.table({**columns, TYPED: pa.array(typed, pa.string()), "_row": pa.array(range(1, len(data) + 1), pa.int64())})
    writer.db.register("sheet_rows", table)
    return Relation("select * from sheet_rows", names, marked=chosen.has_nul, typed=True)


def _choose(writer: PartWriter, snapshot: Snapshot, wanted: str | None) -> tuple[Sheet, list[list[Any]], dict[str, list[list[Any]]]]:
    """The sheet that counts, its cells, and the first rows of those that do not, where nobody said which does."""
    chosen = _open_safely(snapshot, wanted)
    rows, heads = _read(snapshot, chosen)
    alike = [name for name, head in heads.items() if holds_header(head, writer.required)]
    is_first = holds_header(rows, writer.required)
    if len(alike) + is_first > 1:
        raise ConfigError(
            f"several sheets hold the columns: {_told([*([chosen.name] if is_first else []), *alike], chosen.hidden)}",
            where=snapshot.name,
            hint="say which counts with `sheet` of this entity; where all do, deliver each as a file",
        )
    if alike:
        chosen = _open_safely(snapshot, alike[0])
        rows, _ = _read(snapshot, chosen)
        writer.staged.warnings.append(f"{snapshot.name}: sheet {chosen.name} is read, the only one that holds the columns")
    if chosen.name in chosen.hidden and wanted is None:
        writer.staged.warnings.append(
            f"{snapshot.name}: sheet {chosen.name} is read, and it is hidden: say which counts with `sheet` of this entity"
        )
    return chosen, rows, {name: head for name, head in heads.items() if name != chosen.name}


def _check_others(header: list[Any], heads: dict[str, list[list[Any]]], chosen: Sheet, writer: PartWriter, file: str) -> None:
    """Refuse a workbook of which another sheet has half of the column names, and tell of one that begins with a row of as many cells.

    The months of a year are so delivered: under a name that was mistyped, or without names from the second sheet on, they would be lost.
    """
    names = {clean_name(cell).lower() for cell in header} - {""}
    for other, head in heads.items():
        filled = [[cell for cell in row if cell != ""] for row in head]
        shared = max((len(names & {clean_name(cell).lower() for cell in row}) for row in filled), default=0)
        if shared > 1 and 2 * shared >= len(names):
            raise ConfigError(
                f"sheet {chosen.name} would be read alone, and sheet {other} has {shared} of its {len(names)} column names",
                where=file,
                hint="give both the same names and deliver each as a file; or say which counts with `sheet` of this entity",
            )
        first = next((row for row in filled if row), [])
        if len(names) > 2 and len(first) == len(names) and any(isinstance(cell, TYPES_OF_CELLS) for cell in first):
            what = f"sheet {other} begins with a row of as many cells, without column names, and is not read"
            writer.staged.warnings.append(f"{file}: {what}: if it goes on with sheet {chosen.name}, put its rows there")
        elif sum(_is_of_table(row) for row in filled) >= MIN_ROWS_TOLD:
            what = f"sheet {other} has days and numbers under other column names, and is not read"
            writer.staged.warnings.append(f"{file}: {what}: if it counts, give it those names and deliver it as a file")


def _is_of_table(cells: list[Any]) -> bool:
    """A row with a day and a number beside it."""
    days = sum(isinstance(cell, date) or (isinstance(cell, str) and re.match(DAY, cell.strip()) is not None) for cell in cells)
    return days > 0 and any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


def _told(names: list[str], hidden: frozenset[str]) -> str:
    return ", ".join(f"{name} (hidden)" if name in hidden else name for name in names)


def _write_money(columns: Iterable[tuple[str, int]], data: list[list[Any]], separator: str, writer: PartWriter, file: str) -> None:
    """Amounts whose cells show a currency or a unit, as text with it, in place; a sign that is none of a currency is told."""
    for name, index in columns:
        if name.lower() not in MONEY_COLUMNS:
            continue
        unknown = set()
        for row in data:
            if isinstance(cell := row[index], Money) and (cell.unit or is_known(cell.sign)):
                row[index] = cell.text(separator)
            elif isinstance(cell, Money):
                unknown.add(cell.sign)
        if unknown:
            what = f"column {name}: cells are shown in {', '.join(sorted(unknown))}, which is not known as a currency"
            writer.staged.warnings.append(f"{file}: {what}; they count in the currency of their row, else of the source")


def _read(snapshot: Snapshot, sheet: Sheet) -> tuple[list[list[Any]], dict[str, list[list[Any]]]]:
    """(the cells of a sheet, the first rows of each of the others)."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(snapshot.path)) as book:
            rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            return rows, {name: book.get_sheet_by_name(name).to_python(nrows=LINES_ABOVE) for name in sheet.others}
    except (CalamineError, OSError, ValueError) as error:
        raise OnefunnelError(
            f"not a readable XLSX: {type(error).__name__}", where=snapshot.name, hint="open it in Excel and save it again"
        ) from None


def _cut_to_table(
    rows: list[list[Any]], sheet: Sheet, writer: PartWriter, snapshot: Snapshot, options: FileEntity
) -> tuple[list[Any], list[list[Any]]]:
    """(column names, rows below them), without what stands around the table; the warnings of the load say what that is."""
    above = options.header_row - 1 if options.header_row else header_index(rows, writer.required)
    if above >= len(rows):
        raise ConfigError(f"the sheet has no row {above + 1}", where=snapshot.name, hint="correct `header_row` of this entity")
    if filled := fill_merged(rows, sheet.xml, above):
        writer.staged.warnings.append(f"{snapshot.name}: {filled} cell(s) merged with the one above say the same")
    header, data = rows[above], rows[above + 1 :]
    below = rows_below(data, [str(cell) for cell in header], writer.required)
    if above:
        writer.staged.warnings.append(f"{snapshot.name}: {above} row(s) above the column names are no rows")
    around = [] if options.header_row else rows[:above]
    check_titles(writer, snapshot.name, [" ".join(map(str, row)).strip() for row in (*around, *data[len(data) - below :])], options)
    if below:
        writer.staged.warnings.append(f"{snapshot.name}: the last {below} row(s) (totals, notes) are no rows")
        data = data[:-below]
    unseen = hidden_rows(sheet.xml)
    if hidden := sum(place in unseen and any(cell != "" for cell in row) for place, row in enumerate(data, start=above + 2)):
        what = f"{hidden} row(s) of sheet {sheet.name} are hidden by a filter or a group"
        writer.staged.warnings.append(f"{snapshot.name}: {what}, and count like all others: delete those that are not meant")
    if header in data and sum(cell != "" for cell in header) > 1:
        repeated = data.count(header)
        writer.staged.warnings.append(f"{snapshot.name}: {repeated} row(s) say the column names again and are no rows")
        data = [row for row in data if row != header]
    if options.skip_rows_matching:
        pattern = re.compile(options.skip_rows_matching)
        kept = [row for row in data if not pattern.search(str(next((cell for cell in row if cell != ""), "")))]
        writer.staged.warnings.append(f"{snapshot.name}: {len(data) - len(kept)} row(s) match skip_rows_matching and are no rows")
        data = kept
    return header, data


def _check_computed(name: str, cells: list[Any], file: str) -> None:
    """Refuse a column with formulas that were never computed: what they give is nowhere in the file."""
    if count := sum(isinstance(cell, Uncomputed) for cell in cells):
        raise ConfigError(
            f"column {name}: {count} formula(s) without a value: the program that wrote the file has not computed them",
            where=file,
            hint="open it in Excel or LibreOffice, save it, and deliver that, or deliver values",
        )


def _check_swapped(name: str, cells: list[Any], file: str) -> None:
    """Refuse a column in which a program took days for months: all its dates are of the days 1 to 12, the others were left as text."""
    days = [cell.day for cell in cells if isinstance(cell, date)]
    if len(days) < MIN_SWAPPED or max(days) > MONTHS:
        return
    texts = [found for cell in cells if isinstance(cell, str) and (found := _NUMBERED.match(cell))]
    if len(texts) >= MIN_SWAPPED and all(_is_no_month(found) for found in texts):
        raise swapped(name, len(days), len(texts), file)


def _is_no_month(found: re.Match[str]) -> bool:
    return max(int(found[1]), int(found[2])) > MONTHS


def cell_text(value: Any) -> str | None:
    """A cell as delivered: None when empty, dates ISO, times HH:MM:SS, durations "1 day, 19:09:48", whole numbers without a point."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime):
        return _to_second(value).isoformat(sep=" ")
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())) if _nearly_whole(value.microseconds) else value)
    if isinstance(value, time):
        return str(_to_second(datetime.combine(date(2000, 1, 1), value)).time())
    return value.isoformat() if isinstance(value, date) else (str(value).replace("\0", NUL).strip("\r\n\t") or None)


def _number_text(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")


def _nearly_whole(microseconds: int) -> bool:
    """Excel keeps times as fractions of a day in a float: a second is never off by more than a millisecond."""
    return microseconds < 1000 or microseconds > 999_000


def _to_second(moment: datetime) -> datetime:
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0) if _nearly_whole(moment.microsecond) else moment


def _open_safely(snapshot: Snapshot, wanted: str | None) -> Sheet:
    """The sheet's name and XML, once the archive is known to be whole and of sane size. Raises OnefunnelError for bombs."""
    try:
        with zipfile.ZipFile(snapshot.path) as archive:
            _check_sizes(archive, snapshot)
            sheets, hidden = _find_sheets(archive, snapshot.name)
            name = wanted if wanted is not None else next(iter(sheets))
            if name not in sheets:
                raise ConfigError(f"no sheet {name!r}", where=snapshot.name, hint=f"sheets: {', '.join(sheets)}")
            xml, is_of_1904 = archive.read(sheets[name]), _FROM_1904.search(archive.read("xl/workbook.xml")) is not None
            parts = {info.filename.lower(): info for info in archive.infolist()}
            strings, styles = (archive.read(parts[part]) if part in parts else b"" for part in ("xl/sharedstrings.xml", "xl/styles.xml"))
            rest = [] if wanted else [other for other in sheets if other != name]
            others = tuple(other for other in rest if _is_sane(archive.read(sheets[other]), strings))
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise OnefunnelError(
            f"not a whole XLSX ({type(error).__name__})",
            where=snapshot.name,
            hint="is it an old .xls, encrypted, cut off, or a text under this name (`format: csv`)?",
        ) from None
    _check_cells(xml, strings, snapshot.name)
    has_nul = b"_x0000_" in xml or b"_x0000_" in strings
    return Sheet(name, xml, has_nul, others, signs_of_styles(styles), units_of_styles(styles), hidden, is_of_1904)


def _is_sane(xml: bytes, strings: bytes) -> bool:
    try:
        _check_cells(xml, strings, "")
    except OnefunnelError:
        return False
    return True


def _check_sizes(archive: zipfile.ZipFile, snapshot: Snapshot) -> None:
    infos = archive.infolist()
    unpacked = sum(info.file_size for info in infos)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > 50_000_000 and unpacked > MAX_RATIO * snapshot.size):
        raise _bomb(f"{snapshot.size:,} bytes unpack to {unpacked:,}", snapshot.name)
    if len(infos) > 10_000:
        raise _bomb(f"{len(infos):,} parts", snapshot.name)
    # Declared sizes may lie; this reads every part to its declared size and compares the checksum.
    if archive.testzip() is not None:
        raise zipfile.BadZipFile
    for info in infos:
        with archive.open(info) as part:
            if info.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in part.read(4096):
                raise _bomb("an XML part declares entities", snapshot.name)


def _check_cells(xml: bytes, strings: bytes, name: str) -> None:
    """Calamine makes a full grid up to the last cell and a copy of every shared text: refuse what would not fit."""
    references = REFERENCE.findall(xml)
    rows = {row for _, row in references}
    last_row = max((int(row) for row in rows), default=0)
    last_column = max((column_number(column) for column in {column for column, _ in references}), default=0)
    if last_row > MAX_ROWS or last_column > MAX_COLUMNS or last_row * last_column > MAX_CELLS:
        raise _bomb(f"a grid of {last_row:,} rows and {last_column:,} columns", name)
    lengths = [len(text) for text in re.findall(rb"<(?:\w+:)?si\b.*?</(?:\w+:)?si>", strings, re.DOTALL)]
    if lengths and max(lengths) * max(len(references), 1) > MAX_TEXT_BYTES:
        used = Counter(re.findall(rb"\bt\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>([0-9]{1,9})<", xml))
        total = sum(lengths[int(index)] * times for index, times in used.items() if int(index) < len(lengths))
        if total > MAX_TEXT_BYTES:
            raise _bomb(f"{total:,} bytes of repeated text", name)


def _bomb(what: str, name: str) -> OnefunnelError:
    return OnefunnelError(f"refused: {what}", where=name, hint="if it is a real export, deliver it as CSV or Parquet")


def _find_sheets(archive: zipfile.ZipFile, name: str) -> tuple[dict[str, str], frozenset[str]]:
    """(part of the archive by sheet, in the order of the workbook; the sheets that are hidden)."""
    from xml.etree import ElementTree

    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - entities are refused above
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    sheets: dict[str, str] = {}
    hidden = set()
    for element in book.iter():
        if element.tag.rpartition("}")[2] == "sheet":
            if element.get("state", "visible") != "visible":
                hidden.add(element.get("name", ""))
            link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            sheets[element.get("name", "")] = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
    if not sheets:
        raise OnefunnelError("the workbook has no sheet", where=name)
    return sheets, frozenset(hidden)
