"""From any readable relation to one Parquet part: text as delivered, personal columns hashed, unreadable rows set aside, order kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import duckdb

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.contract_columns import MISSPELT, check_columns, most_like
from onefunnel.extract.envelope import Page
from onefunnel.extract.lost_digits import id_sql, is_id
from onefunnel.extract.normalise import (
    hashed_sql,
    is_cut_sql,
    key_parameters,
    kind_of,
    literal,
    looks_personal,
    personal_in,
    quoted,
    require_key,
    rows_of,
)
from onefunnel.extract.phones import note_country, rewrite_phones
from onefunnel.forgotten import CONTACT_LISTS, erase_known
from onefunnel.landing.loads import REJECTED, LandedFile, StagedLoad
from onefunnel.settings import Settings

# Noncharacters of Unicode, put in place of what cannot be kept; a row that holds one is rejected with the rule beside it.
UNDECODABLE, NUL = "\ufffe", "\uffff"
MARKS = {UNDECODABLE: "undecodable_bytes", NUL: "nul_byte"}
TYPED = "_typed"
RESERVED = ("_file", "_row", "_source", "_load_id", TYPED)
UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
# How reports begin a line that sums up others, above, between or below them; and columns of which a row may hold nothing and be a row.
TOTAL_WORDS = (
    r"(grand\s+total|sub-?totals?|totals?|sum|summe|gesamt(summe|ergebnis)?|insgesamt|итого?|всего|общий\s+итог"
    r"|(opening|closing)\s+balance|(входящий|исходящий)\s+остаток|количество\s+операций)"
)
TOTAL_LINE = rf"(?i)^[^\p{{L}}\p{{N}}]*{TOTAL_WORDS}([\s:.,;*(]|$)"
MONEY = {"amount", "cost", "currency"}
ROW_GROUP = 122_880  # DuckDB's own
REJECTED_SHAPE = "_file varchar, _row bigint, rule varchar, detail varchar"


@dataclass(frozen=True)
class Relation:
    """Something SQL can select from: the delivered columns, and a bigint _row counting data rows from 1.

    marked: it may hold MARKS. unread: called once it was read, rejects the rows that were not and returns their rules.
    fallback: another way to read the same, if this one fails or meets a quote that is not closed. swallowed: a condition under which a cell
    holds what were rows, because the quote of another row closed it; lines: of the text. is_counting: _row is counted while
    rows are read; it passes over those that were not, and must be corrected by them. typed: it has a column _typed, which names those
    cells of the row whose program gave them a type: `|amount|paid_at|`, in lower case. Their text is canonical: a decimal with a point,
    an ISO date, TRUE or FALSE. group_rows: rows that are held in memory until they are written; fewer where rows are wide.
    """

    sql: str
    columns: tuple[str, ...]
    marked: bool = False
    unread: Callable[[], list[str]] | None = None
    fallback: Callable[[], Relation] | None = None
    swallowed: str | None = None
    lines: int = 0
    is_counting: bool = False
    typed: bool = False
    group_rows: int = ROW_GROUP


class PartWriter:
    """Writes the parts of one staged load through one private in-memory DuckDB. Use as a context manager."""

    def __init__(
        self, staged: StagedLoad, settings: Settings, required: Iterable[str] = (), known: Iterable[str] = (), personal: Iterable[str] = ()
    ):
        self.staged, self.settings = staged, settings
        self.required, self.known, self.personal = tuple(required), tuple(known), tuple(personal)
        self.read = (*self.required, *self.known)
        self.pages: dict[str, Page] = {}
        self.cut_phones: dict[str, int] = {}
        self._ends: dict[str, dict[str, tuple[str, str]]] = {}
        self.db = duckdb.connect(
            config={"threads": settings.threads, "memory_limit": settings.memory_limit, "temp_directory": str(staged.scratch / "spill")}
        )
        self.db.execute("set TimeZone = 'UTC'")
        self.db.execute(f"create temp table rejected ({REJECTED_SHAPE})")

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.db.close()

    def reject(self, file: str, rows: Sequence[tuple[int, str, str]]) -> None:
        """Set rows aside: (position, rule, detail). The detail never quotes the row."""
        if rows:
            numbers, rules, details = (list(column) for column in zip(*rows, strict=True))
            self.db.execute("insert into rejected select ?, unnest(?), unnest(?), unnest(?)", [file, numbers, rules, details])

    def write(self, relation: Relation, *, file: str, sha256: str, fingerprint: str) -> LandedFile:
        """Write the next part. Raises MissingColumn when a required column is absent, ConfigError when the hash key is."""
        check_columns(relation.columns, self.required, file)
        secret = personal_in(relation.columns, self.personal)
        pads: dict[str, bytes] = {}
        if secret:
            where = f"{self.staged.where}, {file}: column {secret[0]}"
            pads = key_parameters(require_key(self.settings.hash_key, self.staged.landing, where))
        self._warn_of_unhashed(relation.columns, secret, file)
        self._warn_of_misspelt(relation.columns, secret, file)
        target = self.staged.next_part()
        try:
            self._copy(relation, secret, pads, target, file)
        except OnefunnelError:
            if relation.fallback is None:
                raise
            rules = ["unterminated_quote"]
        else:
            rules = relation.unread() if relation.unread else []
        if relation.fallback and ("unterminated_quote" in rules or self._has_swallowed(relation, target, file)):
            self.db.execute(f"delete from rejected where _file = {literal(file)}")
            relation = relation.fallback()
            self._copy(relation, secret, pads, target, file)
            rules = relation.unread() if relation.unread else []
        if rules and relation.is_counting:
            self._renumber(target, file)
        erase_known(target, self.staged.landing, self.personal, is_contact_list=self.staged.entity in CONTACT_LISTS)
        self._drop_empty_end(relation.columns, target, file)
        self._drop_totals(relation.columns, target, file)
        rows, rejected = self._counts(target, file)
        self._warn_of_cells_beyond(relation.columns, target, file)
        self._warn_of_cut_phones(file)
        part = LandedFile(file, sha256, fingerprint, target.name, rows, rejected, relation.columns)
        self.staged.files.append(part)
        return part

    def finish(self) -> None:
        """Write rejected.parquet if there is anything to write."""
        if self.db.execute("select count(*) from rejected").fetchone()[0]:
            target = literal(str(self.staged.folder / REJECTED))
            self.db.execute(f"copy (from rejected order by _file, _row) to {target} (format parquet)")

    def ends(self, part: LandedFile) -> dict[str, tuple[str, str]]:
        """The least and the greatest cell of each column that holds any, as the part itself says: no cell is looked at."""
        if part.part not in self._ends:
            metadata = f"parquet_metadata({literal(str(self.staged.folder / part.part))})"
            query = f"select path_in_schema, min(stats_min_value), max(stats_max_value) from {metadata} group by path_in_schema"
            found = self.run(query, part.path).fetchall()
            self._ends[part.part] = {name: (least, greatest) for name, least, greatest in found if None not in (least, greatest)}
        return self._ends[part.part]

    def doubt(self, part: LandedFile, what: str, hint: str, *, is_refused: bool = True) -> None:
        """Tell what a file may mean beside what it says, in the warnings of its load. Raises ConfigError where that is refused."""
        if is_refused:
            raise ConfigError(what, where=f"{self.staged.where}, {part.path}", hint=hint)
        self.staged.warnings.append(f"{part.path}: {what}; {hint}")

    def run(self, statement: str, file: str, parameters: dict[str, bytes] | None = None) -> duckdb.DuckDBPyConnection:
        """Execute, turning DuckDB's errors into ours: its own text may quote the data, so only its first line is kept, without values.

        Parameters are for secrets. What may be seen is written as a literal: to bind even one value, DuckDB imports pandas (0.3 s).
        """
        try:
            return self.db.execute(statement, parameters or {})
        except duckdb.OutOfMemoryException as error:
            hint = "raise ONEFUNNEL_MEMORY_LIMIT, or split the file"
            raise OnefunnelError("not enough memory to land this", where=f"{self.staged.where}, {file}", hint=hint) from error
        except duckdb.Error as error:
            raise OnefunnelError(
                f"cannot be read: {_harmless(error)}",
                where=f"{self.staged.where}, {file}",
                hint="check that the file is whole and of the declared format",
            ) from None

    def _counts(self, target: Path, file: str) -> tuple[int, int]:
        rows = self.db.execute(f"select num_rows from parquet_file_metadata({literal(str(target))})").fetchone()[0]
        return rows, self.db.execute(f"select count(*) from rejected where _file = {literal(file)}").fetchone()[0]

    def _has_swallowed(self, relation: Relation, target: Path, file: str) -> bool:
        """Looked for only where there are more lines than rows; in the cells as delivered, because a hash shows nothing.

        Of a rejected row nobody sees the cells: it may be many.
        """
        rows, rejected = self._counts(target, file)
        if relation.swallowed is None or relation.lines <= rows + rejected + 1:
            return False
        if rejected:
            return True
        return self.run(f"select 1 from ({relation.sql}) where {relation.swallowed} limit 1", file).fetchone() is not None

    def _copy(self, relation: Relation, secret: list[str], pads: dict[str, bytes], target: Path, file: str) -> None:
        rows = f"({relation.sql})"
        if relation.is_counting:
            # Rows are counted by one thread at a time: more of them only take turns, at up to twice the CPU time on a busy machine.
            self.db.execute("set threads = 1")
        if relation.marked or secret:
            # Hashing and searching from a table use all threads again.
            self.run(f"create or replace temp table delivered as {relation.sql}", file)
            self.db.execute(f"set threads = {self.settings.threads}")
            rows = "delivered"
            self._count_cut_phones(secret, file)
            if country := self.staged.phone_country:
                rewrite_phones(lambda sql: self.run(sql, file), rows, secret, country, self.staged.scratch)
                note_country(self.staged.landing, country)
        if relation.marked:
            self._set_marked_aside(relation.columns, file)
            rows = f"(from delivered where not {_holds(relation.columns, MARKS)})"
        chosen = [f"{_landed_sql(name, name in secret)} as {quoted(name)}" for name in relation.columns]
        source, load = literal(self.staged.source), literal(self.staged.load_id)
        chosen += [f"{literal(file)} as _file", "_row", f"{source} as _source", f"{load} as _load_id"]
        chosen += [TYPED] if relation.typed else []
        landed = f"select {', '.join(chosen)} from {rows}"
        options = f"format parquet, compression snappy, row_group_size {relation.group_rows}"
        self.run(f"copy ({landed}) to {literal(str(target))} ({options})", file, pads)
        self.db.execute(f"set threads = {self.settings.threads}; drop table if exists delivered")

    def _count_cut_phones(self, secret: list[str], file: str) -> None:
        """Here, because a phone that is none leaves nothing behind."""
        phones = [name for name in secret if kind_of(name) == "phone"]
        counts = ", ".join(f"count(*) filter ({is_cut_sql(quoted(name))})" for name in phones)
        self.cut_phones = dict(zip(phones, self.run(f"select {counts} from delivered", file).fetchall()[0], strict=True)) if phones else {}

    def _renumber(self, target: Path, file: str) -> None:
        """Count the rejected rows in: the reader's row k is row k + i of the file when i rejected rows come before it."""
        marks = ", ".join(literal(rule) for rule in MARKS.values())
        self.run(
            f"""create or replace temp table shifts as select max(position) as shift, _row - position + 1 as from_row
                from (
                    select _row, row_number() over (order by _row) as position
                    from rejected where _file = {literal(file)} and rule not in ({marks})
                )
                group by from_row""",
            file,
        )
        if not self.db.execute("select count(*) from shifts").fetchone()[0]:
            return
        self._rewrite(
            lambda rows: (
                f"select part.* replace (part._row + coalesce(shift, 0) as _row) from {rows} as part "
                "asof left join shifts on part._row >= shifts.from_row order by part._row"
            ),
            target,
            file,
        )
        self.run(
            f"""update rejected set _row = _row + (select coalesce(max(shift), 0) from shifts where from_row <= rejected._row)
                where _file = {literal(file)} and rule in ({marks})""",
            file,
        )

    def _set_marked_aside(self, columns: tuple[str, ...], file: str) -> None:
        rules = " ".join(f"when {_holds(columns, [mark])} then {literal(rule)}" for mark, rule in MARKS.items())
        self.run(
            f"insert into rejected select {literal(file)}, _row, rule, 'holds bytes that cannot be kept as text' "
            f"from (select _row, case {rules} end as rule from delivered) where rule is not null",
            file,
        )

    def _drop_empty_end(self, columns: tuple[str, ...], target: Path, file: str) -> None:
        """Lines of delimiters alone that a spreadsheet leaves below its table are no rows. Inside the table they are, without an id."""
        if not columns or min(self._empty_cells(columns, target, file).values(), default=0) == 0:
            return
        says = f"coalesce({', '.join(map(quoted, columns))}, null) is not null"
        last, last_said = self.run(f"select max(_row), max(_row) filter ({says}) from {rows_of(target)}", file).fetchone()
        if last_said is not None and last_said < last:
            self._rewrite(lambda rows: f"from {rows} where _row <= {last_said} order by _row", target, file)

    def _drop_totals(self, columns: tuple[str, ...], target: Path, file: str) -> None:
        """A line that begins as totals do and holds nothing where every row must hold something is no row, wherever it stands."""
        needed = {name.lower() for name in self.required} - MONEY
        keys = tuple(name for name in columns if name.strip().lower() in needed)
        if not any(self._empty_cells(keys, target, file).values()):
            return
        is_total = (
            f"({' or '.join(f'{quoted(name)} is null' for name in keys)}) "
            f"and regexp_matches(coalesce({', '.join(map(quoted, columns))}, ''), {literal(TOTAL_LINE)})"
        )
        if count := self.run(f"select count(*) from {rows_of(target)} where {is_total}", file).fetchone()[0]:
            self._rewrite(lambda rows: f"from {rows} where not coalesce({is_total}, false) order by _row", target, file)
            self.staged.warnings.append(f"{file}: {count} line(s) of totals are no rows")

    def _empty_cells(self, columns: tuple[str, ...], target: Path, file: str) -> dict[str, int]:
        """How many cells of each column are empty: the part itself says so, no cell is looked at."""
        chosen = ", ".join(map(literal, columns)) or "''"
        counted = f"select path_in_schema, sum(coalesce(stats_null_count, 1)) from parquet_metadata({literal(str(target))})"
        return dict(self.run(f"{counted} where path_in_schema in ({chosen}) group by 1", file).fetchall())

    def _rewrite(self, query_of: Callable[[str], str], target: Path, file: str) -> None:
        """Put in the place of a part what a query makes of its rows."""
        before = target.with_suffix(".before")
        target.rename(before)
        self.run(f"copy ({query_of(rows_of(before))}) to {literal(str(target))} (format parquet, compression snappy)", file)
        before.unlink()

    def _warn_of_cells_beyond(self, columns: tuple[str, ...], target: Path, file: str) -> None:
        """Something behind the last named column: a note, or a row whose cells a decimal comma without quotes has shifted."""
        last = max((place for place, name in enumerate(columns, start=1) if name != f"column_{place}"), default=0)
        if beyond := columns[last:]:
            said = f"coalesce({', '.join(map(quoted, beyond))}, null) is not null"
            count, first = self.run(f"select count(*), min(_row) from {rows_of(target)} where {said}", file).fetchone()
            if count:
                self.staged.warnings.append(
                    f"{file}: {count} row(s), the first of them row {first}, hold something behind the last column name: "
                    "a note, or cells shifted by a comma in a number without quotes"
                )

    def _warn_of_cut_phones(self, file: str) -> None:
        for name, count in self.cut_phones.items():
            if count:
                self.staged.warnings.append(
                    f"{file}: column {name}: {count} value(s) such as 9.99999E+99 are what a spreadsheet left of phones, and none; "
                    "deliver the export as it was before it was opened, or the column as text"
                )

    def _warn_of_unhashed(self, columns: Iterable[str], secret: Iterable[str], file: str) -> None:
        known = {name.lower() for name in (*secret, *self.known)}
        for name in columns:
            if looks_personal(name) and name.lower() not in known:
                self.staged.warnings.append(
                    f"{file}: column {name} looks personal and is not hashed; add it to `personal` of source {self.staged.source}"
                )

    def _warn_of_misspelt(self, columns: Iterable[str], secret: Iterable[str], file: str) -> None:
        """A column under a name that staging does not know is landed and read by nobody: tell it from a name that was meant."""
        delivered = {name.lower() for name in columns}
        absent = [name for name in self.known if name.lower() not in delivered]
        known = {name.lower() for name in (*secret, *self.known)}
        for name in columns:
            if name.lower() not in known and (meant := most_like(name, absent, MISSPELT)):
                self.staged.warnings.append(f"{file}: column {name} is read by nobody; was {meant} meant?")


