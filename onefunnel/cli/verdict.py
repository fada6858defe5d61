"""`onefunnel verdict`: marketing, sales, or the market?"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, load_settings, print_json

EXAMPLES = {
    "verdict": "Examples: [bold]onefunnel verdict[/bold]; "
    "[bold]onefunnel verdict --month 2026-01 --versus previous_year --metric revenue[/bold]; "
    "[bold]onefunnel verdict --lang ru --json[/bold]."
}


class Comparison(StrEnum):
    previous_month = "previous_month"
    previous_year = "previous_year"
    previous_quarter = "previous_quarter"
    previous_year_quarter = "previous_year_quarter"


class Basis(StrEnum):
    cohort = "cohort"
    period = "period"


class Language(StrEnum):
    en = "en"
    ru = "ru"


def verdict(
    month: Annotated[str | None, typer.Option(help="Month to explain, YYYY-MM; default: the latest whose leads have lived 30 days")] = None,
    versus: Annotated[Comparison, typer.Option(help="What the month, or the three that end with it, is compared with")] = (
        Comparison.previous_month
    ),
    metric: Annotated[
        str | None,
        typer.Option(
            help="Figure to explain: new_clients, leads, the stage handed over to sales (sql), new_client_revenue or revenue; "
            "default: the count nearest to the client that can be compared"
        ),
    ] = None,
    basis: Annotated[Basis, typer.Option(help="cohort: leads created in the month; period: what happened in it")] = Basis.cohort,
    lang: Annotated[Language, typer.Option(help="Language of the headline")] = Language.en,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whose a change is: the headline, and the way from one month's figure to the other's. Reads the published file only."""
    from onefunnel.project import project_root
    from onefunnel.verdict import parse_month, read_verdict, read_words, render

    published = load_settings(home).paths.current
    found = read_verdict(published, parse_month(month) if month else None, versus.value, metric, basis.value)
    if as_json:
        print_json(found.to_dict())
        return

    import sys

    from rich.console import Console

    # piped into a file or a mail, lines keep a fixed width instead of the terminal's
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    console.print(render(found, read_words(published, project_root(), lang.value), lang.value))
