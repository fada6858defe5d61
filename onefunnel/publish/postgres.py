"""The same publication in Postgres, for BI that reads a server: a schema per version, and views that show one of them, in the schemas and
under the names of the file: `marts.mart_…`, `facts.dim_…`.

A version is built and counted under its own name (`marts__<version>`) before anybody sees it; switching repoints all views in one
transaction. Readers get a role of their own that may select from the views and nothing else.
Only active when ONEFUNNEL_PUBLISH_POSTGRES_URL is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.publish.comments import comments_of
from onefunnel.publish.manifest import version_file
from onefunnel.publish.shelf import SCHEMAS, shelf

if TYPE_CHECKING:
    import psycopg

    from onefunnel.settings import Settings

VIEWS = "marts"
TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "HUGEINT": "numeric(38, 0)",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
BATCH_ROWS = 10_000


def is_configured(settings: Settings) -> bool:
    """Whether a Postgres is to be published to."""
    return settings.publish_postgres_url is not None


def schema_of(version: str) -> str:
    """The schema that holds one version."""
    return f"{VIEWS}__{version.replace('-', '_')}"


def prepare(settings: Settings, version: str, *, anew: bool = False) -> None:
    """Build the schema of a version from its file and count it; nobody sees it yet. Does nothing if it is there (unless `anew`)."""
    with _connected(settings) as server, duckdb.connect(str(version_file(settings, version)), read_only=True) as file:
        schema = schema_of(version)
        if not anew and _comment(server, schema) == version:
            return
        with server.transaction():
            server.execute(f"drop schema if exists {quoted(schema)} cascade")
            server.execute(f"create schema {quoted(schema)}")
            for (source, table), columns in _tables(file, settings).items():
                _copy(file, server, (source, table), f"{quoted(schema)}.{quoted(table)}", columns)
            # the comment is the mark of a finished schema: it appears with the rest or not at all
            server.execute(f"comment on schema {quoted(schema)} is '{version}'")


def show(settings: Settings, version: str) -> None:
    """Make the views show a version, in one transaction. Builds its schema if that is missing."""
    prepare(settings, version)
    with _connected(settings) as server, server.transaction():
        server.execute("set local lock_timeout = '20s'")
        schema = schema_of(version)
        tables = _names(server, "select table_name from information_schema.tables where table_schema = %s", schema)
        for shown in SCHEMAS:
            server.execute(f"create schema if not exists {shown}")
            for view in _names(server, "select table_name from information_schema.views where table_schema = %s", shown):
                if view not in tables:
                    server.execute(f"drop view {shown}.{quoted(view)}")
        for table in tables:
            _point(server, table, schema)
        if comments := _comments_of_views(server, schema):
            server.execute(comments)
        server.execute(f"comment on schema {VIEWS} is '{version}'")
        _grant(server, settings.publish_postgres_reader)


def shown_version(settings: Settings) -> str | None:
    """The version that the views show."""
    with _connected(settings) as server:
        return _comment(server, VIEWS)


def keep_only(settings: Settings, versions: Iterable[str]) -> None:
    """Drop the schemas of versions that are no longer kept."""
    kept = {schema_of(version) for version in versions}
    with _connected(settings) as server:
        found = _names(server, "select schema_name from information_schema.schemata where schema_name like %s", f"{VIEWS}\\_\\_%")
        for schema in found:
            if schema not in kept:
                server.execute(f"drop schema {quoted(schema)} cascade")


@contextmanager
def _connected(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection that commits each statement outside a transaction block. Every failure is an OnefunnelError without the URL."""
    import psycopg

    url = settings.publish_postgres_url.get_secret_value() if settings.publish_postgres_url else ""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="onefunnel") as server:
            yield server
    except psycopg.Error as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].replace(url, "***")
        raise OnefunnelError(
            f"Postgres: {reason}",
            where="ONEFUNNEL_PUBLISH_POSTGRES_URL",
            hint="mend the server or its rights, then run again; until then its readers see the version before",
        ) from None


def _shown_in(table: str) -> str:
    """The schema of the view on a table of a version: that of the file, by the name's prefix."""
    return "facts" if table.startswith(("dim_", "fct_")) else VIEWS


