"""`onefunnel demo-data`: generate an agency to try the pipeline on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from onefunnel.cli.common import Console, JsonOption, print_json

EXAMPLES = {
    "demo-data": "Examples: [bold]onefunnel demo-data --out data/demo-source[/bold], then "
    "[bold]onefunnel run --sources data/demo-source/sources.yml --as-of 2026-03-31[/bold]. "
    "An incident to find: [bold]onefunnel demo-data --out /tmp/agency --leads-per-month 600 --incident lost_at_contract "
    "--incident-month 2026-01[/bold]; by the end of March its leads have had two months to become clients."
}


class Incident(StrEnum):
    none = "none"
    lead_quality = "lead_quality"
    slow_first_contact = "slow_first_contact"
    lost_at_contract = "lost_at_contract"
    smaller_checks = "smaller_checks"
    seasonal_dip = "seasonal_dip"
    market_crisis = "market_crisis"
    budget_cut = "budget_cut"


class Funnel(StrEnum):
    agency = "agency"
    simple = "simple"
    saas = "saas"


END = typer.Option(formats=["%Y-%m-%d"], help="Last day: nothing is dated later.", show_default="2026-03-31")
INCIDENT_MONTH = typer.Option(
    formats=["%Y-%m"],
    help="First month of the incident: leads created from then on are hit.",
    show_default="the latest whose leads have lived 30 days",
)


def demo_data(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to; files of an earlier demo-data in it are replaced.")],
    seed: Annotated[int, typer.Option(help="Same arguments, same bytes; another seed, another agency.")] = 7,
    months: Annotated[int, typer.Option(help="Calendar months, the last one being that of --end.")] = 26,
    leads_per_month: Annotated[int, typer.Option(help="Usual month around January 2026; seasons and slow growth apply.")] = 300,
    end: Annotated[datetime, END] = datetime(2026, 3, 31),
    incident: Annotated[Incident, typer.Option(help="What goes wrong, so that there is something to find.")] = Incident.none,
    incident_month: Annotated[datetime | None, INCIDENT_MONTH] = None,
    funnel: Annotated[Funnel, typer.Option(help="Whose stages: the shipped nine, five, or the eleven of a SaaS company.")] = Funnel.agency,
    dirty: Annotated[bool, typer.Option("--dirty/--clean", help="Plant a few faulty rows of every kind, or none.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Generate the files of a digital agency: leads, stages, ad spend, costs, payments, plan, targets, rates, holidays.

    Writes CSV files of the template source, a sources.yml that loads them, and demo_facts.json with the truth they were made of.
    """
    from onefunnel.demo import INCIDENTS, DemoSpec, write

    spec = DemoSpec(
        seed=seed,
        months=months,
        leads_per_month=leads_per_month,
        end=end.date(),
        incident=incident.value,
        incident_month=incident_month.date() if incident_month else None,
        dirty=dirty,
        funnel=funnel.value,
    )
    console = Console(quiet=as_json)
    with console.progress("Generating ...") as progress:

        def show(done: int, total: int) -> None:
            if console.is_terminal:
                progress.step(f"Generating month {done} of {total} ...")

        facts = write(spec, out, show)
    rows = facts["rows"]
    if as_json:
        print_json({"out": str(out), "sources": str(out / "sources.yml"), "spec": facts["spec"], "rows": rows})
        return
    print(
        f"{rows['leads']} leads, {rows['stage_events']} stage events, {rows['payments']} payments: {spec.first_month:%Y-%m} to {spec.end}"
    )
    if incident is not Incident.none:
        print(f"incident from {spec.incident_start:%Y-%m}: {INCIDENTS[incident.value]}")
    print(f"written to {out}; next: onefunnel run --sources {out / 'sources.yml'} --as-of {spec.end}")
