"""A column of time zones that nobody reads, beside moments that say none: read in the zone of the source they would be hours off."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from onefunnel.extract.doubts.unread_words import folded, ignore_line, unread_columns
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

# Of where somebody lives it says nothing.
ZONES = (
    r"(?!(invitee|attendee|visitor|contact|lead|person|customer|client|user)_)"
    r"(\w+_)?(time_?zone|tz|utc_offset|gmt_offset)(_(name|id|offset|code))?|часовой_пояс|таймзона|zeitzone|fuseau_horaire|zona_horaria"
)
OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])?\s*([0-9]{1,2}):?([0-9]{2})?")
# A moment to the minute that says no offset.
LOCAL = r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
MANY = 20


def check_unread_zones(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Warn where such a column says another zone than `time_zone` of the source: of a lead it may be where the person lives."""
    moment = _local_moment(writer, part)
    if moment is None:
        return
    for name in (each for each in unread_columns(writer, part, options) if re.fullmatch(ZONES, folded(each))):
        cell = f"trim({quoted(name)})"
        query = (
            f"select {cell}, count(*) from {rows_of(writer.staged.folder / part.part)} where {cell} <> '' and {quoted(moment)} is not null "
            f"group by 1 order by 2 desc limit {MANY + 1}"
        )
        told = [(text, rows, zone) for text, rows in writer.run(query, part.path).fetchall() if (zone := zone_of(text))]
        other = [(text, rows) for text, rows, zone in told if not _are_alike(zone, ZoneInfo(source.time_zone))]
        if other and len(told) <= MANY:
            what = (
                f"column {name} is read by nobody and says {', '.join(text for text, _ in other[:5])} in "
                f"{sum(rows for _, rows in other)} row(s), but {moment} is read as of {source.time_zone}"
            )
            hint = (
                f"if it is of that zone, say `time_zone` of source {source.name}, or deliver it with its offset "
                f"(2026-01-05T10:00+03:00); else {ignore_line(name)}"
            )
            writer.doubt(part, what, hint, is_refused=False)


def zone_of(text: str) -> tzinfo | None:
    """Europe/Berlin, Z, UTC+3, +0300, -5; None of what names no zone."""
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if found := OFFSET.fullmatch(text.upper()):
        sign, hours, minutes = found.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-size if sign == "-" else size) if size < timedelta(hours=15) else None
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return None


def _are_alike(one: tzinfo, other: tzinfo) -> bool:
    days = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    return all(day.astimezone(one).utcoffset() == day.astimezone(other).utcoffset() for day in days)


def _local_moment(writer: PartWriter, part: LandedFile) -> str | None:
    """The first column that is read and begins and ends with such a moment."""
    read, ends = {name.lower() for name in writer.read}, writer.ends(part)
    local = {name for name, cells in ends.items() if all(re.fullmatch(LOCAL, cell.strip()) for cell in cells)}
    return next((name for name in part.columns if name in local and name.lower() in read), None)
