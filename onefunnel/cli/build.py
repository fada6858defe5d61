"""`onefunnel build`."""

from __future__ import annotations

from typing import Annotated

import typer

from onefunnel.cli.common import (
    AsOfOption,
    Console,
    FullRefreshOption,
    HomeOption,
    JsonOption,
    SourcesOption,
    load_run,
    parse_as_of,
    print_json,
)

EXAMPLES = {
    "build": "Examples: [bold]onefunnel build[/bold]; [bold]onefunnel build --select mart_kpi_monthly+[/bold] builds a mart and its users."
}


def build(
    select: Annotated[str | None, typer.Option("--select", metavar="NODES", help="Only these nodes, in dbt's selection syntax.")] = None,
    sources: SourcesOption = None,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    full_refresh: FullRefreshOption = False,
    has_tests: Annotated[
        bool, typer.Option("--tests/--no-tests", help="Whether the data tests run too; without them a look at the tables comes sooner.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Build staging, facts and marts in the private warehouse. Without --as-of: for the day of the newest load."""
    from onefunnel.dbt import build as build_models
    from onefunnel.locking import run_lock

    settings, config = load_run(sources, home)
    day = parse_as_of(as_of, config.reporting.time_zone) if as_of else None
    console = Console(quiet=as_json)
    with console.progress("building") as progress, run_lock(settings, purpose="build"):
        result = build_models(config, settings, day, full_refresh=full_refresh, select=select, has_tests=has_tests, progress=progress.step)
    if as_json:
        print_json(result.summary())
        return
    counts = ", ".join(f"{count} {status}" for status, count in sorted(result.counts.items()))
    print(f"built as of {result.as_of} in {result.seconds:.1f} s: {counts}")
    for node in result.warnings:
        print(f"  warning: {node.name}: {node.message}")
