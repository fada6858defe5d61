"""Read the real Zoho export (three sheets) and clean it as the contract's facts of that export say."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd

from .calendar import to_utc
from .entities import Lead, Mapping, Payment, Settings, Source, Spend, rounded, seed, state_then


def read_zoho(folder: Path, settings: Settings) -> Source:
    """`folder`: deals.xlsx and spend.xlsx. Times in the file are local to the source's zone; amounts are in its currency."""
    source = Source(settings, delivered=frozenset({"leads", "payments", "spend"}))
    source.holidays = {date.fromisoformat(row["holiday_date"]) for row in seed("holidays")}
    channels = Mapping("channels", "channel_key", "channel_mapping", "zoho")
    deals = pd.read_excel(folder / "deals.xlsx", engine="calamine", dtype=object).dropna(how="all")
    for row in deals.to_dict("records"):
        _deal(source, row, channels)
    spend = pd.read_excel(folder / "spend.xlsx", engine="calamine", dtype=object).dropna(how="all")
    for row in spend.to_dict("records"):
        _spend(source, row, channels)
    return source


_STAGES = Mapping("funnel_stages", "stage_key", "stage_mapping", "zoho", "status")
_QUALITIES = Mapping("funnel_stages", "stage_key", "stage_mapping", "zoho", "quality")
_REASONS = Mapping("reasons", "reason_key", "reason_mapping", "zoho")


def _deal(source: Source, row: dict, channels: Mapping) -> None:
    settings = source.settings
    lead_id = _text(row["Id"])
    if lead_id is None:
        source.quarantine("deals", "missing_id")
        return
    created_local = datetime.strptime(_text(row["Created Time"]), "%d.%m.%Y %H:%M")
    created_at = to_utc(created_local, settings.source_zone)
    closed_at = _closed_at(_text(row["Closing Date"]), created_local, settings)
    wait = _duration(row["SLA"])
    said = _STAGES.get(_text(row["Stage"]), None, None)
    quality = _QUALITIES.get(_text(row["Quality"]), None, None)
    reason = _text(row["Lost Reason"])
    status, reason_key = state_then(settings, said, None, closed_at, _REASONS.get(reason, None, "unmapped"))
    lead = Lead(
        lead_id=lead_id,
        created_at=created_at,
        channel=channels.get(_text(row["Source"]), "unmapped", "unmapped"),
        client=_text(row["Contact Name"]) or lead_id,
        campaign=_text(row["Campaign"]),
        service=(_text(row["Product"]) or "").lower() or None,
        sdr=_text(row["Deal Owner Name"]),
        sales_rep=_text(row["Deal Owner Name"]),
        status=status,
        proven=tuple(stage for stage in (status, quality) if stage),
        reason=reason_key,
        closed_at=closed_at if closed_at and closed_at < settings.as_of_end else None,
        first_contact_at=created_at + wait if wait is not None and created_at + wait < settings.as_of_end else None,
        flag="duplicate" if reason is not None and reason.lower() == "duplicate" else None,
    )
    source.leads.append(lead)
    if said == "paid" and lead.flag is None:  # a duplicate says again what its original says
        _payment(source, lead, row["Initial Amount Paid"])


def _closed_at(closing: str | None, created_local: datetime, settings: Settings) -> datetime | None:
    """A closing date has no clock: on the day of creation it is not the midnight before it."""
    if closing is None:
        return None
    midnight = datetime.strptime(closing, "%d.%m.%Y")
    return to_utc(created_local if midnight.date() == created_local.date() else midnight, settings.source_zone)


def _payment(source: Source, lead: Lead, delivered: object) -> None:
    amount = _amount(delivered)
    rule = "missing_amount" if amount is None else "zero_amount" if amount == 0 else "missing_date" if lead.closed_at is None else None
    if rule:
        source.quarantine("payments", rule)
        return
    paid = rounded(amount)
    source.payments.append(Payment(lead.lead_id, lead.closed_at, lead.lead_id, None, "payment", paid, Decimal(0), paid))


def _spend(source: Source, row: dict, channels: Mapping) -> None:
    day = row["Date"].date()
    if day <= source.settings.as_of:
        cost = Decimal(str(row["Spend"]))
        source.spend.append(Spend(day, channels.get(_text(row["Source"]), "unmapped", "unmapped"), cost))


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    return str(value).strip() or None


def _duration(value: object) -> timedelta | None:
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return value if isinstance(value, timedelta) and not pd.isna(value) else None


def _amount(value: object) -> Decimal | None:
    """`€ 3.500,00` and `€ 11398,00` beside plain numbers: a comma is the decimal sign, a dot before three digits groups thousands."""
    text = _text(value)
    if text is None:
        return None
    plain = re.sub(r"[€\s]", "", text)
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    return Decimal(plain)
