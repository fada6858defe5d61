"""What leads cost: daily spend of ad platforms by campaign, and the monthly bills that no platform reports."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from onefunnel.demo import catalogue as agency
from onefunnel.demo.leads import day_weights, expected_leads
from onefunnel.demo.spec import DemoSpec, month_days
from onefunnel.demo.tables import money, table

CLICK_RATE = 0.031


def ad_spend(spec: DemoSpec, month: date) -> pd.DataFrame:
    """One row per day and campaign of the month. Budgets follow the leads expected, not those that came."""
    random = spec.stream("ad spend", month)
    leads = expected_leads(spec, month)
    days = np.datetime64(month, "D").astype(int) + np.arange(month_days(month))
    weights = day_weights(month)
    parts = []
    for channel, expected in zip(agency.CHANNELS, leads, strict=True):
        bounds = (np.arange(len(channel.campaigns) + 1) / max(len(channel.campaigns), 1)) ** (1 / 1.6)
        for campaign, share in zip(channel.campaigns, np.diff(bounds), strict=True):
            noise = np.exp(random.normal(-0.5 * 0.12**2, 0.12, len(days)))
            cents = np.round(expected * share * weights * channel.cost_per_lead * noise * 100).astype(np.int64)
            clicks = random.poisson(cents / 100 / channel.click_cost)
            impressions = clicks + random.poisson(clicks * (1 / CLICK_RATE - 1))
            parts.append((days, channel.key, campaign, cents, channel.currency, impressions, clicks))
    lengths = [len(part[0]) for part in parts]
    columns = {
        "date": np.datetime_as_string(np.concatenate([part[0] for part in parts]).astype("datetime64[D]")).astype(object),
        "channel": np.repeat(np.array([part[1] for part in parts], dtype=object), lengths),
        "campaign": np.repeat(np.array([part[2] for part in parts], dtype=object), lengths),
        "cost": money(np.concatenate([part[3] for part in parts])),
        "currency": np.repeat(np.array([part[4] for part in parts], dtype=object), lengths),
        "impressions": np.concatenate([part[5] for part in parts]).astype(str).astype(object),
        "clicks": np.concatenate([part[6] for part in parts]).astype(str).astype(object),
    }
    day = np.concatenate([part[0] for part in parts])
    frame = table("ad_spend", columns, at=day * 86400, cents=np.concatenate([part[3] for part in parts]))
    return frame.sort_values(["date", "channel", "campaign"], kind="stable", ignore_index=True)


def channel_costs(spec: DemoSpec, month: date) -> pd.DataFrame:
    """One bill per channel for the whole month, known when the month begins."""
    random = spec.stream("channel costs", month)
    noise = np.exp(random.normal(-0.5 * 0.05**2, 0.05, len(agency.CHANNELS)))
    amounts = expected_leads(spec, month) * np.array([channel.cost_per_lead for channel in agency.CHANNELS]) * noise
    billed = [index for index, channel in enumerate(agency.CHANNELS) if channel.bill]
    cents = np.round(amounts[billed] * 100).astype(np.int64)
    columns = {
        "channel": np.array([agency.CHANNELS[index].key for index in billed], dtype=object),
        "from_date": np.full(len(billed), month.isoformat(), dtype=object),
        "to_date": np.full(len(billed), month.replace(day=month_days(month)).isoformat(), dtype=object),
        "cost": money(cents),
        "currency": np.array([agency.CHANNELS[index].currency for index in billed], dtype=object),
        "note": np.array([agency.CHANNELS[index].bill for index in billed], dtype=object),
    }
    first_second = np.datetime64(month, "s").astype(np.int64)
    return table("channel_costs", columns, at=np.full(len(billed), first_second), cents=cents)
