"""Parquet, JSON lines and JSON as text, without losing a digit of a number."""

from __future__ import annotations

import json
from typing import Any

from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.envelope import Held, Page, lists_in, more_told, trouble_told
from onefunnel.extract.lost_digits import CENTS_IN_32_BITS, EXACT_IN_32_BITS, is_id
from onefunnel.extract.normalise import literal, quoted
from onefunnel.extract.parts import MONEY, NUL, TYPED, UNDECODABLE, PartWriter, Relation, typed_names, unique_names
from onefunnel.extract.snapshot import MAX_RECORD_BYTES, Snapshot

MAX_UNPACKED_BYTES = 20_000_000_000
MAX_JSON_BYTES = 512_000_000
MAX_COLUMNS = 2_000
TYPES_OF_COLUMNS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U", "DECIMAL", "FLOAT", "DOUBLE"),
    *("DATE", "TIMESTAMP", "BOOLEAN"),
)
# What DuckDB's decimals hold.
MAX_DIGITS = 38
# Put before the digits of a number while a parsed record is text, so that it is told from a text of digits. A noncharacter of Unicode.
NUMBER = "\ufdd0"


def parquet_relation(writer: PartWriter, snapshot: Snapshot) -> Relation:
    """The rows of a Parquet file, timestamps ISO (UTC where they have a zone, or are INT96), binary without text as hexadecimal."""
    path = literal(str(snapshot.path))
    name = snapshot.name
    unpacked = writer.run(f"select sum(total_uncompressed_size) from parquet_metadata({path})", name).fetchone()[0]
    if (unpacked or 0) > MAX_UNPACKED_BYTES:
        raise OnefunnelError(f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes", where=name, hint="split the file")
    source = f"read_parquet({path}, hive_partitioning = false, file_row_number = true)"
    described = writer.run(f"describe select * exclude (file_row_number) from {source}", name).fetchall()
    # as the file says them: DuckDB gives a name that comes twice another one
    told_columns = _parquet_columns(writer, path, name)
    names = unique_names([column for column, _ in told_columns], name, writer.read)
    moments = [new for new, (_, physical) in zip(names, told_columns, strict=True) if physical == "INT96"]
    if moments:
        writer.staged.warnings.append(
            f"{name}: {', '.join(moments)}: timestamps of type INT96 are read as UTC, as Spark and Hive mean them; "
            "write another type if they are not"
        )
    kinds = {new: "INT96" if new in moments else kind for (_, kind, *_), new in zip(described, names, strict=True)}
    chosen = ", ".join(
        f"{_as_text(quoted(column), kinds[new])} as {quoted(new)}" for (column, *_), new in zip(described, names, strict=True)
    )
    _check_32_bits(writer, source, {new: column for (column, kind, *_), new in zip(described, names, strict=True) if kind == "FLOAT"}, name)
    typed = typed_names(new for (_, kind, *_), new in zip(described, names, strict=True) if kind.startswith(TYPES_OF_COLUMNS))
    told = literal(typed) if typed else "cast(null as varchar)"
    return Relation(f"select {chosen}, {told} as {TYPED}, file_row_number + 1 as _row from {source}", names, typed=True)


def _check_32_bits(writer: PartWriter, source: str, columns: dict[str, str], file: str) -> None:
    """Raise ConfigError for ids and money in numbers of seven digits (their name in the load -> in the file) that had more than those."""
    for name, column in columns.items():
        what = "ids" if is_id(name) else "money" if name.lower() in MONEY | {"direct_cost"} else None
        if what is None:
            continue
        limit = EXACT_IN_32_BITS if what == "ids" else CENTS_IN_32_BITS
        greatest = writer.run(f"select max(abs({quoted(column)})) from {source} where isfinite({quoted(column)})", file).fetchone()[0]
        if greatest is not None and greatest >= limit:
            raise ConfigError(
                f"column {name} holds {what} in numbers of 32 bits (FLOAT): from {limit:,} on they lose their last digits, "
                f"and the greatest is {greatest:,.0f}",
                where=file,
                hint="write ids as text or whole numbers, money as DECIMAL or DOUBLE",
            )


def _parquet_columns(writer: PartWriter, path: str, file: str) -> list[tuple[str, str | None]]:
    """Names and physical types of the columns, in order.

    Raises OnefunnelError for a decimal wider than DuckDB's, which it would read as another number.
    """
    query = f"select name, type, coalesce(num_children, 0), coalesce(precision, 0) from parquet_schema({path})"
    columns, (_, *parts) = [], writer.run(query, file).fetchall()
    inner = 0
    for column, physical, children, precision in parts:
        if precision > MAX_DIGITS:
            hint = f"write it with at most {MAX_DIGITS} digits, or as text"
            raise OnefunnelError(f"the column {column!r} is a decimal of {precision} digits", where=file, hint=hint)
        if inner == 0:
            columns.append((column, physical))
        inner = max(inner - 1, 0) + children
    return columns


def jsonl_relation(writer: PartWriter, snapshot: Snapshot) -> Relation:
    """One JSON object per line. Columns are all keys, as they first appear; nested values stay JSON text; a broken line is rejected."""
    name = snapshot.name
    # A line that is no CSV at all to DuckDB: no quotes, and a delimiter that JSON must escape, so one column whatever it holds.
    lines = (
        f"select line, row_number() over () as _row from read_csv({literal(str(snapshot.path))}, "
        "auto_detect = false, hive_partitioning = false, header = false, "
        f"delim = chr(31), quote = '', escape = '', comment = '', columns = {{'line': 'VARCHAR'}}, max_line_size = {MAX_RECORD_BYTES}, "
        "store_rejects = true, rejects_table = 'json_errors', rejects_scan = 'json_scans')"
    )
    writer.db.execute("drop table if exists json_errors; drop table if exists json_scans")
    writer.run(f"create or replace temp table json_lines as {lines}", name)
    broken = writer.db.execute("select distinct line from json_errors order by line").fetchall()
    writer.reject(name, [(line, "line_too_long", f"more than {MAX_RECORD_BYTES} bytes") for (line,) in broken])
    object_type = "case when json_valid(line) then json_type(line) end"
    found = writer.db.execute(
        f"""select _row, case
                when contains(line, chr({ord(UNDECODABLE)})) then 'undecodable_bytes'
                when contains(line, chr({ord(NUL)})) or contains(line, '\\u0000') then 'nul_byte'
                when not json_valid(line) then 'invalid_json'
                when {object_type} <> 'OBJECT' then 'not_an_object'
                when len(json_keys(line)) <> len(list_distinct(json_keys(line))) then 'repeated_key'
            end as rule
            from json_lines where line is not null and trim(line) <> '' and rule is not null order by _row"""
    ).fetchall()
    writer.reject(name, [(row, rule, "the line is not one JSON object that can be kept as text") for row, rule in found])
    writer.db.execute(
        f"""create or replace temp table json_objects as select cast(line as json) as line, _row from json_lines
            where line is not null and trim(line) <> '' and coalesce({object_type}, '') = 'OBJECT'
              and _row not in (select _row from rejected where _file = {literal(name)})"""
    )
    keys = [
        key
        for (key,) in writer.db.execute(
            "select key from (select unnest(json_keys(line)) as key, _row from json_objects) group by key order by min(_row), min(key)"
        ).fetchall()
    ]
    if len(keys) > MAX_COLUMNS:
        raise OnefunnelError(f"more than {MAX_COLUMNS} different keys", where=name, hint="keys must be names, not values")
    names = unique_names(keys, name, writer.read)
    named = [(literal(_pointer(key)), new) for key, new in zip(keys, names, strict=True)]
    chosen = [f"ltrim(json_extract_string(line, {place}), chr({ord(NUMBER)})) as {quoted(new)}" for place, new in named]
    is_typed = (
        "json_type(line, {0}) in ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE', 'BOOLEAN') "
        "or starts_with(json_extract_string(line, {0}), chr(" + str(ord(NUMBER)) + "))"
    )
    typed = [f"case when {is_typed.format(place)} then {literal(new.lower() + '|')} end" for place, new in named]
    told = f"'|' || nullif(concat({', '.join(typed)}), '') as {TYPED}" if typed else f"cast(null as varchar) as {TYPED}"
    return Relation(f"select {', '.join([*chosen, told, '_row'])} from json_objects order by _row", names, typed=True)


def json_relation(writer: PartWriter, snapshot: Snapshot) -> Relation:
    """A JSON array of objects (or one object that holds exactly one such array, by its own names), numbers kept digit by digit."""
    if snapshot.size > MAX_JSON_BYTES:
        raise OnefunnelError(f"larger than {MAX_JSON_BYTES:,} bytes", where=snapshot.name, hint="deliver JSON lines")
    try:
        around = parsed(snapshot.path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        said = getattr(error, "msg", "nested too deeply")
        hint = "if each line is an object, say `format: jsonl` of this entity" if said == "Extra data" else "is the file whole?"
        raise OnefunnelError(f"not JSON: {said}", where=snapshot.name, hint=hint) from None
    records = around if isinstance(around, list) else _only_list(around, snapshot.name)
    check_said_once(around, records, snapshot.name)
    if records and all(isinstance(record, list) for record in records):
        hint = 'deliver an array of objects, [{"name": value, …}, …], or its rows as .csv'
        raise ConfigError("holds a list of lists, whose columns have no names", where=snapshot.name, hint=hint)
    if trouble := trouble_told(around, records):
        hint = "have it written anew; if it is whole, deliver its list alone: [{…}, …]"
        raise ConfigError(f"says beside its list that it is not whole: {trouble}", where=snapshot.name, hint=hint)
    held = Held()
    held.add(around, records)
    writer.pages[snapshot.name] = Page(held.records, more_told(around, records, held))
    return records_relation(writer, records, snapshot)


def _only_list(around: Any, file: str) -> list[Any]:
    """The list of a file. Raises ConfigError where another could be meant as well, or it is not found by one name."""
    lists = lists_in(around)
    tops = [value for value in around.values() if isinstance(value, list)] if isinstance(around, dict) else []
    if len(lists) == 1 and (only := next(iter(lists.values()))) in tops:
        return only
    if not lists and tops and (len(tops) == 1 or not any(tops)):
        return tops[0]
    what = f"holds {'more than one list' if len(lists) > 1 else 'its list'} of objects: {', '.join(lists)}"
    hint = "deliver the list that counts alone, [{…}, …], or read it with `connector: rest` and " + f"`records: {next(iter(lists), '')}`"
    if not lists:
        what, hint = "holds no list of objects", "deliver an array of objects, or JSON lines"
    raise ConfigError(what, where=file, hint=hint)


def records_relation(writer: PartWriter, records: list[Any], snapshot: Snapshot) -> Relation:
    """Already parsed records, through the same door as JSON lines."""
    lines = snapshot.path.with_suffix(".records.jsonl")
    with lines.open("w", encoding="utf-8") as stream:
        stream.writelines(record_line(record) for record in records)
    return jsonl_relation(writer, Snapshot(lines, snapshot.name, snapshot.sha256, snapshot.size))


class JsonNumber(str):
    """A number of a JSON document, digit by digit."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object that says one of its names twice: which of the two counts is not known."""

    __slots__ = ()


def parsed(text: str | bytes | bytearray) -> Any:
    """JSON with its numbers digit by digit, and its objects that are Repeated. Raises ValueError, RecursionError."""
    return json.loads(text, parse_float=JsonNumber, parse_int=JsonNumber, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    return record if len(record) == len(pairs) else Repeated(record)


def check_said_once(around: Any, records: Any, where: str) -> None:
    """Raise ConfigError for an object around the records that is Repeated: of two lists of one name only the last is there."""
    if isinstance(around, Repeated):
        what = f"says one of these names twice: {', '.join(around)}"
        raise ConfigError(what, where=where, hint="which of the two counts is not known: have each name said once, its list whole")
    for value in around.values() if isinstance(around, dict) else ():
        if value is not records:
            check_said_once(value, records, where)


def record_line(record: Any) -> str:
    """A parsed record as a line for `jsonl_relation`, which tells its numbers from its texts by NUMBER, and rejects what is Repeated."""
    if isinstance(record, Repeated):
        return '{"": null, "": null}\n'
    if isinstance(record, dict):
        record = {name: NUMBER + value if isinstance(value, JsonNumber) else value for name, value in record.items()}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _as_text(expression: str, kind: str) -> str:
    if kind in ("TIMESTAMP WITH TIME ZONE", "INT96"):
        return f"strftime({expression}, '%Y-%m-%d %H:%M:%S.%f+00:00')"
    if kind == "BLOB":
        # texts of writers that do not say so (Hive, Impala); read as hexadecimal, "1000" would be 31303030
        text = f"try(decode({expression}))"
        return f"case when not regexp_matches({text}, '[\\x00-\\x08\\x0E-\\x1F\\x7F]') then {text} else hex({expression}) end"
    return f"cast({expression} as varchar)"


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
