"""`onefunnel run`."""

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
    "run": (
        "Examples: [bold]onefunnel run[/bold] for yesterday; [bold]onefunnel demo-data --out examples/demo/data[/bold], then "
        "[bold]onefunnel run --sources examples/demo/sources.yml --home data/example --as-of 2026-03-31[/bold]. "
        "Exit codes: 0 published, 1 failed, 2 wrong configuration, 3 built but blocked by a gate; BI keeps the last good version."
    )
}


def run(
    sources: SourcesOption = None,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    full_refresh: FullRefreshOption = False,
    force: Annotated[bool, typer.Option("--force", help="Publish even a day older than the one BI reads.")] = False,
    as_json: JsonOption = False,
) -> None:
    """A whole night without a scheduler: extract, prove, build, prove, publish, report, alert."""
    from onefunnel.nightly import run_night

    settings, config = load_run(sources, home)
    day = parse_as_of(as_of, config.reporting.time_zone)
    console = Console(quiet=as_json)
    with console.progress(f"the night of {day}") as progress:
        result = run_night(
            settings,
            config,
            day,
            full_refresh=full_refresh,
            force=force,
            progress=lambda step, message: progress.step(f"{step}: {message}"),
        )
    if as_json:
        print_json(result.to_dict())
        return
    print(f"published {result.version}, as of {result.as_of}, quality {result.quality_status}, in {sum(result.seconds.values()):.0f} s")
    for name in result.stale:
        print(f"  warning: source {name} could not be read and stands on its last good load")
    for warning in [*(warning for load in result.loads for warning in load["warnings"]), *result.warnings]:
        print(f"  warning: {warning}")
    print(f"for BI:   {result.published_path}")
    print(f"the page: {result.report_path}")
