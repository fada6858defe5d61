"""`onefunnel mcp`: questions in plain words, by a program that speaks the Model Context Protocol."""

from __future__ import annotations

from onefunnel.cli.common import HomeOption, load_settings
from onefunnel.errors import ConfigError

EXAMPLES = {
    "mcp": "Example, in a client's list of servers: [bold]onefunnel mcp --home /srv/onefunnel[/bold]. It speaks on its input and output."
}


def mcp(home: HomeOption = None) -> None:
    """Serve the published file read-only: KPIs, their figures, the verdict, one bounded SELECT. Nothing else is reachable."""
    published = load_settings(home).paths.current
    try:
        from onefunnel.ask.server import server
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("mcp"):
            raise
        raise ConfigError("the SDK is not installed", where="package mcp", hint="pip install 'onefunnel[mcp]'") from None
    server(published).run("stdio")
