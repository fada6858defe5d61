"""An agency's own words: CSV files in the folder that `words` in sources.yml names. Each adds to its seed and wins over it line by line.

funnel_stages.csv alone replaces: stages of two funnels make none (onefunnel/funnel.py).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from onefunnel import funnel
from onefunnel.errors import ConfigError
from onefunnel.funnel import Line
from onefunnel.project import project_root

# What makes a line of each file the same line; dbt's own_words() says the same (a test compares them).
KEYS: dict[str, tuple[str, ...]] = {
    "stage_mapping": ("source_system", "source_field", "source_value"),
    "channel_mapping": ("source_system", "source_value"),
    "reason_mapping": ("source_system", "source_value"),
    "channels": ("channel_key",),
    "reasons": ("reason_key",),
    "services": ("service_key",),
    "sla": ("stage_key",),
    "holidays": ("holiday_date",),
    "factor_owners": ("factor",),
    "kpis": ("kpi_key",),
}
# The file that replaces the shipped one.
STAGES = "funnel_stages"
# Columns whose values are keys of another file.
REFERENCES = {
    ("stage_mapping", "stage_key"): ("funnel_stages", "stage_key"),
    ("channel_mapping", "channel_key"): ("channels", "channel_key"),
    ("reason_mapping", "reason_key"): ("reasons", "reason_key"),
    ("channels", "channel_group"): ("channel_groups", "channel_group"),
    ("sla", "stage_key"): ("funnel_stages", "stage_key"),
}
CHOICES = {
    "owner_department": ("marketing", "sales", "market"),
    "department": ("marketing", "sales"),
    "winback_action": ("special_offer", "partner", "call", "none"),
    "source_field": ("status", "quality"),
}
NUMBERS = ("display_order", "sla_business_minutes")
# What a line may leave empty though the shipped ones fill it.
OPTIONAL = ("numerator_less", "denominator", "name", "is_market_gauge")
# The lines of each file that the agency has, in their order; only the columns that the file has.
OwnWords = dict[str, list[Line]]


@cache
def shipped_lines(name: str) -> list[Line]:
    """The lines of a seed that the project ships."""
    with (project_root() / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def count_replaced(name: str, lines: list[Line]) -> int:
    """How many lines of a file say another thing of a key that the project ships."""
    shipped = {_key(line, KEYS[name]) for line in shipped_lines(name)}
    return sum(_key(line, KEYS[name]) in shipped for line in lines)


def read_words(folder: Path) -> OwnWords:
    """Read and check a folder of words. Raises ConfigError with file, line and what is allowed there."""
    if not folder.is_dir():
        raise ConfigError("the folder of words is missing", where=str(folder), hint="create it, or take `words` out of sources.yml")
    numbered: dict[Path, list[tuple[int, Line]]] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.stem not in (*KEYS, STAGES):
            names = ", ".join(f"{name}.csv" for name in (*KEYS, STAGES))
            raise ConfigError(f"{path.name} is no file of words", where=str(folder), hint=f"one of: {names}")
        numbered[path] = list(_read(path))
    own = {path.stem: [line for _, line in lines] for path, lines in numbered.items()}
    for path, lines in numbered.items():
        if path.stem == STAGES:
            _check_keys(path, lines, ("stage_key",))
            funnel.check_stages(str(path), lines)
    for path, lines in numbered.items():
        if path.stem != STAGES:
            _check(path, lines, own)
    return own


def stages_in_force(own: OwnWords) -> list[funnel.Stage]:
    """The agency's stages, or the shipped ones."""
    return funnel.in_force(shipped_lines(STAGES), own.get(STAGES, []))


def target_of(mapping: str) -> tuple[str, str]:
    """The file of the keys that a mapping leads to, and their column, which has the same name in both."""
    return next(reference for (name, _), reference in REFERENCES.items() if name == mapping)


def shipped_kpis() -> list[Line]:
    """The KPIs of the shipped stages: lines of kpis.csv with each {role} named, without those that stand for another funnel's steps."""
    return of_shipped_stages(shipped_lines("kpis"))


def of_shipped_stages(kpis: list[Line]) -> list[Line]:
    """Lines of a kpis.csv, as shipped_kpis gives those of the project."""
    roles = funnel.roles_of(stages_in_force({}))
    lines = [line for line in kpis if "{stage}" not in line["kpi_key"]]
    return [{column: funnel.named_by_role(text, roles) for column, text in line.items()} for line in lines]


def headline_texts(language: str) -> dict[str, str]:
    """The words of headlines and messages, by their key."""
    return {line["template_key"]: line[f"text_{language}"] for line in shipped_lines("headline_templates")}


