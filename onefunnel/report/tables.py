"""Every mart as CSV beside the page, safe to open in a spreadsheet."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import duckdb

from onefunnel.extract.normalise import quoted

# A text cell that begins like this would be run as a formula by a spreadsheet.
FORMULA_START = r"^[=+\-@\t\r\n]"


def _cell(name: str, kind: str) -> str:
    column = quoted(name)
    if kind != "VARCHAR":
        return column
    return f"case when regexp_matches({column}, '{FORMULA_START}') then '''' || {column} else {column} end as {column}"


def write_csv_tables(db: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """`<table>.csv` for each mart: UTF-8, comma, header; numbers untouched; text that begins like a formula gets an apostrophe.

    Each file is written aside and moved in, so a reader never sees half of one. Files of marts that no longer exist are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = db.execute(
        "select table_name, list(struct_pack(name := column_name, kind := data_type) order by column_index) from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'marts' group by table_name order by table_name"
    ).fetchall()
    aside = Path(tempfile.mkdtemp(prefix=".tmp-", dir=folder.parent))
    try:
        written = []
        for table, columns in tables:
            cells = ", ".join(_cell(column["name"], column["kind"]) for column in columns)
            target = str(aside / f"{table}.csv").replace("'", "''")
            db.execute(f"copy (select {cells} from marts.\"{table}\" order by all) to '{target}' (format csv, header)")
            (aside / f"{table}.csv").replace(folder / f"{table}.csv")
            written.append(folder / f"{table}.csv")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for stale in set(folder.glob("*.csv")) - set(written):
        stale.unlink(missing_ok=True)
    return written
