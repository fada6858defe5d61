"""`onefunnel map`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, SourcesOption, load_run, print_json

if TYPE_CHECKING:
    from onefunnel.mapping import Unmapped
    from onefunnel.words import OwnWords

EXAMPLES = {
    "map": (
        "Examples: [bold]onefunnel map[/bold] asks for each word; [bold]onefunnel map --yes[/bold] takes the sure ones, where only the "
        "spelling differs; [bold]onefunnel map --json[/bold] lists them and writes nothing. The next night counts them."
    )
}


def map_words(
    sources: SourcesOption = None,
    home: HomeOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take every sure proposal, ask for nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what the words mean that the last build did not know; the answers become lines in the folder of `words`."""
    from onefunnel.mapping import read_unmapped, table, write_lines

    settings, config = load_run(sources, home)
    words, currency = read_unmapped(settings.paths.warehouse, config), config.reporting.base_currency
    if words and not as_json:
        print("\n".join(table(words, currency)))
        print("spent: under the channel; paid: by the leads that hold the word, less what they took back\n")
    accepted: list[tuple[Unmapped, str]] = []
    if yes:
        accepted = [(word, word.proposals[0]) for word in words if word.is_sure]
    elif not as_json:
        accepted = _ask(words, config.own_words)
    written = write_lines(config, accepted) if accepted else []
    if as_json:
        print_json(
            {
                "base_currency": currency,
                "unmapped": [word.to_dict() for word in words],
                "mapped": [{"file": word.file, "value": word.value, "key": key} for word, key in accepted],
                "written": [str(path) for path in written],
            }
        )
        return
    for word, key in accepted:
        print(f"{word.file}.csv: {word.system} {word.value!r} -> {key} ({word.rows:,} rows)")
    print(f"{len(accepted)} mapped, {len(words) - len(accepted)} left" + (f"; written: {', '.join(map(str, written))}" if written else ""))


def _ask(words: list[Unmapped], own: OwnWords) -> list[tuple[Unmapped, str]]:
    """One question for each word: Enter takes the first proposal, a number or a key another, s skips, q ends."""
    from onefunnel.words import known_keys, target_of

    accepted: list[tuple[Unmapped, str]] = []
    for word in words:
        allowed = known_keys(*target_of(word.file), own)
        choices = ", ".join(f"{number} {key}" for number, key in enumerate(word.proposals, 1)) or "nothing near"
        print(f"\n{word.source}, {word.entity}: {word.field} {word.value!r} in {word.rows:,} rows; {choices}")
        while True:
            answer = typer.prompt("key, number, s to skip, q to end", default="1" if word.proposals else "s").strip()
            if answer.isdigit() and 1 <= int(answer) <= len(word.proposals):
                answer = word.proposals[int(answer) - 1]
            if answer in ("s", "q") or answer in allowed:
                break
            print(f"no key {answer!r}; known: {', '.join(allowed)}")
        if answer == "q":
            return accepted
        if answer != "s":
            accepted.append((word, answer))
    return accepted
