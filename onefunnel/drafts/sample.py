"""What stands in a file of a system that nobody described: landed as a night would, then counted column by column."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import PLACEHOLDER, literal, quoted, rows_of
from onefunnel.landing.loads import LoadManifest
from onefunnel.landing.register import TYPED
from onefunnel.settings import Settings

# Lines above the column names that a report may have, and the columns that a title may look like.
TITLES, TITLE_COLUMNS = 8, 2
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек"
DATE = (
    r"^\s*(\d{4}[-/.]\d{1,2}$|\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}(\D|$)|\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4}|\d{2})(\D|$)"
    r"|20\d{6}$|1\d{9}([.]\d+)?$|1\d{12}$"
    rf"|([a-zа-я]{{2,}}[.,]* )?\d{{1,2}}(st|nd|rd|th)?[ .-]*({MONTHS})|([a-zа-я]+, )?({MONTHS})[a-zа-я]*[. -]+\d)"
)
YEAR_LAST = r"^\s*(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?:\D|$)"
NUMBER = r"^[^\d]{0,4}\d[\d.,''’   ]*[^\d]{0,4}$"
# what only one meaning of a mark explains: no three digits behind it, 0 before it, or groups of three by the other before it or alone
DECIMAL = r"(^|\D)0{mark}\d+\D*$|\d{mark}(\d{{1,2}}|\d{{4,}})\D*$|\d{other}\d{{3}}{mark}\d*\D*$|^\D*\d{{1,3}}({other}\d{{3}}){{2,}}\D*$"
EITHER = r"^\D*[1-9]\d{{0,2}}{mark}\d{{3}}\D*$"


@dataclass(frozen=True)
class Column:
    """Cells of one column. filled: those that say something; of these: how many are different, and how many look like what.

    day_first, month_first: dates that can be read one way only; either_way: both. comma, point: numbers that prove their decimal mark;
    either_comma, either_point: "1,234" and "1.234", which prove none. Cells that a program typed are clear, and are not counted there.
    """

    name: str
    filled: int = 0
    distinct: int = 0
    dates: int = 0
    day_first: int = 0
    month_first: int = 0
    either_way: int = 0
    numbers: int = 0
    comma: int = 0
    point: int = 0
    either_comma: int = 0
    either_point: int = 0
    addresses: int = 0
    codes: int = 0
    with_digits: int = 0
    of_words: int = 0

    def mostly(self, count: int) -> bool:
        """Whether at least half of the filled cells are so; an empty column is whatever its name says."""
        return 2 * count >= self.filled


@dataclass(frozen=True)
class Sample:
    """A landed file. columns: by name as delivered; rejected: rows that the reader could not read."""

    file: str
    rows: int
    rejected: int
    columns: dict[str, Column]
    db: duckdb.DuckDBPyConnection

    def repeats(self, column: str) -> tuple[int, int, str, int]:
        """(rows with an id that repeats, ids that repeat, the most repeated one, how often)."""
        name = quoted(column)
        repeated = f"select {name} as id, count(*) as times from sample where {name} is not null group by 1 having count(*) > 1"
        example = "coalesce(first(id order by times desc, id), '')"
        counted = self.db.execute(f"select coalesce(sum(times), 0)::bigint, count(*), {example}, coalesce(max(times), 0) from ({repeated})")
        rows, ids, example, times = counted.fetchall()[0]
        return rows, ids, example, times

    def changing(self, column: str, by: str) -> float:
        """The share of the ids in `by` that stand beside more than one value of the column."""
        counted = f"select count(distinct {quoted(column)}) as several from sample where {quoted(by)} is not null group by {quoted(by)}"
        return self.db.execute(f"select coalesce(avg((several > 1)::int), 0) from ({counted})").fetchone()[0]

    def commonest(self, column: str) -> str:
        """The value that stands most often; "" in an empty column."""
        name = quoted(column)
        found = self.db.execute(f"select {name} from sample where {name} is not null group by 1 order by count(*) desc, 1 limit 1")
        return (found.fetchone() or ("",))[0]


@contextmanager
def landed_sample(path: Path) -> Iterator[Sample]:
    """A file read by the real connector into a landing that is thrown away."""
    from onefunnel.config import PipelineConfig
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval
    from onefunnel.sources import FileEntity, FilesSource

    with tempfile.TemporaryDirectory(prefix="onefunnel-sample-") as folder, duckdb.connect() as db:
        copy = Path(folder) / f"sample{path.suffix}"
        shutil.copyfile(path, copy)
        settings = Settings(home=Path(folder) / "home", hash_key=secrets.token_hex(16))

        def landed(header_row: int | None = None) -> LoadManifest:
            entity = FileEntity(path=str(copy), header_row=header_row)
            # which mark it is nobody has decided yet: numbers are counted as they are written
            source = FilesSource(name="sample", system="sample", connector="files", decimal_separator=".", entities={"sample": entity})
            config = PipelineConfig(version=1, sources=(source,))
            return extract_source(config, source, Interval.for_as_of(date(2000, 1, 1)), settings)[0]

        manifest = _below_titles(landed)
        part = manifest.folder(settings.paths.landing) / manifest.files[0].part
        db.execute(f"create view sample as from {rows_of(part)}")
        known = {name for name, *_ in db.execute("describe sample").fetchall()}
        columns = {name: _count(db, name, has_types=TYPED in known) for name in manifest.columns}
        yield Sample(path.name, manifest.rows, manifest.rejected_rows, columns, db)


def _below_titles(landed: Callable[[int | None], LoadManifest]) -> LoadManifest:
    """The load, read from where the columns begin: a report has titles above them. A night finds that line by the required columns."""
    manifest = landed(None)
    for line in range(2, TITLES + 2) if len(manifest.columns) <= TITLE_COLUMNS else ():
        with suppress(OnefunnelError):
            below = landed(line)
            # a line of figures names no columns
            if len(below.columns) > len(manifest.columns) and not any(re.fullmatch(r"[\d\W]+", name) for name in below.columns):
                return below
    return landed(None) if len(manifest.columns) <= TITLE_COLUMNS else manifest


def _count(db: duckdb.DuckDBPyConnection, name: str, *, has_types: bool) -> Column:
    is_typed = f"contains(lower(coalesce({TYPED}, '')), {literal(f'|{name.lower()}|')})" if has_types else "false"
    # RE2 reads \d as ASCII digits, and (?i) only of the letters it is told
    of = {
        "dates": _like("(?i)" + DATE),
        "day_first": "not typed and first_part between 13 and 31 and second_part between 1 and 12",
        "month_first": "not typed and second_part between 13 and 31 and first_part between 1 and 12",
        "either_way": "not typed and first_part between 1 and 12 and second_part between 1 and 12 and first_part <> second_part",
        "numbers": _like(NUMBER),
        "comma": f"not typed and {_like(NUMBER)} and {_like(DECIMAL.format(mark=',', other='[.]'))}",
        "point": f"not typed and {_like(NUMBER)} and {_like(DECIMAL.format(mark='[.]', other=','))}",
        "either_comma": f"not typed and {_like(EITHER.format(mark=','))}",
        "either_point": f"not typed and {_like(EITHER.format(mark='[.]'))}",
        "addresses": "contains(cell, '@')",
        "codes": _like("^[A-Za-z]{3}$"),
        "with_digits": _like(r"\d"),
        "of_words": _like(r"\S\s+\S"),
    }
    first, second = (f"try_cast(regexp_extract(cell, {literal(YEAR_LAST)}, {group}) as integer)" for group in (1, 2))
    counts = ", ".join(f"count(*) filter ({condition})" for condition in of.values())
    row = db.execute(
        f"select count(*), count(distinct cell), {counts} from (select *, {first} as first_part, {second} as second_part "
        f"from (select {quoted(name)} as cell, {is_typed} as typed from sample) "
        f"where cell is not null and not regexp_matches(cell, {literal('(?i)' + PLACEHOLDER)}))"
    ).fetchone()
    return Column(name, row[0], row[1], **dict(zip(of, row[2:], strict=True)))


def _like(pattern: str) -> str:
    return f"regexp_matches(cell, {literal(pattern)})"
