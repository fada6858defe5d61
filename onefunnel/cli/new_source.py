"""`onefunnel new-source`."""

from __future__ import annotations

from typing import Annotated

import typer

from onefunnel.cli.common import JsonOption, print_json

EXAMPLES = {
    "new-source": (
        "Examples: [bold]onefunnel new-source acme --system acme_crm --from deals.csv --from ads.xlsx[/bold]; "
        "[bold]--from leads=deals.csv[/bold] when the guess is wrong. The whole path: docs/adding-a-source.md."
    )
}


def new_source(
    name: Annotated[str, typer.Argument(help="Name of the source, as in sources.yml.")],
    sample: Annotated[list[str], typer.Option("--from", metavar="[ENTITY=]FILE", help="A sample file; may be repeated.")],
    system: Annotated[str | None, typer.Option("--system", metavar="NAME", help="Name of the system. Default: the source's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Draft staging models for a system that onefunnel does not know, from samples of its files. Overwrites nothing."""
    from onefunnel.new_source import draft_source
    from onefunnel.project import project_root

    result = draft_source(name, system or name, sample, project_root())
    if as_json:
        print_json(result.to_dict())
        return
    for draft in result.drafts:
        print(f"{draft.file}: {draft.rows:,} rows{f', {draft.rejected:,} rejected' if draft.rejected else ''}; taken for {draft.entity}")
        for column, delivered in draft.matched.items():
            print(f"  {column:<20} <- {delivered}")
        unused = [column for column in draft.columns if column not in draft.matched.values()]
        print(f"  not used: {', '.join(unused) or 'nothing'}")
    print("\nwritten:\n" + "\n".join(f"  {path}" for path in result.written))
    print(f"\nfor sources.yml:\n\n{result.sources_block}")
    print(f"for SYSTEMS in onefunnel/entities.py:\n\n{result.registry_block}\n")
    print("next:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(result.next_steps, 1)))
