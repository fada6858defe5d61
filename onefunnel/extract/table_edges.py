"""Where a table begins and ends in a file that people or reports have written around: titles above, totals and notes below.

Only what is certain is left out, and each line that is goes into the warnings of the load. The rest is for the settings of the entity:
`header_row`, `skip_rows_matching`.
"""

from __future__ import annotations

import csv
import io
import mmap
import re
from collections.abc import Sequence
from dataclasses import replace

from onefunnel.errors import ConfigError
from onefunnel.extract.parts import MONEY, TOTAL_WORDS, PartWriter, clean_name
from onefunnel.extract.snapshot import Snapshot
from onefunnel.sources import FileEntity

LINES_ABOVE = 30
HEAD_BYTES, TAIL_BYTES = 256_000, 64_000
DELIMITERS = ",;\t|"
SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
TOTAL = re.compile(rf"^\W*{TOTAL_WORDS}\b", re.IGNORECASE)
NOTHING = ("", "-", "--", "—", "–")
# In what a title or a note says that all amounts are told: "(in thousands of EUR)", "тыс. руб.", "TEUR".
CURRENCY = r"(eur(os?)?|usd|dollars?|gbp|rub|руб(\.|л\w+)?|₽|€|\$|£|chf)"
MANY_OF = r"(thousands?|tsd\.?|tausend|milliers|miles|тыс(яч\w*|\.)?|millions?|millionen|mio\.?|mln\.?|млн\.?|миллион\w*|['’]000s?)"
UNITS_SAID = re.compile(
    rf"\b(in|en|в)\s+({MANY_OF}|1[., ]?000s?|cents|pence|копейках|micros)\b"
    rf"|(?<!\d)(?<!\d\s){MANY_OF}\s*{CURRENCY}(\W|$)|\b(teur|t€|k€|keur|kusd)\b"
    rf"|{CURRENCY}\s*['’]000\b",
    re.IGNORECASE,
)


def holds_header(rows: Sequence[Sequence[object]], required: Sequence[str]) -> bool:
    """Whether one of the leading rows holds every required column."""
    return bool(required) and _header_position(rows, required) is not None


def header_index(rows: Sequence[Sequence[object]], required: Sequence[str]) -> int:
    """Position of the first of the leading rows that holds every required column; 0 where none does: then the first row is judged."""
    return (required and _header_position(rows, required)) or 0


def _header_position(rows: Sequence[Sequence[object]], required: Sequence[str]) -> int | None:
    wanted = {name.strip().lower() for name in required}
    for index, row in enumerate(rows[:LINES_ABOVE]):
        if wanted <= {clean_name(cell).lower() for cell in row}:
            return index
    return None


def rows_below(rows: Sequence[Sequence[object]], names: Sequence[str], required: Sequence[str]) -> int:
    """How many of the last rows are no rows of the table: empty ones, notes (one cell of several words, where a contract asks for
    more), and a total of all above.

    A total is certain where its first word says so and a required column of it that is no money holds nothing, or those words where the
    table has digits: `Total: Account` instead of a day. A channel `Total Media` with its day is a row.
    """
    wanted = {each.strip().lower() for each in required} - MONEY
    needed = [index for index, name in enumerate(names) if name.strip().lower() in wanted]
    first = next((index for index, name in enumerate(names) if name.strip()), 0)
    below = 0
    for row in reversed(rows):
        cells = [str(cell if cell is not None else "").strip() for cell in row]
        filled = [cell for cell in cells if cell not in NOTHING]
        is_total = bool(filled) and TOTAL.match(filled[0]) is not None and _is_no_key(cells, needed, filled[0], rows[0])
        is_note = bool(required) and len(filled) == 1 and len(names) > 2 and cells[first : first + 1] == filled and " " in filled[0]
        if filled and not is_total and not is_note:
            break
        below += 1
    return below


def _is_no_key(cells: list[str], needed: list[int], words: str, first: Sequence[object]) -> bool:
    held = {index: cells[index] if index < len(cells) else "" for index in needed}
    in_place_of_digits = [
        index for index, cell in held.items() if cell == words and not _has_digit(cell) and index < len(first) and _has_digit(first[index])
    ]
    return not needed or bool(in_place_of_digits) or any(cell in NOTHING for cell in held.values())


def _has_digit(cell: object) -> bool:
    return any(sign.isdigit() for sign in str(cell))


def cut_to_table(writer: PartWriter, snapshot: Snapshot, delimiter: str | None, options: FileEntity) -> tuple[Snapshot, str | None]:
    """(the CSV without what stands around its table, the delimiter if it is known now). The same snapshot where nothing does."""
    with snapshot.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(max(snapshot.path.stat().st_size - TAIL_BYTES, 0))
        tail = stream.read()
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    if lines and (named := SEPARATOR_LINE.match(lines[0].decode("utf-8", "replace").rstrip("\r\n"))):
        delimiter = delimiter or named[1]
        above = 1
    else:
        above = 0
    if options.header_row:
        if options.header_row > len(lines):
            raise ConfigError(f"the file has no line {options.header_row}", where=snapshot.name, hint="correct `header_row` of this entity")
        above = options.header_row - 1
    else:
        texts = [line.decode("utf-8", "replace") for line in lines[above : above + LINES_ABOVE]]
        above += _header_line(texts, delimiter, writer.required)
    if above:
        writer.staged.warnings.append(f"{snapshot.name}: {above} line(s) above the column names are no rows")
        if not options.header_row:
            check_titles(writer, snapshot.name, [line.decode("utf-8", "replace") for line in lines[:above]], options)
    header = lines[above].decode("utf-8", "replace") if above < len(lines) else ""
    used = delimiter or likely_delimiter(header, snapshot.name, writer.required)
    names = next(iter(_cells([header], used)), [])
    cut = _bytes_below(writer, snapshot, tail, len(lines) - above, used, names)
    if cut:
        check_titles(writer, snapshot.name, tail[-cut:].decode("utf-8", "replace").splitlines(), options)
    skipped = re.compile(options.skip_rows_matching) if options.skip_rows_matching else None
    start = len(head) - len(head.removeprefix(b"\xef\xbb\xbf")) + sum(len(line) for line in lines[:above])
    # exports that were put one behind the other say their column names again
    again = _bare(lines[above]) if len(names) > 1 and _is_said_again(snapshot, lines[above], start) else None
    if not above and not cut and skipped is None and again is None:
        return snapshot, delimiter
    return _copy(writer, snapshot, start, cut, skipped, again), delimiter


