"""What no seed knows, what it probably means, and the lines of the agency's own words that say so: `onefunnel map`."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import duckdb

from onefunnel.config import PipelineConfig
from onefunnel.durable import write_whole
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.funnel import roles_of, stages_of
from onefunnel.words import KEYS, STAGES, Line, OwnWords, known_keys, read_words, shipped_lines, stages_in_force, target_of

# The file of words that takes an unmapped field, and the other columns of its line.
FILES = {
    "channel": ("channel_mapping", {}),
    "reason": ("reason_mapping", {}),
    "status": ("stage_mapping", {"source_field": "status"}),
    "stage": ("stage_mapping", {"source_field": "status"}),
    "quality": ("stage_mapping", {"source_field": "quality"}),
}
# Cyrillic letters that look like Latin ones.
LOOK_ALIKES = str.maketrans("авекмнорстухіѕј", "abekmhopctyxisj")
NEAR = 0.6


@dataclass(frozen=True)
class Unmapped:
    """A word that no seed knows. rows: how many hold it; proposals: keys, the likeliest first; is_sure: only the spelling differs.

    cost: spent under it as a channel; paid: by the leads that hold it, less what they took back; both in base currency, None where the
    word is of no such rows or no rate is known.
    """

    source: str
    system: str
    entity: str
    field: str
    value: str
    rows: int
    cost: float | None
    paid: float | None
    file: str
    proposals: tuple[str, ...]
    is_sure: bool

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def read_unmapped(warehouse: Path, config: PipelineConfig) -> list[Unmapped]:
    """The unmapped words of the last build that a line of words can settle, most rows first. Raises OnefunnelError without a build."""
    if not warehouse.exists():
        raise OnefunnelError("nothing is built yet", where=str(warehouse), hint="run `onefunnel run` or `onefunnel build` first")
    with duckdb.connect(str(warehouse), read_only=True) as db:
        rows = db.execute(
            "select source_name, min(entity), field, value, sum(row_count)::bigint, sum(cost_base)::double, sum(paid_base)::double "
            "from facts.fct_unmapped_value where list_contains(?, field) and value <> '(empty)' "
            "group by source_name, field, value order by 5 desc, 1, 3, 4",
            [list(FILES)],
        ).fetchall()
    systems = {source.name: source.system for source in config.sources}
    meanings = {file: _meanings(file, config.own_words) for file, _ in FILES.values()}
    found = []
    for source, entity, field, value, count, cost, paid in rows:
        if source in systems:
            file, _ = FILES[field]
            proposals, is_sure = propose(value, meanings[file])
            found.append(Unmapped(source, systems[source], entity, field, value, count, cost, paid, file, proposals, is_sure))
    return found


def table(words: list[Unmapped], currency: str) -> list[str]:
    """The words as lines of a table: rows, money at stake in base currency, where they stand, and the nearest keys."""
    head = ("rows", f"spent {currency}", f"paid {currency}", "source", "field", "word", "near")
    lines = [
        (
            f"{word.rows:,}",
            _money(word.cost),
            _money(word.paid),
            word.source,
            word.field,
            word.value,
            ", ".join(word.proposals) or "nothing",
        )
        for word in words
    ]
    widths = [max(len(line[place]) for line in (head, *lines)) for place in range(len(head))]
    # figures end where their column ends, words begin where it begins
    return [
        "  ".join(
            cell.rjust(width) if place < 3 else cell.ljust(width) for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *lines)
    ]


def _money(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.0f}"


def propose(value: str, meanings: dict[str, str]) -> tuple[tuple[str, ...], bool]:
    """The keys that a word may mean, at most five, and whether the first is the word itself in another spelling."""
    plain = skeleton(value)
    scores: dict[str, float] = {}
    for text, key in meanings.items():
        other = skeleton(text)
        score = 1.0 if other == plain else SequenceMatcher(None, plain, other).ratio()
        scores[key] = max(score, scores.get(key, 0.0))
    best = sorted((key for key, score in scores.items() if score >= NEAR), key=lambda key: (-scores[key], key))
    sure = [key for key, score in scores.items() if score == 1.0]
    return tuple(best[:5]), bool(plain) and len(sure) == 1


def skeleton(text: str) -> str:
    """A text without what only looks different: case, accents, spaces, punctuation and, in words of two alphabets, look-alike letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if re.search("[a-z]", folded):
        folded = folded.translate(LOOK_ALIKES)
    plain = "".join(letter for letter in unicodedata.normalize("NFD", folded) if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "", plain)


def line_of(word: Unmapped, key: str) -> Line:
    """The line of words that maps a value to a key."""
    _, column = target_of(word.file)
    return {"source_system": word.system, **FILES[word.field][1], "source_value": word.value, column: key}


def write_lines(config: PipelineConfig, accepted: list[tuple[Unmapped, str]]) -> list[Path]:
    """Add a line for each accepted word to the folder of words. Raises ConfigError when sources.yml names none."""
    if not config.words:
        raise ConfigError(
            "sources.yml names no folder of words", where=str(config.file), hint="add the line `words: words`, and make that folder"
        )
    folder = config.folder / config.words
    before = read_words(folder)
    by_file: dict[str, dict[tuple[str, ...], Line]] = {}
    for word, key in accepted:
        # a status of leads and a stage of events may be one word, and so may words of two sources: the last answer counts
        line = line_of(word, key)
        by_file.setdefault(word.file, {})[tuple(line[column] for column in KEYS[word.file])] = line
    written = []
    for name, lines in by_file.items():
        path, columns = folder / f"{name}.csv", list(shipped_lines(name)[0])
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*before.get(name, []), *lines.values()])
        write_whole(path, text.getvalue())
        written.append(path)
    return written


def _meanings(file: str, own: OwnWords) -> dict[str, str]:
    """Every text that means a key: the key, its labels, and the words that are mapped to it already."""
    keys_file, column = target_of(file)
    keys = set(known_keys(keys_file, column, own)) - {"unmapped", "unknown"}
    meanings = {key: key for key in keys}
    own_lines = own.get(keys_file, [])
    for line in own_lines if keys_file == STAGES and own_lines else [*shipped_lines(keys_file), *own_lines]:
        meanings |= {line[label]: line[column] for label in ("label_en", "label_ru") if line.get(label) and line[column] in keys}
    # a word of a shipped stage means the agency's stage of the same role
    roles, shipped = roles_of(stages_in_force(own)), roles_of(stages_of(shipped_lines(STAGES)))
    same_role = {key: roles[role] for role, key in shipped.items() if role in roles} if keys_file == STAGES else {}
    for line in [*shipped_lines(file), *own.get(file, [])]:
        key = line[column] if line[column] in keys else same_role.get(line[column])
        if key:
            meanings.setdefault(line["source_value"], key)
    return meanings
