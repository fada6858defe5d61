"""CSV and TSV as text. DuckDB reads them; where it cannot (an unclosed quote, mixed line ends), a slower scan saves every sound row."""

from __future__ import annotations

import csv
import io
import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.extract.parts import PartWriter, Relation, clean_header, unique_names
from onefunnel.extract.snapshot import MAX_RECORD_BYTES, Snapshot
from onefunnel.extract.table_edges import likely_delimiter

MAX_REPAIRED = 10_000
MAX_REJECTED = 200_000
MAX_REPEATED = 900  # of a pattern, in DuckDB
RULES = {
    "MISSING COLUMNS": "missing_columns",
    "TOO MANY COLUMNS": "too_many_columns",
    "UNQUOTED VALUE": "unterminated_quote",
    "LINE SIZE OVER MAXIMUM": "line_too_long",
    "INVALID ENCODING": "undecodable_bytes",
}
_serial = count()


@dataclass(frozen=True)
class Repaired:
    """A file without the lines that no reader can make sense of. removed: their row numbers as delivered, ascending, header 0."""

    path: Path
    removed: tuple[int, ...]


def csv_relation(writer: PartWriter, snapshot: Snapshot, delimiter: str | None, *, pads: bool = False) -> Relation:
    """The rows of a UTF-8 CSV; those that cannot be read are rejected with row number and rule. Raises ConfigError without a header."""
    names, used = read_header(snapshot, delimiter, writer.read, writer.required)

    def repaired() -> Relation:
        return _relation(writer, snapshot, names, used, _repair(snapshot, used, len(names)), pads=pads)

    if snapshot.doubtful:
        return repaired()
    return _relation(writer, snapshot, names, used, None, repaired, pads=pads)


def read_header(
    snapshot: Snapshot, delimiter: str | None, read: tuple[str, ...] = (), required: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], str]:
    """Column names and delimiter."""
    with snapshot.path.open("rb") as stream:
        start = stream.read(MAX_RECORD_BYTES).decode("utf-8", errors="ignore").removeprefix("\ufeff")
    first = start.lstrip("\r\n").split("\n", 1)[0]
    if not first.strip():
        raise ConfigError("the file is empty: it has not even a header", where=snapshot.name, hint="deliver at least the column names")
    delimiter = delimiter or likely_delimiter(first, snapshot.name, required)
    try:
        cells = next(row for row in csv.reader(io.StringIO(start, newline=""), delimiter=delimiter) if row)
    except csv.Error as error:
        raise OnefunnelError(f"the header cannot be read: {error}", where=snapshot.name, hint="check quotes and delimiter") from None
    clean_header(cells, snapshot.name)
    return unique_names(cells, snapshot.name, read), delimiter


def _relation(
    writer: PartWriter,
    snapshot: Snapshot,
    names: tuple[str, ...],
    delimiter: str,
    repaired: Repaired | None,
    fallback: Callable[[], Relation] | None = None,
    *,
    pads: bool = False,
) -> Relation:
    path = repaired.path if repaired else snapshot.path
    errors, scans = f"reject_errors_{next(_serial)}", f"reject_scans_{next(_serial)}"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = (
        "auto_detect = false, hive_partitioning = false, header = true, skip = 0, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', comment = '', "
        f"columns = {{{columns}}}, max_line_size = {MAX_RECORD_BYTES}, "
        f"store_rejects = true, rejects_table = '{errors}', rejects_scan = '{scans}', rejects_limit = {MAX_REJECTED + 1}"
    )
    if pads:
        options += ", null_padding = true, parallel = false"
    if repaired:
        options += r", new_line = '\n'"
    unwrapped = [rf"regexp_replace({quoted(name)}, '^=\"([^\"]*)\"$', '\1') as {quoted(name)}" for name in names if snapshot.formulas]
    chosen = f"* replace ({', '.join(unwrapped)})" if unwrapped else "*"
    sql = f"select {chosen}, row_number() over () as _row from read_csv({literal(str(path))}, {options})"

    def unread() -> list[str]:
        """Move what DuckDB could not read to the rejected rows; returns the rules broken."""
        removed = list(repaired.removed) if repaired else []
        kinds = [kind for (kind,) in writer.db.execute(f"select distinct error_type from {errors}").fetchall()]
        rules = [RULES.get(kind, "unreadable_row") for kind in kinds] + ["unterminated_quote"] * bool(removed)
        if not rules or (fallback and "unterminated_quote" in rules):
            return rules
        if writer.db.execute(f"select count(*) from {errors}").fetchone()[0] > MAX_REJECTED:
            hint = "check delimiter and quotes, or deliver Parquet"
            raise OnefunnelError(f"more than {MAX_REJECTED:,} rows cannot be read", where=snapshot.name, hint=hint)
        file = literal(snapshot.name)
        cases = " ".join(f"when {literal(kind)} then {literal(rule)}" for kind, rule in RULES.items())
        # DuckDB counts the header as line 1, and knows nothing of the rows that were removed before it read the file.
        writer.run(
            f"""insert into rejected
                with removed as (select unnest({removed}::bigint[]) as _row, generate_subscripts({removed}::bigint[], 1) as position),
                shifts as (select max(position) as shift, _row - position + 1 as from_row from removed group by from_row),
                unread as (
                    select line - 1 as _row, any_value(error_type) as kind,
                        any_value(regexp_extract(error_message, 'Expected Number of Columns: \\d+ Found: \\d+')) as detail
                    from {errors} group by line
                )
                select {file}, _row + coalesce(shift, 0), case kind {cases} else 'unreadable_row' end,
                    coalesce(nullif(detail, ''), lower(kind))
                from unread asof left join shifts on unread._row >= shifts.from_row
                union all
                select {file}, _row, 'unterminated_quote', 'a quote that is not closed, or text after it' from removed""",
            snapshot.name,
        )
        return rules

    patterns = zip(names, _like_rows(delimiter, len(names)), strict=False)
    swallowed = " or ".join(f"regexp_matches({quoted(name)}, {literal(pattern)})" for name, pattern in patterns) or None
    return Relation(sql, names, snapshot.marked, unread, fallback, swallowed, snapshot.lines, is_counting=True)


