"""`onefunnel connect`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from onefunnel.cli.common import JsonOption, SourcesOption, load_settings, print_json
from onefunnel.errors import ConfigError, OnefunnelError

if TYPE_CHECKING:
    from onefunnel.vocabulary import Word

EXAMPLES = {
    "connect": (
        "Examples: [bold]onefunnel connect hubspot[/bold]; "
        "[bold]onefunnel connect google_ads --account 1234567890 --setting manager=9876543210[/bold]. "
        "What to ask the vendor for: docs/systems/."
    )
}
Pairs = list[str] | None


def connect(
    system: Annotated[str, typer.Argument(help="hubspot, amocrm, bitrix24, stripe, google_ads, meta_ads or yandex_direct.")],
    name: Annotated[str | None, typer.Option("--name", help="Name of the source. Default: the system's.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="The account, where the system needs one.")] = None,
    setting: Annotated[
        Pairs, typer.Option("--setting", metavar="NAME=VALUE", help="What the system takes besides; may be repeated.")
    ] = None,
    secret: Annotated[Pairs, typer.Option("--secret", metavar="NAME=VARIABLE", help="The variable of a secret; may be repeated.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Another address of the API.")] = None,
    test: Annotated[bool, typer.Option(help="Prove the credentials with one small request.")] = True,
    sources: SourcesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a system by its API to the list of sources: asks for what is missing, proves the credentials, writes names of variables only."""
    from onefunnel.connect import Wish, add_block, complete, look_up, prove

    wish = Wish(system, name, account, base_url, _pairs(setting, "--setting"), _pairs(secret, "--secret"))
    block, values = complete(wish, _ask)
    if test:
        prove(block, values)
    path = load_settings(sources=sources).sources
    written = add_block(path, block)
    words, why_not = _words(lambda: look_up(block, values, path)) if test else ([], "")
    variables = sorted(block["secrets"].values())
    if as_json:
        told = {"sources": str(path), "source": block["name"], "variables": variables, "to_set": sorted(values), "tested": test}
        print_json(told | {"words": [asdict(word) for word in words], "words_unknown_because": why_not})
        return
    print(f"{'The credentials are proven. ' if test else ''}Added to {path}:\n\n{written}\n")
    print(f"Secrets are read from: {', '.join(variables)}")
    if values:
        print(f"Set where the night runs, as they are not yet: {', '.join(sorted(values))}")
    for line in _mapping_lines(system, words, why_not):
        print(line)
    print(f"What is read, and what to know of it: docs/systems/{system}.md. After the first night: onefunnel map")


def _words(look: Callable[[], list[Word]]) -> tuple[list[Word], str]:
    """(what the account lists, why that is not known): the source is connected whether or not its right goes so far."""
    try:
        return look(), ""
    except OnefunnelError as error:
        return [], error.message


def _mapping_lines(system: str, words: list[Word], why_not: str) -> Iterator[str]:
    if why_not:
        yield f"Its stages cannot be listed ({why_not}): after the first night `onefunnel map` shows what is unmapped."
    for field in ("stage", "channel"):
        of_field = [word for word in words if word.field == field]
        unmapped = [word for word in of_field if not word.is_mapped]
        if of_field:
            yield f"{field}s: {len(of_field)} listed, {len(unmapped)} to be mapped{':' if unmapped else ''}"
        # as a line of the file of words, to be filled in
        for word in unmapped:
            middle = ",status" if field == "stage" else ""
            yield f"  {field}_mapping.csv: {system}{middle},{word.value},…   ({word.label})"


def _ask(what: str, is_secret: bool) -> str:
    if not sys.stdin.isatty():
        option = f"set the variable {what.partition(' ')[0]}" if is_secret else f"name it with --{what.partition(' ')[0]}"
        raise ConfigError(f"missing: {what}", where="connect", hint=f"{option}; without a terminal nothing is asked")
    return typer.prompt(what, hide_input=is_secret)


def _pairs(texts: Pairs, option: str) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise ConfigError(f"not NAME=…: {text}", where=option, hint=f"write it as {option} name=value")
        pairs[name] = value
    return pairs
