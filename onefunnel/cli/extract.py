"""`onefunnel extract`."""

from __future__ import annotations

from typing import Annotated

import typer

from onefunnel.cli.common import AsOfOption, Console, HomeOption, JsonOption, SourcesOption, load_run, parse_as_of, print_json

EXAMPLES = {"extract": "Examples: [bold]onefunnel extract[/bold]; [bold]onefunnel extract --source crm --as-of 2024-06-22[/bold]."}


def extract(
    source: Annotated[list[str] | None, typer.Option("--source", metavar="NAME", help="Only this source; may be repeated.")] = None,
    sources: SourcesOption = None,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Land what the sources deliver, one immutable load per source, entity and day. Repeating it lands nothing twice."""
    from onefunnel.extract import extract_source
    from onefunnel.interval import Interval

    settings, config = load_run(sources, home)
    zone = config.reporting.time_zone
    interval = Interval.for_as_of(parse_as_of(as_of, zone), zone)
    chosen = [config.source(name) for name in source] if source else config.enabled_sources
    console, manifests = Console(quiet=as_json), []
    with console.progress("extracting") as progress:
        for each in chosen:
            manifests += extract_source(config, each, interval, settings, progress.step)
    if as_json:
        print_json([manifest.summary() for manifest in manifests])
        return
    for manifest in manifests:
        state = "nothing new" if manifest.unchanged else f"{manifest.rows:,} rows landed"
        rejected = f", {manifest.rejected_rows:,} rejected" if manifest.rejected_rows else ""
        print(f"{manifest.source}.{manifest.entity}: {state}{rejected}; {manifest.rows_current:,} count now")
        for warning in manifest.warnings:
            print(f"  warning: {warning}")
