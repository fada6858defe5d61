"""Days that a program wrote as moments: 2026-01-05T00:00:00.000Z is meant as 5 January and is, west of Greenwich, a moment of the 4th."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

from onefunnel.entities import contract_entities
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import TabularSource

MIDNIGHT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]00:00(:00([.][0-9]+)?)?\s?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
# Columns that are days or months by contract: midnight of an offset is how a program wrote one of them.
DAYS = {
    "payment_plan": ("due_date",),
    "ad_spend": ("date",),
    "channel_costs": ("from_date", "to_date"),
    "market_index": ("date", "month"),
    "fx_rates": ("date",),
    "holidays": ("date",),
    "targets": ("month",),
}
# Elsewhere midnight is a moment; so many different days of it and no other clock in the whole column are no chance.
MIN_DAYS = 3


def check_midnights(writer: PartWriter, part: LandedFile, source: TabularSource) -> None:
    """Warn of a column whose every cell is midnight of an offset, where that is another day in the reporting zone: its rows move by a day.
    Raise ConfigError where months move: none can mean the one before.

    By the contract a date with an offset is a moment, and counts as one. Not told where `formats` of the source reads the cells as days.
    """
    days_by_contract = {day for entity in contract_entities(source.system, writer.staged.entity) for day in DAYS.get(entity, ())}
    for name in _of_midnights(writer, part):
        is_month = name.strip().lower() == "month"
        least_days = 1 if name.strip().lower() in days_by_contract else MIN_DAYS
        cell = f"trim({quoted(name)})"
        # one of each month: clocks change
        months = (
            f"select count(*) as cells, count(distinct {cell}) as days, min({cell}) as first, "
            f"bool_and(regexp_full_match({cell}, {literal(MIDNIGHT)})) as is_midnight "
            f"from {rows_of(writer.staged.folder / part.part)} where {cell} <> '' group by substr({cell}, 1, 7)"
        )
        query = f"select sum(cells), list(first order by first) from ({months}) having bool_and(is_midnight) and sum(days) >= {least_days}"
        found = writer.run(query, part.path).fetchone()
        if not found or _are_read_as_days(found[1], source.formats):
            continue
        days = ((text, _day_of(text, writer.staged.interval.time_zone)) for text in found[1])
        said = len("2026-01") if is_month else len("2026-01-01")
        if moved := next(((text, day) for text, day in days if day and str(day)[:said] != text[:said]), None):
            form = f"%Y-%m-%d{moved[0][10:]}"
            what = (
                f"column {name}: all {found[0]} values are midnight of another zone, such as {moved[0]}, "
                f"which counts for {str(moved[1])[:said]}"
            )
            hint = f'if they are {"months" if is_month else "days"}, say `formats: ["{form}"]` of source {source.name}'
            writer.doubt(part, what, hint, is_refused=is_month)


def _of_midnights(writer: PartWriter, part: LandedFile) -> list[str]:
    """Columns that are read and whose least and greatest cell are midnights."""
    read, ends = {name.lower() for name in writer.read}, writer.ends(part)
    found = {name for name, cells in ends.items() if all(re.fullmatch(MIDNIGHT, cell.strip()) for cell in cells)}
    return [name for name in part.columns if name in found and (not read or name.lower() in read)]


def _day_of(text: str, zone: str) -> date | None:
    """The day on which the moment falls where days are cut; None of what is no moment, such as 0000-00-00T00:00Z."""
    with suppress(ValueError, OverflowError):
        return datetime.fromisoformat(f"{text[:10]}T{text[11:].replace(' ', '')}").astimezone(ZoneInfo(zone)).date()
    return None


def _are_read_as_days(texts: Iterable[str], formats: Iterable[str]) -> bool:
    """Whether a format of sources.yml reads them with the offset as plain letters."""

    def is_read(text: str, form: str) -> bool:
        try:
            return datetime.strptime(text, form).tzinfo is None
        except ValueError:
            return False

    return any(all(is_read(text, form) for text in texts) for form in formats or ())
