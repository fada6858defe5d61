"""`onefunnel alerts list|deliver|ack|test|watchdog`."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from onefunnel.cli.common import HomeOption, JsonOption, load_settings, print_json
from onefunnel.errors import ConfigError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")


@app.command("list", epilog="Example: [bold]onefunnel alerts list --all --json[/bold]")
def list_alerts(
    home: HomeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is wrong now, worst first, with whose it is."""
    from onefunnel.alerts import conditions

    found = conditions(load_settings(home).paths.state, only_open=not everything)
    if as_json:
        print_json([asdict(condition) for condition in found])
        return
    for condition in found:
        print(f"{condition.fingerprint[:8]}  {condition.severity:5}  {condition.state:12}  {condition.owner:12}  {condition.title}")
        print(f"          since {condition.first_at[:16]}; see {condition.runbook}")
    if not found:
        print("nothing is wrong")


@app.command(epilog="Example: [bold]onefunnel alerts deliver[/bold] from cron, for channels that were down")
def deliver(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Send what waits, each message once per channel. A channel that is down is tried again later."""
    from onefunnel.alerts import deliver as send_waiting

    result = send_waiting(load_settings(home))
    if as_json:
        print_json(asdict(result))
        return
    print(f"sent {result.sent}, waiting {result.waiting}, channels {result.channels}")
    for error in result.errors:
        print(f"  {error}")


@app.command(epilog="Example: [bold]onefunnel alerts ack 3f9a[/bold]")
def ack(
    fingerprint: Annotated[str, typer.Argument(help="The first characters of the alert's name in the list.")], home: HomeOption = None
) -> None:
    """Say that somebody is on it: no reminders until it worsens or is over."""
    from onefunnel.alerts import acknowledge

    condition = acknowledge(load_settings(home).paths.state, fingerprint)
    print(f"acknowledged: {condition.title}")


@app.command("test", epilog="Example: [bold]ONEFUNNEL_ALERT_URLS=json://localhost:8080 onefunnel alerts test[/bold]")
def try_channels(home: HomeOption = None) -> None:
    """Send one message to every channel, now. Exit code 1 if a channel does not take it."""
    from onefunnel.alerts.deliver import channel_id, channel_urls, send
    from onefunnel.publish.status import status

    settings = load_settings(home)
    urls = channel_urls(settings)
    if not urls:
        raise ConfigError("no channel is configured", where="ONEFUNNEL_ALERT_URLS", hint="set it to apprise URLs, separated by commas")
    failed = False
    for number, url in enumerate(urls, start=1):
        failure = send(url, "onefunnel: a test of this channel", f"{status(settings).sentence}.\nNothing is wrong.", "info")
        print(f"channel {number} ({channel_id(url)}): {failure or 'taken'}")
        failed = failed or bool(failure)
    if failed:
        raise typer.Exit(1)


@app.command(
    epilog="Example, from cron every hour: [bold]onefunnel alerts watchdog --max-age 26h[/bold]. Exit code 1 when a night is missing."
)
def watchdog(
    home: HomeOption = None,
    max_age: Annotated[
        str, typer.Option("--max-age", metavar="TIME", help="How long ago the last night may have started: 26h, 90m, 2d.")
    ] = "26h",
    as_json: JsonOption = False,
) -> None:
    """Say so when no night has run, or one died without a word; also send what waits."""
    from onefunnel.alerts import watch

    watched = watch(load_settings(home), max_age=parse_age(max_age))
    if as_json:
        print_json(asdict(watched))
    else:
        print(watched.problem or f"all is well: the last night started {watched.last_started_at[:19]} UTC")
    if watched.problem:
        raise typer.Exit(1)


def parse_age(text: str) -> timedelta:
    """26h, 90m or 2d as a span. Raises ConfigError."""
    found = re.fullmatch(r"(\d+)\s*([mhd])", text.strip())
    if not found:
        raise ConfigError(f"not a span of time: {text}", where="--max-age", hint="write it as 26h, 90m or 2d")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})
