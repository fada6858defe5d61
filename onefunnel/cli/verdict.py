"""`onefunnel verdict`: marketing, sales, or the market?"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Comparison(StrEnum):
    previous_month = "previous_month"
    previous_year = "previous_year"


class Metric(StrEnum):
    new_clients = "new_clients"
    new_client_revenue = "new_client_revenue"
    revenue = "revenue"


class Basis(StrEnum):
    cohort = "cohort"
    period = "period"


class Language(StrEnum):
    en = "en"
    ru = "ru"


def verdict(
    month: Annotated[str | None, typer.Option(help="Month to explain, YYYY-MM; default: the latest whose leads have lived 30 days")] = None,
    versus: Annotated[Comparison, typer.Option(help="What the month is compared with")] = Comparison.previous_month,
    metric: Annotated[Metric, typer.Option(help="Figure to explain")] = Metric.new_clients,
    basis: Annotated[Basis, typer.Option(help="cohort: leads created in the month; period: what happened in it")] = Basis.cohort,
    lang: Annotated[Language, typer.Option(help="Language of the headline")] = Language.en,
    home: Annotated[Path | None, typer.Option(help="Folder with the publication; default: ONEFUNNEL_HOME or data")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts")] = False,
) -> None:
    """Say whose a change is: the headline, and the way from one month's figure to the other's. Reads the published file only."""
    from onefunnel.project import project_root
    from onefunnel.settings import load_settings
    from onefunnel.verdict import parse_month, read_verdict, read_words, render

    published = load_settings(home=home).paths.current
    found = read_verdict(published, parse_month(month) if month else None, versus.value, metric.value, basis.value)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return

    import sys

    from rich.console import Console

    # piped into a file or a mail, lines keep a fixed width instead of the terminal's
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    console.print(render(found, read_words(project_root(), lang.value), lang.value))
