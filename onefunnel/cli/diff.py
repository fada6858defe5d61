"""`onefunnel diff`: what the change in a sandbox does to the published figures."""

from __future__ import annotations

from typing import Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, load_settings, print_json

EXAMPLES = {
    "diff": (
        "Examples: [bold]onefunnel diff ann[/bold]; [bold]onefunnel diff --json[/bold] for the only sandbox; "
        "[bold]onefunnel diff ann --page[/bold] writes its page for a look. Exit codes: 0 nothing changed, 1 failed, 4 figures changed."
    )
}
CHANGED = 4


def diff(
    name: Annotated[str | None, typer.Argument(help="The sandbox. Default: ONEFUNNEL_SANDBOX, else the only one.")] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="Figures to print; --json has all.")] = 20,
    page: Annotated[bool, typer.Option("--page", help="Write the page of the sandbox, too.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the marts of a sandbox with what they were when it was made: rows per mart, then each changed figure. Prints Markdown."""
    from onefunnel.diff import compare
    from onefunnel.diff_text import page_of, text_of
    from onefunnel.sandbox import find, settings_of

    settings = load_settings(home)
    sandbox = find(settings, name)
    own = settings_of(settings, sandbox)
    result = compare(own.paths.base, own.paths.warehouse)
    written = page_of(own) if page else None
    if as_json:
        print_json({"sandbox": sandbox.name, "as_of": sandbox.as_of, "page": str(written) if written else None, **result.to_dict()})
    else:
        print(text_of(result, sandbox, top))
        if written:
            print(f"\nthe page: {written}")
    if not result.is_equal:
        raise typer.Exit(CHANGED)
