"""dbt on Spark, in a process of the environment that holds both; told what to do as dbt_process is, and how by a file of handover.py.

It imports nothing of onefunnel but dbt_process: the environment of Spark has none of the project's dependencies.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any

import dbt.adapters.spark.session as adapter
from pyspark.sql import SparkSession

from onefunnel.dbt_process import main as run_dbt


def main(arguments: list[str], told_in: Path) -> int:
    """Show Spark the landing, run dbt there and leave what it published as Parquet; codes as those of dbt_process."""
    adapter.Connection = _AsTheSessionIs
    told = json.loads((told_in / "told.json").read_text(encoding="utf-8"))
    folder = Path(told["folder"])
    spark = _session(told["settings"])
    try:
        _show_landing(spark, told["landing"])
        code = run_dbt(arguments)
        if code == 0:
            made = _published(spark, told["published"], folder / "published")
            (folder / "made.json").write_text(json.dumps(made), encoding="utf-8")
        return code
    finally:
        _stop(spark)


class _AsTheSessionIs(adapter.Connection):
    """dbt's connection without settings of its own: it would turn ANSI off, and with it names in double quotes and errors of casts."""

    def __init__(self, *, server_side_parameters: dict[Any, str] | None = None) -> None:
        super().__init__()


def _session(settings: dict[str, str]) -> SparkSession:
    """The one session of this process: dbt's adapter finds it and asks for no other."""
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.udf.register("small_composed_text", _small_composed, "string")
    return spark


def _stop(spark: SparkSession) -> None:
    """End the session and wait for its JVM: what comes next needs the memory, and a command is to be as long as what it started."""
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)


def _small_composed(text: str | None) -> str | None:
    """Small letters with their accents as one sign each: for the second Spark has nothing, and the first it makes by the letters around.

    A letter whose small form is several (İ) becomes the first of them, as in DuckDB.
    """
    return None if text is None else "".join(sign.lower()[0] for sign in unicodedata.normalize("NFC", text))


def _show_landing(spark: SparkSession, relations: list[dict[str, Any]]) -> None:
    """relations: name, columns (name and type), folder of Parquet files."""
    spark.sql("create database if not exists landing")
    for relation in relations:
        columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in relation["columns"])
        location = relation["folder"].replace("\\", "\\\\").replace("'", "\\'")
        spark.sql(f"create table landing.{_quoted(relation['name'])} ({columns}) using parquet location '{location}'")


def _published(spark: SparkSession, schemas: list[str], folder: Path) -> dict[str, str]:
    """Each relation of these schemas, and the folder of its files: a table's own, or those written here of a view."""
    made = {}
    for schema in filter(spark.catalog.databaseExists, schemas):
        for table in spark.catalog.listTables(schema):
            name = f"{schema}.{table.name}"
            if table.isTemporary:
                continue
            if table.tableType == "VIEW":
                made[name] = str(folder / name)
                spark.table(name).write.mode("overwrite").parquet(made[name])
            else:
                location = spark.sql(f"describe table extended {schema}.{_quoted(table.name)}").where("col_name = 'Location'").first()
                made[name] = location["data_type"].removeprefix("file:")
    return made


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


if __name__ == "__main__":
    line = sys.stdin.readline()
    sys.exit(main(json.loads(line), Path(os.environ["ONEFUNNEL_HOME"]) / "spark") if line else 0)
