"""What stands in a column that nobody reads, and says that the row is none: failed, refunded, cancelled, deleted.

Refused where the column is there to say so of money, told where it says so by the way, or of leads and their stages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.nested import said_of_row, with_nested
from onefunnel.extract.doubts.unread_subjects import SAID, SUBJECTS, Look, Subject
from onefunnel.extract.doubts.unread_vocabulary import NOTHING, REFUNDED, STATUS_COLUMN
from onefunnel.extract.normalise import PLACEHOLDER, literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

SHOWN, FEW = 5, 20
# 12-, (12.00) and -12 are less than nothing, as staging reads them.
BELOW_ZERO = r"^\s*[^0-9]*[-−–(]|[-−–)]\s*$"


@dataclass(frozen=True)
class Said:
    """What a column says of rows that would count: its words (none where its name says it), how many rows, how much money is readable."""

    words: tuple[str, ...]
    rows: int
    money: float


def check_unread_words(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where a column that nobody reads is there to say that rows were not paid, and does; warn where another does."""
    entities = contract_entities(source.system, writer.staged.entity)
    subject = next((each for name, each in SUBJECTS.items() if name in entities), None)
    if subject is None or not writer.known:
        return
    known = {name.lower() for name in writer.known}
    read = [name for name in part.columns if name.lower() in known and re.fullmatch(STATUS_COLUMN, folded(name))]
    unread = unread_columns(writer, part, options)
    are_rows = _refunds_are_rows(writer, part)
    subjects = [look for look in subject.looks if not (look.of_refunds and are_rows)]
    rows, nested = with_nested(writer, part, unread)
    ignored = {name.strip().lower() for name in options.ignore_columns}
    asked = {name: [name] for name in unread} | {name: path for name, path in nested.items() if name.lower() not in ignored}
    looks = [(name, look) for name, path in asked.items() for look in subjects if _is_looked_at(look, path)]
    told: set[str] = set()
    for name, look in _that_say_something(writer, part, rows, looks, read):
        if name not in told and (said := _said(writer, part, rows, name, look, read, subject.amount, source.decimal_separator)):
            _tell(writer, part, name, look, said, subject)
            told.add(name)


def _refunds_are_rows(writer: PartWriter, part: LandedFile) -> bool:
    """Then what was paid stays paid, whatever became of it later."""
    kind = next((name for name in part.columns if name.strip().lower() == "kind"), None)
    if kind is None:
        return False
    query = f"select 1 from {rows_of(writer.staged.folder / part.part)} where regexp_matches({_folded_sql(kind)}, '^({REFUNDED})') limit 1"
    return writer.run(query, part.path).fetchone() is not None


def _is_looked_at(look: Look, path: list[str]) -> bool:
    """By the whole name of a column, or of what stands inside its cells; a word there is also said of what holds it: `status.code`."""
    names = said_of_row(path)
    called = ["_".join(names), *([names[0]] if look.cells else [])]
    return any(re.fullmatch(look.columns, folded(name)) for name in called)


def _that_say_something(
    writer: PartWriter, part: LandedFile, rows: str, looks: list[tuple[str, Look]], read: Sequence[str]
) -> Iterable[tuple[str, Look]]:
    """Of columns and how they are looked at, those that some row says. All in one scan: mostly there is none."""
    if not looks:
        return []
    asked = ", ".join(f"coalesce(bool_or({says_sql(look, name, read)}), false)" for name, look in looks)
    return compress(looks, writer.run(f"select {asked} from {rows}", part.path).fetchall()[0])


def unread_columns(writer: PartWriter, part: LandedFile, options: Deliverable) -> list[str]:
    """The delivered columns that nobody reads: none of the contract, none that is hashed, none of `ignore_columns`."""
    left = {name.strip().lower() for name in (*options.ignore_columns, *writer.personal, *writer.known)}
    return [name for name in part.columns if name.lower() not in left]


def _tell(writer: PartWriter, part: LandedFile, name: str, look: Look, said: Said, subject: Subject) -> None:
    more = f" and {len(said.words) - SHOWN} more" if len(said.words) > SHOWN else ""
    says = f"says {', '.join(said.words[:SHOWN])}{more}" if said.words else "is empty" if look.is_blank else "is filled"
    counts = f"{said.rows} row(s): {f'{said.money:,.2f}' if subject.amount else 'they'} would count as {subject.counts_as}"
    what = f"column {name} is read by nobody and {says} in {counts}"
    leave = "leave such rows out (`skip_rows_matching` of a CSV, `query` of a database)"
    hint = "; ".join(way for way in (look.say_it, leave, f"if they all count, say {ignore_line(name)}") if way)
    writer.doubt(part, what, hint, is_refused=look.is_refused)


