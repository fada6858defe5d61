"""The span of time a run is about, and the name of the load it makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Interval:
    """Half-open span [start, end) of aware timestamps; `time_zone` is the one in which days are cut."""

    start: datetime
    end: datetime
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs timestamps with a time zone")
        if self.end <= self.start:
            raise ValueError(f"an interval ends after it starts: {self.start} .. {self.end}")

    @classmethod
    def for_as_of(cls, as_of: date, time_zone: str = "UTC") -> Interval:
        """The local day `as_of`: 23, 24 or 25 hours long, as daylight saving has it."""
        zone = ZoneInfo(time_zone)
        start = datetime.combine(as_of, time(), zone).astimezone(UTC)
        end = datetime.combine(as_of + timedelta(days=1), time(), zone).astimezone(UTC)
        return cls(start, end, time_zone)

    @property
    def as_of(self) -> date:
        """The last whole local day before the end."""
        return self.end.astimezone(ZoneInfo(self.time_zone)).date() - timedelta(days=1)

    def load_id(self, source: str, entity: str) -> str:
        """Name of the load that this interval makes of a source's entity: sorts by time, and a retry gives the same."""
        end, start = self.end.astimezone(UTC), self.start.astimezone(UTC)
        digest = hashlib.sha256(f"{source}|{entity}|{start.isoformat()}|{end.isoformat()}".encode()).hexdigest()
        return f"{end:%Y%m%dT%H%M%S}-{digest[:8]}"
