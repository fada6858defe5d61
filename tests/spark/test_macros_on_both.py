"""Every dispatched macro comes to the same on DuckDB and on Spark: one table of inputs and results, macros.yml."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
import yaml
from nights import ROOT

from onefunnel.dbt import PROGRAM, child_environment
from onefunnel.settings import Settings
from onefunnel.spark.environment import PROGRAM as ON_SPARK
from onefunnel.spark.handover import session_settings

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(900)]
CASES = {
    name: case for line in yaml.safe_load((ROOT / "tests/spark/macros.yml").read_text(encoding="utf-8")) for name, case in line.items()
}
# Cells as people and programs write them. What they mean is shown by tests/pipeline/test_cases_values.py; here, that both engines agree.
MOMENTS = (
    "2026-03-05", "2026-03-05 07:08:09", "2026-03-05T07:08", "2026-03-05T07:08:09.25Z", "2026-03-05 07:08:09+03", "2026-02-30",
    "05.03.2026", "5/3/2026 7:08", "05.03.26",
    "13/01/2026 11:05 PM", "March 5, 2026", "5 марта 2026 г.", "Thu, 5 Mar 2026 10:00:00 +0300", "2026 mar 5",
    "20260305", "20260305T0708", "1772694489", "1772694489000", "1772694489.5", "31.12.2025 в 23:59", "2026-03-05 7:08 am +03:00",
    "05-03-2026 07:08:09,5", "n/a", "", "soon", "2026-03-05 24:00:00", "29.02.2025", "2026-03-05 07:08:60", "0001-01-01", "9999-12-31",
)  # fmt: skip
AMOUNTS = (
    "1234.5", "1,234.50", "1.234,50", "€ 1 234.50", "1 234,50 ₽", "(12.50)", "12.50-", "-12.5", "−12.5", "$1'234.5", "1e3", "1,2,3", "soon",
    "-", "", "+7", ".5", "5.", "0,500", "12,34,567.8", "USD 10", "10 usd.", "1_000", "5 %",
    "99999999999999999999.5", "0.00005", "0.00004999",
)  # fmt: skip
WORDS = ("Яндекс\u00a0 Директ", " Cafe\u0301 ", "TOTAL", "İstanbul", "n/a", "(not set)", "Ads\u200b", "ÄÖÜ ß", "", "ИТОГО", "a  b")
# What has no result of its own: statements of hooks, and a word of DuckDB's. Whole builds show them.
SHOWN_BY_BUILDS = {"delete_rows", "insert_rows", "update_rows", "write_marks", "empty_replaced_rows", "not_materialized", "groups"}


def asked() -> str:
    shown = ", ".join(f"cast({case['sql']} as string) as case_{number}" for number, case in enumerate(CASES.values()))
    return f"select {shown}, {', '.join(f'{sql} as {name}' for name, sql in READ.items())}"


def read_all(cells: tuple[str, ...], reading: str, read: str) -> str:
    """An expression: what each cell is read as, one after the other."""
    quoted = (cell.replace("'", "''") for cell in cells)
    rows = " union all ".join(f"select {number} as n, '{cell}' as cell" for number, cell in enumerate(quoted, 100))
    settings = "cast(null as string) as _typed, 'a' as source_name, 'dmy' as date_order, '.' as decimal_separator"
    told = f"cast(n as string) || '=' || coalesce(cast({read} as string), '(null)')"
    return (
        f"(select {{{{ dbt.listagg(\"{told}\", \"'; '\", 'order by n') }}}} "
        f"from (select n, {reading} from (select *, {settings} from ({rows}) as written) as cells) as read_cells)"
    )


READ = {
    "moments": read_all(MOMENTS, "{{ to_iso('cell') }}", "cell__iso"),
    "amounts": read_all(AMOUNTS, "{{ to_number('cell') }} as amount", "amount"),
    "counts": read_all(AMOUNTS, "{{ to_count('cell') }} as amount", "amount"),
    "words": read_all(WORDS, "{{ category('cell') }} as word", "word"),
    "texts": read_all(WORDS, "{{ to_text('cell') }} as word", "word"),
    "signs": read_all(AMOUNTS, "{{ currency_disagrees('cell', \"'EUR'\") }} as is_other", "is_other"),
}


def shown(program: tuple[str, ...], environment: dict[str, str]) -> dict[str, str | None]:
    arguments = ["show", "--inline", asked(), "--output", "json", "--limit", "1"]
    done = subprocess.run(
        program, input=json.dumps(arguments) + "\n", cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    rows = [event["msg"] for event in said if event["name"] == "ShowNode"]
    assert rows, done.stdout[-3000:] + done.stderr[-2000:]
    (row,) = json.loads(rows[0])["show"]
    return dict(zip([*CASES, *READ], row.values(), strict=True))


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    settings = Settings(home=tmp_path_factory.mktemp("duckdb"))
    settings.paths.logs.mkdir()
    with duckdb.connect(str(settings.paths.warehouse)) as db:
        db.execute("create schema landing; create table landing.keys as from range(1, 3) as keys(id)")
    return shown(PROGRAM, child_environment(settings))


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory: pytest.TempPathFactory, spark_python: Path) -> dict[str, str | None]:
    settings = Settings(home=tmp_path_factory.mktemp("spark"), engine="spark", spark_python=spark_python)
    settings.paths.logs.mkdir()
    keys = settings.paths.spark / "keys"
    keys.mkdir(parents=True)
    duckdb.sql("from range(1, 3) as keys(id)").write_parquet(str(keys / "rows.parquet"))
    told = {
        "folder": str(keys.parent),
        "settings": session_settings(settings, settings.paths.spark, 0),
        "landing": [{"name": "keys", "columns": [("id", "bigint")], "folder": str(keys)}],
    }
    (settings.paths.spark / "told.json").write_text(json.dumps(told))
    return shown((str(spark_python), *ON_SPARK), child_environment(settings))


@pytest.mark.parametrize("name", CASES)
def test_comes_to_the_same(name: str, on_duckdb: dict[str, str | None], on_spark: dict[str, str | None]) -> None:
    assert {"duckdb": on_duckdb[name], "spark": on_spark[name]} == {"duckdb": CASES[name]["gives"], "spark": CASES[name]["gives"]}


@pytest.mark.parametrize("name", READ)
def test_cells_are_read_alike(name: str, on_duckdb: dict[str, str | None], on_spark: dict[str, str | None]) -> None:
    assert str(on_spark[name]).split("; ") == str(on_duckdb[name]).split("; ")


def test_every_dispatched_macro_is_in_the_table() -> None:
    text = "".join(
        (ROOT / "dbt_project/macros" / name).read_text(encoding="utf-8")
        for name in ("engine.sql", "patterns.sql", "changes.sql", "increment.sql")
    )
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", text))
    shown_here = {name for name in dispatched if any(f"{name}(" in case["sql"] for case in CASES.values())}
    assert dispatched - shown_here - SHOWN_BY_BUILDS == set()