def ignore_line(name: str) -> str:
    """The line of sources.yml that says of a column that it need not be read."""
    return f"`ignore_columns: [{json.dumps(name, ensure_ascii=False)}]`"


def _said(
    writer: PartWriter, part: LandedFile, rows: str, name: str, look: Look, read: Sequence[str], money_in: str, separator: str
) -> Said | None:
    amount = next((each for each in part.columns if each.lower() == money_in), None)
    money = number_sql(amount, separator) if amount else "0"
    if look.is_blank and name not in writer.ends(part):
        # nobody uses it
        return None
    tests = [says_sql(look, name, read)]
    if look.is_positive and amount:
        tests.append(f"not regexp_matches(coalesce({quoted(amount)}, ''), {literal(BELOW_ZERO)})")
    names = {each.strip().lower(): each for each in part.columns}
    if look.unless and look.unless[0] in names:
        tests.append(f"not regexp_matches(coalesce({_folded_sql(names[look.unless[0]])}, ''), {literal(look.unless[1])})")
    alone = ""
    if look.alone_by and look.alone_by[-1] in names:
        *same, dated = (quoted(names[each]) for each in look.alone_by if each in names)
        of_same = f"over (partition by {', '.join([_folded_sql(name), *same])})"
        alone = f"qualify min({dated}) {of_same} is not distinct from max({dated}) {of_same}"
    query = (
        f"select {_folded_sql(name) if look.cells else 'null'} as word, count(*), coalesce(sum({money}), 0) "
        f"from (from {rows} where {' and '.join(tests)} {alone}) "
        f"group by word order by count(*) desc, word limit {FEW + 1}"
    )
    found = writer.run(query, part.path).fetchall()
    if not look.least <= len(found) <= FEW or (look.beside is not None and not _is_beside(writer, part, rows, name, look)):
        return None
    return Said(tuple(word for word, *_ in found if word), sum(count for _, count, _ in found), sum(money for *_, money in found))


def _is_beside(writer: PartWriter, part: LandedFile, rows: str, name: str, look: Look) -> bool:
    others = f"{quoted(name)} is not null and not {says_sql(look, name)}"
    if look.beside:
        others = f"regexp_matches({_folded_sql(name)}, {literal(look.beside)})"
    return writer.run(f"select 1 from {rows} where {others} limit 1", part.path).fetchone() is not None


def says_sql(look: Look, name: str, read: Sequence[str] = ()) -> str:
    """Whether the cell of a column says it; read: columns that are read and may say of the row that it is no payment already."""
    text = _folded_sql(name)
    if look.cells is None:
        is_filled = " and ".join(f"not regexp_matches({text}, {literal(pattern)})" for pattern in (NOTHING, PLACEHOLDER))
        return f"{'not ' if look.is_blank else ''}coalesce({is_filled}, false)"
    told = literal(f"({look.cells})|({SAID})")
    others = [f"not regexp_matches(coalesce({_folded_sql(other)}, ''), {told})" for other in read]
    return " and ".join([f"coalesce(regexp_matches({text}, {literal(look.cells)}), false)", *others])


def folded(name: str) -> str:
    """A column's name in small letters, its words parted by `_`: ПометкаУдаления and Пометка удаления are one."""
    words = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", "_", name.strip()).lower().replace("ё", "е")
    return re.sub(r"[\W_]+", "_", words).strip("_")


def _folded_sql(name: str) -> str:
    return f"replace(lower(trim({quoted(name)})), 'ё', 'е')"


def number_sql(name: str, separator: str) -> str:
    """Near enough for a message: what stands there but digits and marks is left out."""
    digits = f"regexp_replace({quoted(name)}, '[^0-9.,-]', '', 'g')"
    if separator == ".":
        return f"try_cast(replace({digits}, ',', '') as double)"
    continental = f"replace(replace({digits}, '.', ''), ',', '.')"
    return f"try_cast(case when regexp_full_match({digits}, '-?[0-9]+([.][0-9][0-9]?)?') then {digits} else {continental} end as double)"
