"""`onefunnel sandbox`: an analyst's copy of the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onefunnel.cli.common import Console, HomeOption, JsonOption, SourcesOption, load_run, load_settings, print_json

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.sandbox import Sandbox
    from onefunnel.settings import Settings

EXAMPLES = {
    "sandbox": (
        "Examples: [bold]onefunnel sandbox ann[/bold] makes one; [bold]onefunnel sandbox[/bold] lists them; "
        "[bold]onefunnel sandbox ann --check[/bold] runs dbt's tests and the gate of publication on it. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not fit to publish."
    )
}


def sandbox(
    name: Annotated[str | None, typer.Argument(help="Its name, such as yours. Without it: list them all.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Run all data tests and the gate of publication on it.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Make it anew from the last good build.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it.")] = False,
    wait: Annotated[float, typer.Option("--wait", metavar="SECONDS", help="For the first one: wait for a build that is running.")] = 0,
    sources: SourcesOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the last good build into a sandbox of your own, where dbt builds while the night and others do. Production stays as it is."""
    from onefunnel import sandbox as desk
    from onefunnel.errors import ConfigError

    if sum((check, anew, remove)) > 1:
        raise ConfigError("--check, --anew and --remove exclude each other", where="onefunnel sandbox", hint="give one of them")
    settings = load_settings(home, sources)
    if name is None and not check:
        if anew or remove:
            raise ConfigError("which sandbox?", where="NAME", hint="onefunnel sandbox lists them")
        _list(desk.sandboxes(settings), as_json)
    elif check:
        _check(settings, desk.find(settings, name), as_json, load_run(sources, home)[1])
    elif remove:
        gone = desk.remove(settings, str(name))
        print_json(gone.to_dict()) if as_json else print(f"removed {gone.name} ({gone.bytes / 1e6:.0f} MB)")
    else:
        _made(desk.make(settings, str(name), anew=anew, wait_seconds=wait), as_json)


def _made(made: Sandbox, as_json: bool) -> None:
    if as_json:
        print_json(made.to_dict())
        return
    print(f"sandbox {made.name}: {made.path} ({made.bytes / 1e6:.0f} MB), a copy of the build as of {made.as_of}")
    print("in this shell plain dbt works in it, from the project's folder, after")
    print(f"  . {made.path / 'env'}")
    print("  dbt build --select state:modified+")
    print(f"then: onefunnel diff {made.name}; onefunnel sandbox {made.name} --check")


def _list(found: list[Sandbox], as_json: bool) -> None:
    if as_json:
        print_json([each.to_dict() for each in found])
    elif not found:
        print("no sandbox; make one: onefunnel sandbox NAME")
    for each in [] if as_json else found:
        print(f"{each.name:<20} {each.age:>7} old  {each.bytes / 1e6:>7.0f} MB  as of {each.as_of}  {each.path}")


def _check(settings: Settings, chosen: Sandbox, as_json: bool, config: PipelineConfig) -> None:
    """dbt's data tests, then the very gate that a publication of it would have to pass."""
    from onefunnel.sandbox_check import check

    with Console(quiet=as_json).progress(f"proving {chosen.name}") as progress:
        result = check(settings, config, chosen, progress.step)
    if as_json:
        print_json(result.to_dict())
    else:
        print("\n".join(result.lines))
    if not result.passed:
        raise typer.Exit(3)
