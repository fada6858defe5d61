"""Parsed records as Parquet of text: the columns that a description names, numbers digit by digit, what is nested as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from onefunnel.errors import MissingColumn
from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.normalise import rows_of
from onefunnel.extract.parts import MARKS, NUL, TYPED, UNDECODABLE, Relation, typed_names

BATCH_ROWS = 2_000
# Records of an API are wide: DuckDB's own row groups of them would take 300 MB.
GROUP_ROWS = 20_480
HALF_A_PAIR = re.compile("[\ud800-\udfff]")


PLAIN_PATH = re.compile(r"\w+(\[\d+\])?(\.\w+(\[\d+\])?)*")


def picker(path: str) -> Callable[[Any], Any]:
    """A function that follows a JMESPath; names and places, which are most of them, without its cost."""
    if not PLAIN_PATH.fullmatch(path):
        import jmespath

        return jmespath.compile(path).search
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", path)]
    if len(steps) == 1:
        return lambda record: record.get(path)

    def follow(record: Any) -> Any:
        for step in steps:
            try:
                record = record[step]
            except (KeyError, IndexError, TypeError):
                return None
        return record

    return follow


def as_text(value: Any) -> str | None:
    """A JSON value as text that loses nothing."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Written:
    """Records that were written. told: the columns in which at least one of them says something."""

    relation: Relation
    sha256: str
    rows: int
    told: frozenset[str]

    def check_required(self, required: Iterable[str], where: str) -> None:
        """Raise MissingColumn for a required column that no record fills: the API calls it otherwise, or no longer tells it."""
        for name in required:
            if self.rows and name not in self.told:
                hint = "the API or the rights of the secret have changed; until then the last good load stays"
                raise MissingColumn(f"no record tells the required {name!r}", where=where, hint=hint)


def write_records(records: Iterable[dict[str, Any]], columns: dict[str, str], target: Path) -> Written:
    """Write the columns of these records to a Parquet file, batch by batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = tuple(columns)
    pickers = [picker(path) for path in columns.values()]
    schema = pa.schema([*((name, pa.string()) for name in (*names, TYPED)), ("_row", pa.int64())])
    digest, count, is_marked = hashlib.sha256("|".join(names).encode()), 0, False
    told: set[str] = set()
    with pq.ParquetWriter(target, schema) as out:
        for batch in _batches(records):
            picked = [[pick(record) for record in batch] for pick in pickers]
            texts = [[value if value.__class__ is str else as_text(value) for value in column] for column in picked]
            whole = json.dumps(texts, ensure_ascii=False)
            if "\\u0000" in whole or not _is_encodable(whole):
                texts = [[text and HALF_A_PAIR.sub(UNDECODABLE, text.replace("\0", NUL)) for text in column] for column in texts]
                whole = json.dumps(texts, ensure_ascii=False)
            is_marked = is_marked or any(mark in whole for mark in MARKS)
            digest.update(whole.encode())
            told.update(name for name, column in zip(names, texts, strict=True) if any(text is not None for text in column))
            numbers = pa.array(range(count + 1, count + len(batch) + 1), pa.int64())
            columns_of_batch = [pa.array(column, pa.string()) for column in (*texts, _typed(names, picked, len(batch)))]
            out.write_table(pa.table([*columns_of_batch, numbers], schema=schema))
            count += len(batch)
    sql = f"select * from {rows_of(target)}"
    return Written(Relation(sql, names, marked=is_marked, typed=True, group_rows=GROUP_ROWS), digest.hexdigest(), count, frozenset(told))


def _is_encodable(text: str) -> bool:
    """Whether it is text at all: JSON can name half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batches(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(records)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def _typed(names: tuple[str, ...], columns: list[list[Any]], rows: int) -> list[str | None]:
    """_typed of every row: which cells JSON gave a type. Rows are looked at singly only where a column holds texts beside others."""
    kinds = [{type(value) for value in column} - {type(None)} for column in columns]
    if any(str in kind and kind & {JsonNumber, bool} for kind in kinds):
        return [
            typed_names(name for name, value in zip(names, row, strict=True) if isinstance(value, (JsonNumber, bool)))
            for row in zip(*columns, strict=True)
        ]
    return [typed_names(name for name, kind in zip(names, kinds, strict=True) if kind & {JsonNumber, bool})] * rows
