"""A SQLAlchemy dialect `duckdb+readonly` through which Great Expectations reads one DuckDB file and can never write it.

GX returns its connection to the pool and fetches from the result afterwards; a pool that ends the transaction then closes that result
("list index out of range" in every check). A read-only file has nothing to commit, so begin, commit and rollback do nothing here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.engine import URL, default
from sqlalchemy.pool import StaticPool

NAME = "duckdb.readonly"
_opened: list[duckdb.DuckDBPyConnection] = []


class ReadOnlyDuckDB(default.DefaultDialect):
    """The few answers SQLAlchemy needs: connect read-only, list schemas, tables and columns, leave transactions alone."""

    name = "duckdb"
    driver = "readonly"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_alter = False
    insert_returning = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """DuckDB's own DB-API module."""
        return duckdb

    @classmethod
    def get_pool_class(cls, url: URL) -> type[StaticPool]:
        """One connection for all: DuckDB shares a file inside a process anyway."""
        return StaticPool

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        """The file of the URL, always read-only."""
        return [url.database], {"read_only": True}

    def connect(self, *arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        """Open, and remember it: GX makes several engines and closes none of them, so the file would stay open (see close_all)."""
        opened = duckdb.connect(*arguments, **options)
        _opened.append(opened)
        return opened

    def initialize(self, connection: Any) -> None:
        """Ask which words are names in quotes only: a source may be called `returning` or `order`."""
        self.default_schema_name = "main"
        reserved = connection.scalars(sa.text("select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"))
        self.identifier_preparer.reserved_words = self.identifier_preparer.reserved_words | set(reserved)

    def do_begin(self, dbapi_connection: Any) -> None:
        """Nothing: see the module."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Nothing: see the module."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Nothing: see the module."""

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        """Schemas of the file."""
        return list(
            connection.scalars(sa.text("select distinct schema_name from duckdb_schemas() where database_name = current_database()"))
        )

    def get_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """Tables of one schema."""
        query = sa.text("select table_name from duckdb_tables() where database_name = current_database() and schema_name = :schema")
        return list(connection.scalars(query, {"schema": schema or "main"}))

    def get_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        """Views of one schema."""
        query = sa.text(
            "select view_name from duckdb_views() where not internal and database_name = current_database() and schema_name = :schema"
        )
        return list(connection.scalars(query, {"schema": schema or "main"}))

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Whether a table or view exists."""
        return table_name in {*self.get_table_names(connection, schema), *self.get_view_names(connection, schema)}

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> list[dict[str, Any]]:
        """Names and types of the columns of a table or view. Types that SQLAlchemy has no word for count as text."""
        query = sa.text(
            "select column_name, data_type, is_nullable from duckdb_columns() "
            "where database_name = current_database() and schema_name = :schema and table_name = :table order by column_index"
        )
        rows = connection.execute(query, {"schema": schema or "main", "table": table_name}).fetchall()
        return [{"name": name, "type": _type_of(kind), "nullable": bool(nullable), "default": None} for name, kind, nullable in rows]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> dict[str, Any]:
        """Published tables carry no constraints: keys are checked, not trusted."""
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> list[Any]:
        """None: see get_pk_constraint."""
        return []

    def get_indexes(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> list[Any]:
        """None: see get_pk_constraint."""
        return []


def _type_of(kind: str) -> sa.types.TypeEngine[Any]:
    base = kind.split("(", 1)[0].strip().upper()
    if base == "DECIMAL" and "(" in kind:
        precision, scale = kind.split("(", 1)[1].rstrip(")").split(",")
        return sa.Numeric(int(precision), int(scale))
    known: dict[str, sa.types.TypeEngine[Any]] = {
        "BIGINT": sa.BigInteger(),
        "INTEGER": sa.Integer(),
        "SMALLINT": sa.SmallInteger(),
        "HUGEINT": sa.Numeric(38, 0),
        "DOUBLE": sa.Double(),
        "FLOAT": sa.Float(),
        "BOOLEAN": sa.Boolean(),
        "DATE": sa.Date(),
        "TIME": sa.Time(),
        "TIMESTAMP": sa.DateTime(),
        "TIMESTAMP WITH TIME ZONE": sa.DateTime(timezone=True),
    }
    return known.get(base, sa.String())


def register() -> None:
    """Make `duckdb+readonly:///file` known to SQLAlchemy in this process."""
    registry.register(NAME, __name__, ReadOnlyDuckDB.__name__)


def url_of(path: Path) -> str:
    """The SQLAlchemy URL of a file, opened read-only."""
    return URL.create("duckdb+readonly", database=str(path.resolve())).render_as_string()


def close_all() -> None:
    """Close every connection of this process that was opened through the dialect."""
    while _opened:
        _opened.pop().close()