def as_word(text: str) -> str:
    """A text as words are compared: whatever its case and spaces."""
    return " ".join(text.split()).lower()


def mapped_words(mapping: str, own: OwnWords) -> list[Line]:
    """Lines of a mapping that count, the agency's own last; those that lead to a key which is not there do not."""
    keys = set(known_keys(*target_of(mapping), own))
    return [line for line in [*shipped_lines(mapping), *own.get(mapping, [])] if line[target_of(mapping)[1]] in keys]


def known_keys(name: str, column: str, own: OwnWords) -> list[str]:
    """Keys of a file, the agency's own included."""
    if name == STAGES:
        return [stage.key for stage in stages_in_force(own)]
    return list(dict.fromkeys(line[column] for line in [*shipped_lines(name), *own.get(name, [])] if line.get(column)))


def _read(path: Path) -> Iterator[tuple[int, Line]]:
    """Line numbers and lines; blank lines are none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file cannot be read: {type(error).__name__}", where=str(path), hint="save it as UTF-8 text") from None
    reader = csv.DictReader(text.splitlines(), restkey="", strict=True)
    columns, allowed = reader.fieldnames or [], list(shipped_lines(path.stem)[0])
    if unknown := [name for name in columns if name not in allowed]:
        raise ConfigError(f"no column {unknown[0]!r} here", where=f"{path}, line 1", hint=f"columns: {', '.join(allowed)}")
    needed = [name for name in funnel.COLUMNS if name != "is_terminal"] if path.stem == STAGES else KEYS[path.stem]
    if missing := [name for name in needed if name not in columns]:
        raise ConfigError(f"column {missing[0]} is missing", where=f"{path}, line 1", hint=f"columns: {', '.join(allowed)}")
    try:
        for row in reader:
            if "" in row or None in row.values():
                raise ConfigError(
                    "more or fewer cells than columns", where=f"{path}, line {reader.line_num}", hint="quote a value with a comma"
                )
            if any(cell.strip() for cell in row.values()):
                yield reader.line_num, {name: cell.strip() for name, cell in row.items()}
    except csv.Error as error:
        raise ConfigError(f"not CSV: {error}", where=f"{path}, line {reader.line_num}", hint="mind the quotation marks") from None


def _key(line: Line, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(as_word(line[column]) for column in columns)


def _check_keys(path: Path, lines: list[tuple[int, Line]], columns: tuple[str, ...]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for number, line in lines:
        where, key = f"{path}, line {number}", _key(line, columns)
        if not all(key):
            raise ConfigError(f"{columns[key.index('')]} is empty", where=where, hint="fill it or take the line out")
        if key in seen:
            raise ConfigError(f"{' / '.join(key)} is said twice", where=where, hint=f"line {seen[key]} says it already: keep one")
        seen[key] = number


def _check(path: Path, lines: list[tuple[int, Line]], own: OwnWords) -> None:
    name = path.stem
    shipped = {_key(line, KEYS[name]) for line in shipped_lines(name)}
    _check_keys(path, lines, KEYS[name])
    for number, line in lines:
        where, key = f"{path}, line {number}", _key(line, KEYS[name])
        if key not in shipped:
            empty = [column for column in shipped_lines(name)[0] if column not in OPTIONAL and not line.get(column)]
            if empty:
                raise ConfigError(f"{' / '.join(key)} is new and says nothing of {', '.join(empty)}", where=where, hint="fill all columns")
        for column, value in line.items():
            if value:
                _check_value(where, name, column, value, own)


def _check_value(where: str, name: str, column: str, value: str, own: OwnWords) -> None:
    if reference := REFERENCES.get((name, column)):
        allowed = known_keys(*reference, own)
        if value not in allowed:
            near = get_close_matches(value, allowed, n=3, cutoff=0.5) or allowed
            raise ConfigError(
                f"{column} {value!r} is not known", where=where, hint=f"one of: {', '.join(near)}, or add it to {reference[0]}.csv"
            )
    elif column in CHOICES and value not in CHOICES[column]:
        raise ConfigError(f"{column} {value!r} is not known", where=where, hint=f"one of: {', '.join(CHOICES[column])}")
    elif column.startswith("is_") and value not in ("true", "false"):
        raise ConfigError(f"{column} is {value!r}", where=where, hint="true or false")
    elif column in NUMBERS and not value.isdigit():
        raise ConfigError(f"{column} is {value!r}", where=where, hint="a whole number")
    elif column == "holiday_date":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ConfigError(f"{value!r} is no day", where=where, hint="written as 2026-12-31") from None