def _like_rows(delimiter: str, columns: int) -> list[str]:
    """For each column a pattern of its cells that hold what were rows, in a quote that another row closed; none for two columns or fewer.

    Such a cell holds a line with as many cells as the header, or the end of one row and the beginning of the next.
    """
    if columns <= 2:
        return []
    mark = re.escape(delimiter)
    cell = rf"[^\r\n{mark}]*"
    row = rf"[\r\n]({cell}{mark}){{{min(columns - 1, MAX_REPEATED)}}}"
    if columns > MAX_REPEATED:
        return [row] * columns
    end, start = rf"^({cell}{mark}){{%d}}{cell}(\r\n|\r|\n)", rf"({cell}{mark}){{%d}}{cell}$"
    return [f"{row}|{end % (columns - place)}{start % (place - 1)}" for place in range(1, columns + 1)]


def _repair(snapshot: Snapshot, delimiter: str, columns: int) -> Repaired:
    """Copy every record that is sound by RFC 4180, line ends as \\n; a line that starts none is left out and the next is tried.

    So is one whose quote is closed by another row's. Blank lines above the header go, too: DuckDB would take the header for data.

    Raises OnefunnelError after MAX_REPAIRED of them: then it is the file, not a row.
    """
    target = snapshot.path.with_suffix(f".repaired{snapshot.path.suffix}")
    mark = re.escape(delimiter.encode())
    field = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"\r\n' + mark + rb"][^\r\n" + mark + rb"]*+|)"
    record = re.compile(rb"(" + field + rb"(?:" + mark + field + rb")*+)(\r\n|\n|\r|\Z)")
    line_end = re.compile(rb"\r\n|\n|\r|\Z")
    cell = re.compile(rb"(" + field + rb")(?:" + mark + rb"|\Z)")
    like_rows = [re.compile(pattern.encode()) for pattern in _like_rows(delimiter, columns)]

    def has_swallowed(text: bytes) -> bool:
        is_long = b"\n" in text or b"\r" in text
        return is_long and any(pattern.search(found[1]) for pattern, found in zip(like_rows, cell.finditer(text), strict=False))

    removed: list[int] = []
    with snapshot.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text, target.open("wb") as out:
        size = len(text)
        position, row = re.compile(rb"[\r\n]*").match(text).end(), 0
        while position < size:
            stop = min(position + MAX_RECORD_BYTES, size)
            found = record.match(text, position, stop)
            if found and (found[2] or stop == size) and not has_swallowed(found[1]):
                out.write(found[1] + b"\n")
                position, row = found.end(), row + 1
                continue
            removed.append(row)
            if len(removed) > MAX_REPAIRED:
                raise OnefunnelError(
                    f"more than {MAX_REPAIRED} lines are no CSV, the last of them row {row}",
                    where=snapshot.name,
                    hint="check delimiter and quotes, or deliver Parquet",
                )
            position, row = line_end.search(text, position).end(), row + 1
    return Repaired(target, tuple(removed))
