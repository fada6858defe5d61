"""`onefunnel validate`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from onefunnel.cli.common import AsOfOption, Console, HomeOption, JsonOption, SourcesOption, load_run, parse_as_of, print_json

if TYPE_CHECKING:
    from onefunnel.quality.result import GateResult

EXAMPLES = {
    "validate": (
        "Examples: [bold]onefunnel validate[/bold]; [bold]onefunnel validate --gate landing --as-of 2026-03-31[/bold]. "
        "Exit codes: 0 fit to publish, 3 not."
    )
}


class Gate(StrEnum):
    landing = "landing"
    marts = "marts"
    both = "both"


def validate(
    gate: Annotated[Gate, typer.Option("--gate", help="Prove what landed, what is built, or both.")] = Gate.both,
    sources: SourcesOption = None,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove what is landed or built, without publishing. The page of each gate says what was counted."""
    from datetime import UTC, datetime

    from onefunnel.locking import run_lock
    from onefunnel.publish.candidate import make_candidate
    from onefunnel.publish.warehouse import built_day
    from onefunnel.quality import check_candidate, check_landing, prewarm, run_folder

    settings, config = load_run(sources, home)
    run_id = f"validate-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    console, results = Console(quiet=as_json), []
    with console.progress("proving") as progress, run_lock(settings, purpose="validate"):
        prewarm(config)
        if gate is not Gate.marts:
            progress.step("landing")
            day = (
                parse_as_of(as_of, config.reporting.time_zone)
                if as_of
                else built_day(settings) or parse_as_of(None, config.reporting.time_zone)
            )
            results.append(check_landing(config, settings, day, run_id))
        if gate is not Gate.landing:
            progress.step("marts")
            candidate = make_candidate(settings, config, built_day(settings, required=True), run_id)
            try:
                results.append(check_candidate(candidate.path, config, settings, run_id))
            finally:
                candidate.path.unlink(missing_ok=True)
    if as_json:
        print_json([result.to_dict() for result in results])
    else:
        for result in results:
            _print(result)
        print(f"pages: {run_folder(settings, run_id) / 'pages'}")
    if not all(result.passed for result in results):
        raise typer.Exit(3)


def _print(result: GateResult) -> None:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result.summary().items()))
    print(f"{result.gate}: {result.status} ({counts}) in {result.seconds:.1f} s")
    for check in (*result.failures, *result.warnings):
        print(f"  {check.sentence}; see {check.runbook}")
