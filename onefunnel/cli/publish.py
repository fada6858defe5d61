"""`onefunnel publish`, `onefunnel rollback` and `onefunnel status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onefunnel.cli.common import Console, HomeOption, JsonOption, SourcesOption, load_run, load_settings, print_json

if TYPE_CHECKING:
    from onefunnel.publish.status import Status

EXAMPLES = {
    "publish": (
        "Example: [bold]onefunnel publish[/bold] proves what is built and switches BI to it. "
        "Exit codes: 0 published, 1 failed, 3 blocked by the gate; BI keeps the last good version."
    ),
    "rollback": (
        "Examples: [bold]onefunnel rollback[/bold] to the version before; [bold]onefunnel rollback VERSION[/bold], one of those that "
        "onefunnel status lists."
    ),
    "status": (
        "Examples: [bold]onefunnel status[/bold]; [bold]onefunnel status --json[/bold]. Exit codes: 0 all is well, 1 something is not."
    ),
}
WaitOption = Annotated[float, typer.Option("--wait", metavar="SECONDS", help="Wait this long for a run that holds the home.")]


def publish(
    sources: SourcesOption = None,
    home: HomeOption = None,
    force: Annotated[bool, typer.Option("--force", help="Publish even a day older than the one BI reads.")] = False,
    wait: WaitOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Copy what is built into a candidate, prove that very file, and switch BI to it in one step."""
    from datetime import UTC, datetime

    from onefunnel.locking import run_lock
    from onefunnel.publish.candidate import make_candidate
    from onefunnel.publish.publication import publish as switch
    from onefunnel.publish.warehouse import built_day
    from onefunnel.quality import check_candidate, prewarm

    settings, config = load_run(sources, home)
    run_id = f"publish-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    console = Console(quiet=as_json)
    with console.progress("publishing") as progress, run_lock(settings, wait_seconds=wait, purpose="publish"):
        prewarm(config)
        progress.step("copying facts and marts")
        candidate = make_candidate(settings, config, built_day(settings, required=True), run_id)
        progress.step("proving the candidate")
        gate = check_candidate(candidate.path, config, settings, run_id)
        result = switch(candidate, gate, settings, force=force)
    if as_json:
        print_json(result.to_dict())
        return
    print(f"published {result.version}, as of {result.as_of}, quality {result.quality_status}")
    print(f"for BI:   {settings.paths.current}")


def rollback(
    version: Annotated[str | None, typer.Argument(help="The version to go back to. Default: the one before.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Switch BI back to an earlier version, by the same atomic step."""
    from onefunnel.publish.publication import rollback as switch_back
    from onefunnel.report import write_report

    settings = load_settings(home)
    result = switch_back(settings, version)
    write_report(settings.paths.current, settings.paths.report_dir)
    if as_json:
        print_json(result.to_dict())
        return
    print(f"BI shows {result.version} (as of {result.as_of}) instead of {result.previous}")


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What BI reads now and why: version, data, quality, what is left out, how the last run ended, what is not as it should be."""
    from onefunnel.publish.status import status as read_status

    state = read_status(load_settings(home))
    if as_json:
        print_json(state.to_dict())
    else:
        _print(state)
    if state.problems:
        raise typer.Exit(1)


def _print(state: Status) -> None:
    print(state.sentence)
    if state.version:
        print(f"as of:      {state.as_of}, published {state.published_at[:19]} UTC, quality {state.quality}")
        for source, through in state.data_through.items():
            late = " (late)" if source in state.stale_sources else ""
            print(f"source:     {source} through {through or 'nothing yet'}{late}")
        rows = sum(entry["rows"] for entry in state.excluded)
        money = sum(float(entry["money_base"]) for entry in state.excluded)
        unvalued = ", ".join(said for entry in state.excluded if (said := entry.get("unvalued")))
        besides = f", and {unvalued} that no rate values" if unvalued else ""
        print(f"left out:   {rows:,} rows, {money:,.2f} in base currency{besides} (onefunnel status --json says why)")
        superseded = [entry for entry in state.replaced if entry["rule"] == "superseded"]
        for what, entries in (("superseded", superseded), ("on purpose", [entry for entry in state.replaced if entry not in superseded])):
            if entries:
                rows = sum(entry["rows"] for entry in entries)
                money = sum(float(entry["money_base"]) for entry in entries)
                print(f"{what}: {rows:,} rows, {money:,.2f} in base currency")
        for entry in state.matched:
            what = f"{entry['source']}.{entry['entity']} {entry['rule'].replace('_', ' ')}"
            print(f"by address: {what}: {entry['rows']:,} rows, {entry['money_base']} in base currency")
    if state.rolled_back_from:
        print(f"rolled back from {state.rolled_back_from}")
    if state.last_run:
        run = state.last_run
        print(f"last run:   {run['status']}, as of {run['as_of']}, started {run['started_at'][:19]} UTC. {run['message']}".rstrip())
    if state.running:
        print(f"running:    process {state.running.get('pid')} ({state.running.get('purpose')}) since {state.running.get('since')}")
    print(f"alerts:     {state.open_alerts} open")
    print(f"versions:   {', '.join(state.versions) or 'none'}")
    for warning in state.warnings:
        print(f"  warning: {warning}")
    for problem in state.problems:
        print(f"  problem: {problem}")