def _landed_sql(name: str, is_secret: bool) -> str:
    if is_secret:
        return hashed_sql(name)
    return id_sql(name) if is_id(name) else quoted(name)


def typed_names(names: Iterable[str]) -> str | None:
    """Names of typed cells as _typed holds them; None when there are none."""
    joined = "|".join(name.lower() for name in names)
    return f"|{joined}|" if joined else None


def clean_name(cell: object) -> str:
    """A header cell without outer blanks and without the marks that nobody sees: a byte order mark, zero-width blanks."""
    return UNSEEN.sub("", str(cell if cell is not None else "")).strip()


def unique_names(names: Iterable[object], file: str, read: Iterable[str] = ()) -> tuple[str, ...]:
    """Header cells as distinct column names: an empty one becomes column_N, a repeated one gets _2, but one of `read` is refused."""
    needed = {name.lower() for name in read}
    taken: set[str] = {*RESERVED}
    result: list[str] = []
    for position, cell in enumerate(names, start=1):
        base = clean_name(cell) or f"column_{position}"
        name, count = base, 1
        if base.lower() in needed and base.lower() in taken:
            raise OnefunnelError(f"the column {base!r} occurs twice", where=file, hint="which one counts is not known: deliver it once")
        while name.lower() in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name.lower())
        result.append(name)
    return tuple(result)


def clean_header(names: Iterable[str], file: str) -> None:
    """Raise when a header holds bytes that cannot be read: nothing below it could be named."""
    if any(mark in name for name in names for mark in MARKS):
        raise ConfigError(
            "the header cannot be read in the declared encoding",
            where=file,
            hint="declare `encoding:` of this entity, such as windows-1251 or utf-16",
        )


def _holds(columns: Iterable[str], marks: Iterable[str]) -> str:
    tests = [f"coalesce(contains({quoted(name)}, chr({ord(mark)})), false)" for name in columns for mark in marks]
    return f"({' or '.join(tests) or 'false'})"


def _harmless(error: duckdb.Error) -> str:
    first = str(error).splitlines()[0]
    return re.sub(r"\"[^\"]*\"|'[^']*'", "…", first)[:200]
