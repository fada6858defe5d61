"""`onefunnel new-source`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from onefunnel.cli.common import Console, JsonOption, print_json

if TYPE_CHECKING:
    from onefunnel.new_source import NewSource

EXAMPLES = {
    "new-source": (
        "Examples: [bold]onefunnel new-source acme --system acme_crm --from deals.csv --from ads.xlsx[/bold]; "
        "[bold]--from leads=deals.csv[/bold] when the guess is wrong; [bold]--check[/bold] repeats the dry run after the draft was edited. "
        "The whole path: docs/adding-a-source.md."
    )
}


def new_source(
    name: Annotated[str, typer.Argument(help="Name of the source, as in sources.yml.")],
    sample: Annotated[list[str], typer.Option("--from", metavar="[ENTITY=]FILE", help="A sample file; may be repeated.")],
    system: Annotated[str | None, typer.Option("--system", metavar="NAME", help="Name of the system. Default: the source's.")] = None,
    date_order: Annotated[Literal["ymd", "dmy", "mdy"] | None, typer.Option("--date-order", help="How dates are written.")] = None,
    decimal_separator: Annotated[Literal[".", ","] | None, typer.Option("--decimal-separator", help="How numbers are written.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing: repeat the dry run on the draft that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Draft staging models for a system that onefunnel does not know, from samples of its files, and try them. Overwrites nothing."""
    from onefunnel.drafts.dry_run import dry_run, said

    result = _drafted(name, system or name, sample, {"date_order": date_order, "decimal_separator": decimal_separator}, check, as_json)
    if not as_json:
        _print_draft(result)
        print("\ndry run, by the rules of a night:", flush=True)
    with Console(quiet=as_json or not sys.stderr.isatty()).progress("dry run") as progress:
        tried = dry_run(result, progress.step)
    if as_json:
        print_json(result.to_dict() | {"dry_run": tried.to_dict()})
        return
    print("\n".join(f"  {line}" for line in said(tried)))
    print("\nnext:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(result.next_steps, 1)))


def _drafted(name: str, system: str, samples: list[str], answers: dict[str, str | None], check: bool, as_json: bool) -> NewSource:
    """The draft; on a terminal what nothing decides is asked, elsewhere it is an error that names the option."""
    from onefunnel.drafts.guess import Undecided
    from onefunnel.new_source import draft_source
    from onefunnel.project import project_root

    while True:
        try:
            return draft_source(name, system, samples, project_root(), **answers, is_new=not check)
        except Undecided as question:
            if as_json or not sys.stdin.isatty():
                raise
            print(f"{question.where}: {question.message}")
            answer = ""
            while answer not in question.choices:
                answer = typer.prompt(f"{question.option}, one of {' '.join(question.choices)}").strip()
            answers = answers | {question.option.replace("-", "_"): answer}


def _print_draft(result: NewSource) -> None:
    from onefunnel.drafts.draft import made_up
    from onefunnel.entities import template

    for draft in result.drafts:
        rejected = f", {draft.rejected:,} rejected" if draft.rejected else ""
        print(f"{draft.file}: {draft.rows:,} rows{rejected}; taken for {draft.entity}: {draft.why}")
        for column, delivered in draft.matched.items():
            order = draft.date_orders.get(delivered)
            print(f"  {column:<20} <- {delivered}{f', written {order}' if order else ''}")
        for column, (_, what) in made_up(draft).items():
            print(f"  {column:<20} <- {what}")
        if "currency" in template()[draft.entity].columns and "currency" not in draft.matched:
            print(f"  {'currency':<20} <- what sources.yml says{f', {draft.currency}' if draft.currency else ', else the base currency'}")
        unused = [column for column in draft.columns if column not in draft.matched.values()]
        print(f"  not used: {', '.join(unused) or 'nothing'}")
        print(f"  hashed: {', '.join(draft.personal) or 'nothing; names of people are not noticed'}")
        for note in draft.notes:
            print(f"  note: {note}")
    if result.written:
        print("\nwritten:\n" + "\n".join(f"  {path}" for path in result.written))
    print(f"\nfor sources.yml:\n\n{result.sources_block}", end="")
