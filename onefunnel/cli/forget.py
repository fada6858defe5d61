"""`onefunnel forget`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from onefunnel.cli.common import Console, HomeOption, JsonOption, load_settings, print_json

EXAMPLES = {
    "forget": (
        "Examples: [bold]onefunnel forget --contact ann@example.com[/bold]; [bold]onefunnel forget --contact - < request.txt[/bold] "
        "keeps the value out of the shell's history."
    )
}


def forget(
    contact: Annotated[
        str, typer.Option("--contact", metavar="VALUE", help="E-mail address, phone number or contact id; - reads it from standard input.")
    ],
    home: HomeOption = None,
    wait: Annotated[float, typer.Option("--wait", metavar="SECONDS", help="Wait this long for a run that holds the home.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Erase a person from landing, warehouse and every kept version. Counts and money stay; the person's rows become anonymous."""
    import sys

    from onefunnel.locking import run_lock
    from onefunnel.publish.forget import forget as erase

    settings = load_settings(home)
    value = sys.stdin.readline() if contact == "-" else contact
    with Console(quiet=as_json).progress("erasing"), run_lock(settings, wait_seconds=wait, purpose="forget"):
        result = erase(settings, value)
    if as_json:
        print_json(asdict(result))
        return
    print(
        f"{result.rows:,} landed rows lost their identity, in {result.parts} files; {len(result.versions)} published versions written anew"
    )
    if result.rows == 0:
        print("nobody was found under this value; it is on the list all the same, so that no later extraction brings it in")
    if result.warehouse_removed:
        print("the warehouse was removed; the next night (or onefunnel build) makes it anew from landing")
    if result.sandboxes:
        print(f"sandboxes removed, as they were copies of it: {', '.join(result.sandboxes)}")