def check_titles(writer: PartWriter, file: str, lines: Sequence[str], options: FileEntity) -> None:
    """Raise ConfigError where one of the lines around a table of money says that its amounts are of thousands or cents.

    Not of lines that somebody has looked at: those above a declared `header_row`, those that match `skip_rows_matching`.
    """
    skipped = options.skip_rows_matching
    if not {name.lower() for name in writer.required} & {"amount", "cost", "value"}:
        return
    for line in lines:
        if (said := UNITS_SAID.search(line)) and not (skipped and re.search(skipped, line.strip())):
            raise ConfigError(
                f"a line beside the table says {said[0].strip()!r}: its amounts would count as whole units",
                where=f"{writer.staged.where}, {file}",
                hint="deliver amounts in whole units of their currency; if they are, say `header_row` of this entity for a line above the "
                "column names, `skip_rows_matching` for one below",
            )


def likely_delimiter(header: str, file: str, required: Sequence[str]) -> str:
    """Of an undeclared delimiter: tabs of a .tsv, else that of , ; tab | under which the required columns are, else which splits most."""
    if file.lower().endswith(".tsv"):
        return "\t"
    outside = re.sub(r'"[^"]*"', "", header)
    order = sorted(DELIMITERS, key=outside.count, reverse=True)
    return next((mark for mark in order if holds_header(_cells([header], mark), required)), order[0])


def _header_line(lines: list[str], delimiter: str | None, required: Sequence[str]) -> int:
    for candidate in delimiter or DELIMITERS:
        # a title may hold a quote that never closes: each line is read by itself
        if found := header_index([next(iter(_cells([line], candidate)), []) for line in lines], required):
            return found
        if lines and {name.lower() for name in required} <= {cell.strip().lower() for cell in next(iter(_cells(lines[:1], candidate)), [])}:
            return 0
    return 0


def _cells(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter))
    except csv.Error:
        return []


def _bytes_below(writer: PartWriter, snapshot: Snapshot, tail: bytes, known_lines: int, delimiter: str, names: list[str]) -> int:
    """How many bytes at the end are no rows. A tail whose quotes do not pair is left alone: its lines may be one cell."""
    lines = tail.splitlines(keepends=True)
    if len(tail) == TAIL_BYTES:
        lines = lines[1:]
    lines = lines[-min(len(lines), max(known_lines - 1, 0)) :] if snapshot.path.stat().st_size <= HEAD_BYTES else lines
    if known_lines < 2 or b"".join(lines).count(b'"') % 2 or not lines:
        return 0
    rows = [next(iter(_cells([line.decode("utf-8", "replace")], delimiter)), []) for line in lines]
    below = rows_below(rows, names, writer.required)
    if not below or not any(any(cell.strip() for cell in row) for row in rows[-below:]):
        return 0
    writer.staged.warnings.append(f"{snapshot.name}: the last {below} line(s) (totals, notes) are no rows")
    return sum(len(line) for line in lines[-below:])


def _bare(line: bytes) -> bytes:
    return line.strip(b"\r\n").removeprefix(b"\xef\xbb\xbf")


def _is_said_again(snapshot: Snapshot, header: bytes, start: int) -> bool:
    with snapshot.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(_bare(header), start + len(header)) >= 0


def _copy(
    writer: PartWriter, snapshot: Snapshot, start: int, cut: int, skipped: re.Pattern[str] | None, again: bytes | None = None
) -> Snapshot:
    target = snapshot.path.with_suffix(f".table{snapshot.path.suffix}")
    end = snapshot.path.stat().st_size - cut
    dropped = repeated = 0
    with snapshot.path.open("rb") as reading, target.open("wb") as writing:
        reading.seek(start)
        is_first = True
        while reading.tell() < end:
            line = reading.readline(end - reading.tell())
            if not is_first and skipped is not None and skipped.search(line.decode("utf-8", "replace").rstrip("\r\n")):
                dropped += 1
                continue
            if not is_first and again is not None and _bare(line) == again:
                repeated += 1
                continue
            is_first = False
            writing.write(line)
    if skipped is not None:
        writer.staged.warnings.append(f"{snapshot.name}: {dropped} line(s) match skip_rows_matching and are no rows")
    if repeated:
        writer.staged.warnings.append(f"{snapshot.name}: {repeated} line(s) say the column names again and are no rows")
    return replace(snapshot, path=target)
