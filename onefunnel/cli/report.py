"""`onefunnel report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, load_settings, print_json

EXAMPLES = {
    "report": "Examples: [bold]onefunnel report --open[/bold]; "
    "[bold]onefunnel report --version 20260331-20260401t010203-0a1b2c3d --out /tmp/then[/bold] shows an earlier version."
}


def report(
    home: HomeOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for index.html and csv/. Default: published/report in the home.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="A kept version instead of the current one; needs --out.")
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the page of the published version: one HTML file that needs no network, and every mart as CSV beside it."""
    from onefunnel.errors import ConfigError
    from onefunnel.report import write_report

    paths = load_settings(home).paths
    if version and out is None:
        raise ConfigError(
            "an earlier version does not replace the page of the current one", where="--version", hint="name a folder: --out DIR"
        )
    source = paths.versions / f"{version}.duckdb" if version else paths.current
    page = write_report(source, out or paths.report_dir)
    if as_json:
        tables = sorted(path.name for path in (page.parent / "csv").glob("*.csv"))
        print_json({"page": str(page), "bytes": page.stat().st_size, "published": str(source.resolve()), "csv": tables})
    else:
        print(f"page: {page} ({page.stat().st_size / 1e6:.1f} MB), tables: {page.parent / 'csv'}")
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
