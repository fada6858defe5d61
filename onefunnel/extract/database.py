"""The database connector: any SQLAlchemy URL, whole tables or what is new by a cursor, streamed, every value as text without loss."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from onefunnel.config import PipelineConfig
from onefunnel.entities import entity_of
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.extract.contract_columns import check_columns
from onefunnel.extract.cursors import Reached, cursor_from, cursor_state, rows_key
from onefunnel.extract.doubts import look_again
from onefunnel.extract.late_rows import counted_behind, late_rows
from onefunnel.extract.lost_digits import EXACT
from onefunnel.extract.normalise import rows_of
from onefunnel.extract.parts import NUL, TYPED, PartWriter, Relation, typed_names, unique_names
from onefunnel.landing.loads import StagedLoad
from onefunnel.settings import redact
from onefunnel.sources import DatabaseSource, TableEntity

if TYPE_CHECKING:
    import sqlalchemy as sa

    from onefunnel.settings import Settings

BATCH_ROWS = 20_000
TYPES_OF_VALUES = (bool, int, float, Decimal, date, datetime)
NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def stage_table(config: PipelineConfig, source: DatabaseSource, entity: str, staged: StagedLoad, settings: Settings) -> None:
    """Land a table or query. Raises ConfigError (no URL, no such table or column), OnefunnelError (source down)."""
    import sqlalchemy as sa

    options = source.entities[entity]
    contract = entity_of(source.system, entity)
    personal = (*(contract.personal if contract else ()), *source.personal)
    lookback = timedelta(days=config.lookback_days if options.lookback_days is None else options.lookback_days)
    url, secrets = database_url(source, str(config.file))
    rows = rows_key(url, options)
    since = cursor_from(staged, options, lookback, rows)
    engine: sa.Engine | None = None
    try:
        engine = sa.create_engine(url, hide_parameters=True)
        with (
            PartWriter(staged, settings, contract.required if contract else (), contract.columns if contract else (), personal) as writer,
            engine.connect().execution_options(stream_results=True, max_row_buffer=BATCH_ROWS) as connection,
        ):
            _check_least(connection, options, since, staged.where)
            if since is not None and (late := late_rows(connection, _rows(options), options, staged)):
                since = None
                what = f"at least {late} row(s) came with a `{options.cursor}` that the loads before had passed: all is read once more"
                staged.warnings.append(f"{what}. If it is so every night, read this table without `cursor`, or raise `lookback_days`")
            behind = counted_behind(connection, _rows(options), options, staged, lookback)
            last = _land(writer, connection, config, source, options, since)
            staged.cursor = cursor_state(options, last, staged, rows, behind)
    except sa.exc.SQLAlchemyError as error:
        raise _explain(error, source, entity, secrets) from None
    except (ImportError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"no driver for this database: {error.name}", where=f"source {source.name}", hint=f"install it: pip install {error.name}"
        ) from None
    finally:
        if engine is not None:
            engine.dispose()


def database_url(source: DatabaseSource, where: str) -> tuple[Any, list[str]]:
    """The URL, and every form of its secrets that must not be shown. Raises ConfigError naming the variable, never its value."""
    import sqlalchemy as sa

    variable = source.url_env or f"AIRFLOW_CONN_{source.airflow_connection.upper()}"
    text = os.environ.get(variable)
    if not text and source.airflow_connection:
        text = _airflow_uri(source.airflow_connection)
    if not text:
        raise ConfigError(
            f"the environment variable {variable} is not set",
            where=f"{where}: source {source.name}",
            hint="set it to dialect://user:password@host/db",
        )
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise ConfigError(
            f"{variable} holds no database URL", where=f"{where}: source {source.name}", hint="write it as dialect://user:password@host/db"
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url, [text, url.render_as_string(hide_password=False), str(url.password or "")]


def _check_least(connection: sa.Connection, options: TableEntity, since: Any, where: str) -> None:
    """Texts that sort before all moments would never be read: the least of them tells. Raises ConfigError."""
    import sqlalchemy as sa

    if not isinstance(since, str):
        return
    cursor = sa.column(str(options.cursor))
    least = connection.execute(sa.select(sa.func.min(cursor)).select_from(_rows(options)).where(cursor != "")).scalar()
    reached = Reached(str(options.cursor), where)
    reached.add([since, least])


def _land(
    writer: PartWriter, connection: sa.Connection, config: PipelineConfig, source: DatabaseSource, options: TableEntity, since: Any
) -> Any:
    """Land what is new. Returns the greatest cursor read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    result = connection.execute(statement(options, since))
    name = options.table or "query"
    names = unique_names(result.keys(), name, writer.read)
    check_columns(names, writer.required, name)
    cursor_index = _cursor_index(names, options, name)
    schema = pa.schema([*((column, pa.string()) for column in (*names, TYPED)), ("_row", pa.int64())])
    target = writer.staged.scratch / "rows.parquet"
    digest = hashlib.sha256("|".join(names).encode())
    reached = Reached(options.cursor or "", writer.staged.where)
    count, marked = 0, False
    with pq.ParquetWriter(target, schema) as out:
        for batch in result.partitions(BATCH_ROWS):
            columns = [[value_text(value) for value in column] for column in zip(*batch, strict=True)]
            digest.update(json.dumps(columns, ensure_ascii=False).encode())
            marked = marked or any(NUL in text for column in columns for text in column if text)
            if cursor_index is not None:
                reached.add([row[cursor_index] for row in batch])
            numbers = pa.array(range(count + 1, count + len(batch) + 1), pa.int64())
            columns.append(_typed_of(names, batch))
            out.write_table(pa.table([*(pa.array(column, pa.string()) for column in columns), numbers], schema=schema))
            count += len(batch)
    sha256 = digest.hexdigest()
    relation = Relation(f"select * from {rows_of(target)}", names, marked, typed=True)
    part = writer.write(relation, file=name, sha256=sha256, fingerprint=sha256)
    look_again(writer, part, config, source, options)
    writer.finish()
    return reached.last


