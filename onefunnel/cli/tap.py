"""`onefunnel tap add|list|remove`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, load_settings, print_json

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")


@app.command(epilog='Example: [bold]onefunnel tap add "tap-pipedrive==1.2.0"[/bold]')
def add(
    requirement: Annotated[str, typer.Argument(help="The package, as pip takes it; pin its version.")],
    command: Annotated[str | None, typer.Option("--command", help="Its executable, where the package brings several.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Install a Singer tap into an environment of its own in the home."""
    from onefunnel.taps import add_tap

    tap = add_tap(load_settings(home), requirement, command)
    if as_json:
        print_json(asdict(tap))
        return
    print(f"installed {tap.name} {tap.version}. In sources.yml: connector: singer, tap: {tap.name}")


@app.command("list")
def list_installed(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The taps of the home."""
    from onefunnel.taps import list_taps

    taps = list_taps(load_settings(home))
    if as_json:
        print_json([asdict(tap) for tap in taps])
        return
    for tap in taps:
        print(f"{tap.name}  {tap.version}  ({tap.requirement})")
    if not taps:
        print("none; onefunnel tap add installs one")


@app.command(epilog="Example: [bold]onefunnel tap remove tap-pipedrive[/bold]")
def remove(name: Annotated[str, typer.Argument(help="Its name in the list.")], home: HomeOption = None) -> None:
    """Remove a tap; what it landed stays."""
    from onefunnel.taps import remove_tap

    remove_tap(load_settings(home), name)
    print(f"removed {name}")
