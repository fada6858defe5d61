"""`onefunnel`: the commands and where they live. A command's module is imported only when that command runs, so --help stays quick."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from onefunnel.cli.common import report_error
from onefunnel.errors import OnefunnelError

# name, module in onefunnel.cli, function (or Typer app), one line of help; in the order of a night.
COMMANDS: tuple[tuple[str, str, str, str], ...] = (
    ("run", "run", "run", "A whole night without a scheduler: extract, prove, build, prove, publish, report."),
    ("extract", "extract", "extract", "Land what the sources deliver."),
    ("build", "build", "build", "Build staging, facts and marts from what is landed."),
    ("validate", "validate", "validate", "Prove what is landed or built, without publishing."),
    ("publish", "publish", "publish", "Switch BI to the proven candidate."),
    ("rollback", "publish", "rollback", "Switch BI back to an earlier version."),
    ("status", "publish", "status", "What BI reads now, and how the last run ended."),
    ("verdict", "verdict", "verdict", "Marketing, sales or the market: whose change it is."),
    ("report", "report", "report", "Write the page of the published version."),
    ("alerts", "alerts", "app", "Alerts: what waits, deliver it, watch for nights that never ran."),
    ("forget", "forget", "forget", "Erase a person from landing, warehouse and every kept version."),
    ("doctor", "doctor", "doctor", "Look at everything a night needs, and how to mend it."),
    ("map", "map", "map_words", "Say what unknown channels, statuses and reasons mean."),
    ("sandbox", "sandbox", "sandbox", "A copy of the warehouse to change models in: make, list, prove, remove."),
    ("diff", "diff", "diff", "What the change in a sandbox does to the published figures."),
    ("mcp", "mcp", "mcp", "Serve the figures to programs that speak the Model Context Protocol, read-only."),
    ("connect", "connect", "connect", "Add a system by its API: HubSpot, amoCRM, Google Ads, Stripe and more."),
    ("tap", "tap", "app", "Singer taps: install, list and remove them, each in an environment of its own."),
    ("new-source", "new_source", "new_source", "Draft a new source: staging models from a sample."),
    ("demo-data", "demo_data", "demo_data", "Write sample data of an agency that never was."),
)
EPILOG = (
    "Examples: [bold]onefunnel run --sources sources.yml[/bold]; [bold]onefunnel status[/bold]. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 built but blocked by a gate."
)
LISTING = "onefunnel.listing"


class LazyGroup(TyperGroup):
    """Knows every command by name and one line; imports a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: typer.Context) -> list[str]:
        return [name for name, *_ in COMMANDS]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:
        entry = next((entry for entry in COMMANDS if entry[0] == cmd_name), None)
        if entry is None:
            return None
        if ctx.meta.get(LISTING):
            return TyperCommand(name=cmd_name, help=entry[3])
        return load_command(*entry)

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:
        ctx.meta[LISTING] = True
        super().format_help(ctx, formatter)


def load_command(name: str, module_name: str, attribute: str, help_line: str) -> Any:
    """The command of an entry of COMMANDS. A module may hold EXAMPLES, by command name, shown under its help."""
    module = importlib.import_module(f"onefunnel.cli.{module_name}")
    target: Any = getattr(module, attribute)
    if isinstance(target, typer.Typer):
        command = typer.main.get_command(target)
        command.name, command.help = name, command.help or help_line
        return command
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name, epilog=getattr(module, "EXAMPLES", {}).get(name))(target)
    return typer.main.get_command(single)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("onefunnel"))
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich", epilog=EPILOG
)


@app.callback()
def root(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """One funnel for marketing and sales, built and proven every night."""
    if debug:
        os.environ["ONEFUNNEL_DEBUG"] = "1"


def main() -> int:
    """Run the command line of this process; returns or exits with its code. An OnefunnelError has a traceback only after --debug."""
    try:
        app(prog_name="onefunnel")
    except OnefunnelError as error:
        if os.environ.get("ONEFUNNEL_DEBUG"):
            import traceback

            traceback.print_exc()
        report_error(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
