"""What all commands share: options, errors as people can use them, JSON, progress. Nothing heavy is imported at the top."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onefunnel.errors import ConfigError, OnefunnelError

if TYPE_CHECKING:
    from onefunnel.config import PipelineConfig
    from onefunnel.settings import Settings

SourcesOption = Annotated[
    Path | None, typer.Option("--sources", metavar="FILE", help="The list of sources. Default: ONEFUNNEL_SOURCES, else sources.yml.")
]
HomeOption = Annotated[
    Path | None, typer.Option("--home", metavar="DIR", help="Landing, warehouse and publications. Default: ONEFUNNEL_HOME, else data.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="YYYY-MM-DD", help="The day to report, as its end knew it. Default: yesterday in the reporting time zone."
    ),
]
FullRefreshOption = Annotated[bool, typer.Option("--full-refresh", help="Build every model anew instead of adding to it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]


def load_settings(home: Path | None = None, sources: Path | None = None) -> Settings:
    """Settings of the environment, overridden by what the command line says."""
    from onefunnel.settings import load_settings as load

    return load(home=home, sources=sources)


def load_run(sources: Path | None, home: Path | None) -> tuple[Settings, PipelineConfig]:
    """Settings and the list of sources, both checked. Raises ConfigError."""
    from onefunnel.config import load_config

    settings = load_settings(home, sources)
    return settings, load_config(settings.sources)


def parse_as_of(text: str | None, time_zone: str, now: datetime | None = None) -> date:
    """The day that --as-of names; yesterday in that zone when it names none. Raises ConfigError for a day that is not over."""
    from zoneinfo import ZoneInfo

    today = (now or datetime.now(ZoneInfo(time_zone))).astimezone(ZoneInfo(time_zone)).date()
    if text is None:
        return today - timedelta(days=1)
    try:
        as_of = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise ConfigError(f"not a day: {text}", where="--as-of", hint="write it as 2024-06-22") from None
    if as_of >= today:
        raise ConfigError(f"{text} is not over yet in {time_zone}", where="--as-of", hint=f"take {today - timedelta(days=1)} or earlier")
    return as_of


def print_json(content: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


class Console:
    """Progress for people, on standard error: a live line on a terminal, plain lines elsewhere, nothing with --json."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")

    def line(self, text: str) -> None:
        """A line that stays."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """A title with what it is at: `step` shows where it is, `line` prints for good."""
        if self.quiet or not self.is_terminal:
            yield Progress(self)
            return
        from rich.console import Console as RichConsole

        with RichConsole(stderr=True).status(title) as status:
            yield Progress(self, status)


class Progress:
    """Where a long command is. On a terminal `step` overwrites itself; otherwise each is a line."""

    def __init__(self, console: Console, status: Any = None) -> None:
        self._console, self._status = console, status

    def step(self, text: str) -> None:
        if self._status is None:
            self._console.line(text)
            return
        from rich.markup import escape

        self._status.update(escape(text))

    def line(self, text: str) -> None:
        if self._status is None:
            self._console.line(text)
        else:
            self._status.console.print(text, markup=False, highlight=False)


def report_error(error: OnefunnelError) -> None:
    """What is wrong, where, and what to do, on standard error."""
    print(f"error: {error}", file=sys.stderr)