def _tables(file: duckdb.DuckDBPyConnection, settings: Settings) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Columns with their types of each table on the shelf."""
    rows = file.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal order by table_name, column_index"
    ).fetchall()
    tables: dict[tuple[str, str], list[tuple[str, str]]] = {place: [] for place in shelf(file, settings)}
    for schema, table, column, kind in rows:
        if (schema, table) in tables:
            tables[schema, table].append((column, kind))
    return tables


def _comments(file: duckdb.DuckDBPyConnection, place: tuple[str, str], target: str) -> str:
    """Statements that give a table the comments that it and its columns have in the file."""
    said = comments_of(file, file.execute("select current_database()").fetchone()[0])
    return "; ".join(
        f"comment on {f'column {target}.{quoted(column)}' if column else f'table {target}'} is {literal(text)}"
        for schema, table, column, text in said
        if (schema, table) == place
    )


def _comments_of_views(server: psycopg.Connection, schema: str) -> str:
    """Statements that give the views the comments of the tables of a version, where BI tools look for them."""
    rows = server.execute(
        "select tables.relname, columns.attname, said.description from pg_description as said "
        "inner join pg_class as tables on tables.oid = said.objoid and said.classoid = 'pg_class'::regclass "
        "left join pg_attribute as columns on columns.attrelid = tables.oid and columns.attnum = said.objsubid and said.objsubid > 0 "
        "where tables.relnamespace = (select oid from pg_namespace where nspname = %s) order by 1, 2",
        (schema,),
    ).fetchall()
    views = [(f"{_shown_in(table)}.{quoted(table)}", column, comment) for table, column, comment in rows]
    return "; ".join(
        f"comment on column {view}.{quoted(column)} is {literal(comment)}" if column else f"comment on view {view} is {literal(comment)}"
        for view, column, comment in views
    )


def _type_of(kind: str) -> str:
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind)
    return f"numeric({decimal[1]}, {decimal[2]})" if decimal else TYPES.get(kind, "text")


def _copy(
    file: duckdb.DuckDBPyConnection, server: psycopg.Connection, place: tuple[str, str], target: str, columns: list[tuple[str, str]]
) -> None:
    """Copy one table, and prove it: as many rows, and as many values in each column, as the file has."""
    source = f"{quoted(place[0])}.{quoted(place[1])}"
    server.execute(f"create table {target} ({', '.join(f'{quoted(name)} {_type_of(kind)}' for name, kind in columns)})")
    chosen = ", ".join(quoted(name) if _type_of(kind) != "text" else f"cast({quoted(name)} as varchar)" for name, kind in columns)
    rows = file.execute(f"select {chosen} from {source}")
    with server.cursor().copy(f"copy {target} from stdin") as copy:
        while batch := rows.fetchmany(BATCH_ROWS):
            for row in batch:
                copy.write_row(row)
    counts = ", ".join(f"count({quoted(name)})" for name, _ in columns)
    written = server.execute(f"select count(*), {counts} from {target}").fetchone()
    expected = file.execute(f"select count(*), {counts} from {source}").fetchone()
    if tuple(written or ()) != tuple(expected or ()):
        raise OnefunnelError(f"Postgres took {written} of {expected} rows and values of {place[1]}", hint="run again; nothing was switched")
    if comments := _comments(file, place, target):
        server.execute(comments)


def _point(server: psycopg.Connection, table: str, schema: str) -> None:
    """Let a view show the table of this schema. It is replaced where its columns allow it, so that what users built on it lives on."""
    import psycopg

    view, rows = f"{_shown_in(table)}.{quoted(table)}", f"select * from {quoted(schema)}.{quoted(table)}"
    try:
        with server.transaction():
            server.execute(f"create or replace view {view} as {rows}")
    except psycopg.errors.InvalidTableDefinition:
        server.execute(f"drop view {view}")
        server.execute(f"create view {view} as {rows}")


def _grant(server: psycopg.Connection, reader: str) -> None:
    """Let the reading role see the views, and only them. A role that does not exist is an administrator's to make."""
    if not server.execute("select 1 from pg_roles where rolname = %s", (reader,)).fetchone():
        return
    for schema in SCHEMAS:
        server.execute(f"grant usage on schema {schema} to {quoted(reader)}")
        server.execute(f"grant select on all tables in schema {schema} to {quoted(reader)}")


def _comment(server: psycopg.Connection, schema: str) -> str | None:
    row = server.execute("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (schema,)).fetchone()
    return row[0] if row else None


def _names(server: psycopg.Connection, query: str, parameter: str) -> list[str]:
    return sorted(str(row[0]) for row in server.execute(query, (parameter,)).fetchall())