def _typed_of(names: tuple[str, ...], batch: Sequence[Sequence[Any]]) -> list[str | None]:
    """_typed of every row: a column is of one kind in most databases, so that rows are looked at singly only where one holds both."""
    kinds = [set(map(type, column)) for column in zip(*batch, strict=True)]
    if any(str in kind and not kind <= {str, type(None)} for kind in kinds):
        return [typed_names(name for name, value in zip(names, row, strict=True) if isinstance(value, TYPES_OF_VALUES)) for row in batch]
    typed = typed_names(name for name, kind in zip(names, kinds, strict=True) if any(issubclass(each, TYPES_OF_VALUES) for each in kind))
    return [typed] * len(batch)


def statement(options: TableEntity, since: Any) -> Any:
    """select * of the table or query, restricted by the cursor and in its order if there is one. Values are bound, names quoted."""
    import sqlalchemy as sa

    chosen = sa.select(sa.literal_column("*")).select_from(_rows(options))
    if options.cursor is None:
        return chosen
    cursor = sa.column(options.cursor)
    # a row that was never changed may have no cursor yet: it is read every time
    empty = [cursor.is_(None), *([cursor == ""] if isinstance(since, str) else [])]
    return (chosen if since is None else chosen.where(sa.or_(cursor >= since, *empty))).order_by(cursor)


def _rows(options: TableEntity) -> Any:
    """The table, or the rows of the query."""
    import sqlalchemy as sa

    if options.table:
        schema, _, table = options.table.rpartition(".")
        return sa.table(table, schema=schema or None)
    # A colon would start a parameter, and a query has none.
    query = (options.query or "").strip().rstrip(";").replace(":", r"\:")
    return sa.text(f"({query}) as delivered")


def value_text(value: Any) -> str | None:
    """A database value as text that loses nothing: decimals in full, timestamps ISO with their offset, bytes without text hexadecimal."""
    if value is None or isinstance(value, str):
        return value.replace("\0", NUL) if value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float):
        # a longer one has lost digits, and must be seen to be one
        return format(Decimal(repr(value)), "f") if abs(value) < EXACT else repr(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes_text(bytes(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _bytes_text(value: bytes) -> str:
    """Text columns that are declared binary (MySQL, SQLite) hold text: as hexadecimal "1000" would be the number 31303030."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return value.hex() if NO_TEXT.search(text) else text


def _cursor_index(names: tuple[str, ...], options: TableEntity, name: str) -> int | None:
    if options.cursor is None:
        return None
    lower = [column.lower() for column in names]
    if options.cursor.lower() not in lower:
        raise ConfigError(
            f"the cursor column {options.cursor!r} is absent", where=f"{name}: columns {', '.join(names)}", hint="correct `cursor`"
        )
    return lower.index(options.cursor.lower())


def _airflow_uri(connection: str) -> str | None:
    try:
        from airflow.sdk import BaseHook

        uri = BaseHook.get_connection(connection).get_uri()
    except Exception:  # any failure of Airflow's look-up means: not found here
        return None
    return uri.replace("postgres://", "postgresql://", 1)


def _explain(error: Exception, source: DatabaseSource, entity: str, secrets: list[str]) -> OnefunnelError:
    original = getattr(error, "orig", None) or error
    text = redact(str(original).strip().splitlines()[0][:300] if str(original).strip() else type(original).__name__, secrets)
    kind = type(error).__name__
    where = f"source {source.name}, entity {entity}"
    if kind in ("ProgrammingError", "NoSuchTableError") or "no such" in text:
        return ConfigError(
            f"the database refuses the query: {text}", where=where, hint="check `table`, `query`, `cursor` and the rights of this user"
        )
    return OnefunnelError(
        f"the database does not answer as it should: {text}", where=where, hint="the next run retries; the last good data stay"
    )
