"""`make demo`: one night of generated data in real Airflow, then what it found and where to look."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from onefunnel.airflow_home import airflow_environment
from onefunnel.errors import ConfigError, OnefunnelError
from onefunnel.settings import HomePaths, Settings, load_settings

SEED = 7
MONTHS = 26
AS_OF = date(2026, 3, 31)
# What goes wrong in the sample data, so that the verdict has something to find.
INCIDENT = "lost_at_contract"
# A home that carries this file was made by the demo and may be made anew by it.
MARKER = ".made-by-demo"
MADE_BY_A_RUN = ("landing", "warehouse.duckdb", "warehouse.duckdb.wal", "published", "quality", "state.sqlite", "target", "logs",
                 "airflow", "demo-source")  # fmt: skip
TASK_LINE = re.compile(r"\[DAG TEST\] (?P<what>starting|end task) task_id=(?P<task>\S+)")


def prepare_home(home: Path, keep: bool) -> None:
    """Empty a home that an earlier demo made. Raises ConfigError, and touches nothing, when it holds anybody else's data."""
    paths = HomePaths(home)
    marked = (home / MARKER).exists()
    strangers = sorted({folder.name for folder in paths.landing.glob("*/*/source=*")} - {"source=demo"})
    if strangers or (not marked and (paths.landing.exists() or paths.published.exists())):
        hint = "give the demo another: ONEFUNNEL_HOME=data/demo make demo"
        raise ConfigError("this home holds data that the demo did not make", where=f"{home} {' '.join(strangers)}".strip(), hint=hint)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).touch()
    if keep:
        return
    for name in MADE_BY_A_RUN:
        path = home / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def onefunnel(*arguments: object, quiet: bool = False) -> None:
    """Run a onefunnel command in a process of its own. Raises OnefunnelError when it fails; it has said why itself."""
    command = [sys.executable, "-m", "onefunnel.cli.main", *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL if quiet else None, check=False)
    if done.returncode:
        raise OnefunnelError(f"onefunnel {arguments[0]} ended with exit code {done.returncode}")


def run_airflow(command: list[str], env: dict[str, str], log: Path) -> None:
    """Run an Airflow command into `log`, printing each task as it ends. Raises OnefunnelError with the log's last lines on failure."""
    started = time.monotonic()
    with log.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace",
        )  # fmt: skip
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            if match := TASK_LINE.search(line):
                if match["what"] == "starting":
                    started = time.monotonic()
                else:
                    print(f"  {match['task']:<24} {time.monotonic() - started:6.1f} s", flush=True)
    if process.wait():
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise OnefunnelError(
            f"airflow {command[0]} {command[1]} failed:\n{tail}", where=str(log), hint="read the log; try onefunnel doctor"
        )


def print_results(settings: Settings) -> None:
    """The last month's KPIs, the verdict, and the paths of the publication and the page."""
    import duckdb
    from rich.console import Console
    from rich.table import Table

    month = AS_OF.replace(day=1)
    with duckdb.connect(str(settings.paths.current), read_only=True) as connection:
        (currency,) = connection.execute("select base_currency from marts.mart_publication").fetchone()
        rows = connection.execute(
            """
            select k.label_en, m.value, k.unit, m.mom_pct, k.basis
            from marts.mart_kpi_monthly m join facts.dim_kpi k on k.kpi_key = m.kpi
            where m.channel_key = 'all' and m.month = ? order by k.display_order
            """,
            [month],
        ).fetchall()
    table = Table(title=f"KPIs of {month:%B %Y}, all channels")
    for heading in ("KPI", "value", "unit", "to the month before"):
        table.add_column(heading, justify="right" if heading in ("value", "to the month before") else "left")
    for label, value, unit, change, basis in rows:
        # What was created in a month goes on moving as it matures: compared to an older month it would look bad for being young.
        against = "still maturing" if basis == "cohort" else "" if change is None else f"{change:+.1f} %"
        table.add_row(label, _number(value, unit), currency if unit == "base_currency" else unit, against)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    print("\nWhose change is it, marketing's, sales' or the market's?\n", flush=True)
    onefunnel("verdict", "--home", settings.paths.home)
    print(f"\nPublished for BI:  {settings.paths.current}\nThe page:          {settings.paths.report_dir / 'index.html'}")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if unit == "count" or abs(value) >= 100 else f"{value:,.2f}"


def run_demo(keep: bool) -> None:
    """The whole demo. Raises OnefunnelError when a step fails."""
    settings = load_settings()
    home = settings.paths.home
    prepare_home(home, keep)
    # A key for this run only: it is in the environment of the run and nowhere else.
    os.environ.setdefault("ONEFUNNEL_HASH_KEY", secrets.token_hex(32))
    print(f"1. Generating {MONTHS} months of sample data up to {AS_OF}, with the incident {INCIDENT} in them ...", flush=True)
    source = home / "demo-source"
    onefunnel("demo-data", "--out", source, "--seed", SEED, "--months", MONTHS, "--end", AS_OF, "--incident", INCIDENT, quiet=True)
    env = airflow_environment(home, source / "sources.yml")
    log = Path(env["AIRFLOW_HOME"]) / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print("2. Setting up Airflow's database ...", flush=True)
    run_airflow(["db", "migrate"], env, log)
    print(f"3. Running the night of {AS_OF} in Airflow (log: {log}) ...", flush=True)
    run_airflow(["dags", "test", "nightly_funnel", f"{AS_OF + timedelta(days=1)}T12:00:00+00:00"], env, log)
    print_results(settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="run on top of the last demo's home; needs the ONEFUNNEL_HASH_KEY of that run")
    try:
        run_demo(parser.parse_args().keep)
    except OnefunnelError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
