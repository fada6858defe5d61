"""What management set beforehand: monthly targets."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from onefunnel.demo.catalogue import CHANNEL_KEYS
from onefunnel.demo.leads import expected_leads
from onefunnel.demo.spec import DemoSpec
from onefunnel.demo.tables import table

AMBITION = 1.05
# What a usual lead is worth in a target.
CLIENTS_PER_LEAD, SAL_RATIO, COST_PER_LEAD, REVENUE_PER_LEAD = 0.19, 0.80, 70, 950


def targets(spec: DemoSpec, month: date) -> pd.DataFrame:
    """Targets of a month, set from the usual year: an incident or a dip does not lower them."""
    usual = DemoSpec(seed=spec.seed, leads_per_month=spec.leads_per_month, growth_pct=spec.growth_pct)
    leads = expected_leads(usual, month)
    total = float(leads.sum()) * AMBITION
    rows = [
        ("leads", f"{total:.0f}", ""),
        ("leads", f"{leads[CHANNEL_KEYS.index('ppc_search')] * AMBITION:.0f}", "ppc_search"),
        ("new_clients", f"{total * CLIENTS_PER_LEAD:.0f}", ""),
        ("revenue", f"{total * REVENUE_PER_LEAD:.0f}", ""),
        ("sal_ratio", f"{SAL_RATIO}", ""),
        ("cpl", f"{COST_PER_LEAD}", ""),
        ("first_contact_minutes", "60", ""),
        ("plan_fulfilment", "0.95", ""),
    ]
    kpi, value, channel = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    columns = {"month": np.full(len(rows), f"{month:%Y-%m}", dtype=object), "kpi": kpi, "value": value, "channel": channel}
    return table("targets", columns, at=np.full(len(rows), np.datetime64(month, "s").astype(np.int64)))
