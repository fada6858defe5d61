"""Parsed records as Parquet of text: the columns that a description names, numbers digit by digit, what is nested as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from onefunnel.extract.documents import JsonNumber
from onefunnel.extract.normalise import literal
from onefunnel.extract.parts import NUL, TYPED, Relation, typed_names

BATCH_ROWS = 5_000


def picker(path: str) -> Callable[[Any], Any]:
    """A function that follows a JMESPath; plain names, which are most, without its cost."""
    names = path.split(".")
    if all(name.replace("_", "").isalnum() for name in names):
        if len(names) == 1:
            return lambda record: record.get(path)

        def follow(record: Any) -> Any:
            for name in names:
                record = record.get(name) if isinstance(record, dict) else None
            return record

        return follow
    import jmespath

    return jmespath.compile(path).search


def as_text(value: Any) -> str | None:
    """A JSON value as text that loses nothing."""
    if value is None or isinstance(value, str):
        return value.replace("\0", NUL) if value and "\0" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def write_records(records: Iterable[dict[str, Any]], columns: dict[str, str], target: Path) -> tuple[Relation, str, int]:
    """(what to read, a digest of it, how many) of these records, written batch by batch."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names = tuple(columns)
    pickers = [picker(path) for path in columns.values()]
    schema = pa.schema([*((name, pa.string()) for name in (*names, TYPED)), ("_row", pa.int64())])
    digest, count, holds_nul = hashlib.sha256("|".join(names).encode()), 0, False
    with pq.ParquetWriter(target, schema) as out:
        for batch in _batches(records):
            picked = [[pick(record) for record in batch] for pick in pickers]
            texts = [[as_text(value) for value in column] for column in picked]
            digest.update(json.dumps(texts, ensure_ascii=False).encode())
            arrays = [pa.array(column, pa.string()) for column in texts]
            holds_nul = holds_nul or any(pc.any(pc.match_substring(column, NUL)).as_py() for column in arrays)
            numbers = pa.array(range(count + 1, count + len(batch) + 1), pa.int64())
            out.write_table(pa.table([*arrays, pa.array(_typed(names, picked, len(batch)), pa.string()), numbers], schema=schema))
            count += len(batch)
    sql = f"select * from read_parquet({literal(str(target))}, hive_partitioning = false)"
    return Relation(sql, names, marked=holds_nul, typed=True), digest.hexdigest(), count


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
