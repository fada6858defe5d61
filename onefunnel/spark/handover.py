"""What goes to Spark and what comes back: landing as Parquet files, the settings of the session, published tables into the warehouse."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb

from onefunnel.errors import OnefunnelError
from onefunnel.extract.normalise import literal, quoted
from onefunnel.publish.candidate import VIEWS

if TYPE_CHECKING:
    from onefunnel.settings import Settings

# DuckDB's types of landing, as Spark calls them; a time of day is handed over as that time of 1970-01-01.
TYPES = {"VARCHAR": "string", "BIGINT": "bigint", "INTEGER": "int", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double"}
MADE_OF_TIME = ("TIMESTAMP", "TIME")
# Schemas of which tables are taken back.
PUBLISHED = ("facts", "marts")
# What only an earlier build of DuckDB left: nobody may take it for that of this build.
NOT_TAKEN_BACK = ("staging", "intermediate", "seeds")
# Parts of about so many bytes of Parquet are sorted and joined at once.
PART_BYTES = 16_000_000
UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def hand_over(settings: Settings, parts: dict[str, list[Path]]) -> None:
    """Write what onefunnel/spark/process.py needs into a new folder of the home: told.json and the files of landing.

    parts: the landed files that each relation of landing shows.
    """
    shutil.rmtree(settings.paths.spark, ignore_errors=True)
    # of its own for each build: the JVM of one that was killed may still be ending, and write where it wrote
    folder = settings.paths.spark / uuid4().hex
    landing = folder / "landing"
    landing.mkdir(parents=True)
    with duckdb.connect(str(settings.paths.warehouse), read_only=True) as db:
        relations = [_hand_over(db, name, parts.get(name, []), landing / name) for name in _relations(db)]
    size = sum(path.stat().st_size for path in landing.rglob("*.parquet"))
    told = {"folder": str(folder), "settings": session_settings(settings, folder, size), "landing": relations, "published": PUBLISHED}
    (settings.paths.spark / "told.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def session_settings(settings: Settings, folder: Path, landed_bytes: int) -> dict[str, str]:
    """Spark's settings: this machine's share, the dialect that models are written in, folders inside the home. docs/scale.md says why."""
    parts = max(settings.threads, min(2000, landed_bytes // PART_BYTES))
    return {
        "spark.master": f"local[{settings.threads}]",
        "spark.app.name": "onefunnel",
        "spark.driver.memory": f"{memory_mib(settings.memory_limit)}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # long expressions are read by recursion
        "spark.driver.extraJavaOptions": f"-Xss32m -Djava.io.tmpdir={folder} -Duser.timezone=UTC",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder / "spill"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": str(parts),
        "spark.sql.ansi.enabled": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.legacy.timeParserPolicy": "CORRECTED",
        # a chain of merged leads ends by itself
        "spark.sql.cteRecursionLevelLimit": "-1",
        "spark.sql.cteRecursionRowLimit": "-1",
    }


def memory_mib(limit: str) -> int:
    """ONEFUNNEL_MEMORY_LIMIT in whole MiB; a session has at least one GiB, with less Spark does not start."""
    number, unit = re.fullmatch(r"([\d.]+)\s?(\w+)", limit).groups()
    return max(1024, int(float(number) * UNITS[unit] / 2**20))


def take_back(settings: Settings) -> None:
    """Load what Spark published into the warehouse in one transaction, in place of what was there.

    Moments come back in UTC, as they went. Raises OnefunnelError when Spark left nothing.
    """
    folder = Path(json.loads((settings.paths.spark / "told.json").read_text(encoding="utf-8"))["folder"])
    made: dict[str, str] = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    if not any(name.startswith("marts.") for name in made):
        raise OnefunnelError("Spark ended without a mart", where=str(folder), hint="run again; if it stays so, build on DuckDB")
    with duckdb.connect(str(settings.paths.warehouse), config={"threads": settings.threads}) as db:
        db.execute("set TimeZone = 'UTC'")
        db.execute("begin")
        for schema in (*NOT_TAKEN_BACK, *PUBLISHED):
            db.execute(f"drop schema if exists {schema} cascade")
        for schema in PUBLISHED:
            db.execute(f"create schema {schema}")
        for name in sorted(made, key=lambda name: name in VIEWS):
            schema, table = name.split(".", 1)
            if name in VIEWS:
                db.execute(f"create view {schema}.{quoted(table)} as {_compiled(settings, schema, table)}")
            else:
                _load(db, f"{schema}.{quoted(table)}", literal(f"{made[name]}/*.parquet"))
        db.execute("commit")
    shutil.rmtree(settings.paths.spark, ignore_errors=True)


def _load(db: duckdb.DuckDBPyConnection, relation: str, files: str) -> None:
    chosen = ", ".join(
        f"cast({quoted(name)} as timestamp) as {quoted(name)}" if kind == "TIMESTAMP WITH TIME ZONE" else quoted(name)
        for name, kind, *_ in db.execute(f"describe from read_parquet({files})").fetchall()
    )
    db.execute(f"create table {relation} as select {chosen} from read_parquet({files})")


def _compiled(settings: Settings, schema: str, model: str) -> str:
    """The SQL of a view that stays one in what is published: both engines read it."""
    (path,) = (settings.paths.target / "compiled").glob(f"*/models/{schema}/{model}.sql")
    return path.read_text(encoding="utf-8")


def _relations(db: duckdb.DuckDBPyConnection) -> list[str]:
    """All of landing but the views of what is new: a full build reads none of them."""
    found = (
        "select table_name from information_schema.tables where table_catalog = current_database() and table_schema = 'landing' order by 1"
    )
    return [name for (name,) in db.execute(found).fetchall() if not (name.startswith("new_") and "__" in name)]


def _hand_over(db: duckdb.DuckDBPyConnection, name: str, parts: list[Path], folder: Path) -> dict[str, Any]:
    """A relation of landing as a folder of Parquet files: links to the landed files where it shows them as they are, else a copy."""
    folder.mkdir()
    relation = f"landing.{quoted(name)}"
    shape = [(column, kind) for column, kind, *_ in db.execute(f"describe {relation}").fetchall()]
    columns = [(column, "timestamp" if kind in MADE_OF_TIME else TYPES.get(kind, kind.lower())) for column, kind in shape]
    if parts and _shown_as_they_are(db, parts):
        for number, part in enumerate(parts):
            (folder / f"{number:06}.parquet").symlink_to(part)
    else:
        chosen = ", ".join(_in_utc(column, kind) if kind in MADE_OF_TIME else quoted(column) for column, kind in shape)
        db.execute(f"copy (select {chosen} from {relation}) to {literal(str(folder / 'rows.parquet'))} (format parquet)")
    return {"name": name, "columns": columns, "folder": str(folder)}


def _shown_as_they_are(db: duckdb.DuckDBPyConnection, parts: list[Path]) -> bool:
    """Whether Spark finds in these files, by the name of a column and nothing else, what the view of DuckDB shows of them."""
    files = ", ".join(literal(str(part)) for part in parts)
    found = db.execute(
        f"select distinct name, type from parquet_schema([{files}]) where num_children is null or num_children = 0"
    ).fetchall()
    kinds = all(kind == ("INT64" if name == "_row" else "BYTE_ARRAY") for name, kind in found)
    return kinds and len({name.strip().lower() for name, _ in found}) == len(found) and all(name == name.strip() for name, _ in found)


def _in_utc(column: str, kind: str) -> str:
    moment = f"(date '1970-01-01' + {quoted(column)})" if kind == "TIME" else quoted(column)
    return f"timezone('UTC', {moment}) as {quoted(column)}"
