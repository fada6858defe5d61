"""A large agency as Parquet files of the `template` source, made by one SQL engine: about 6 stage events and 2 payments per lead.

Deterministic: every draw is a hash of the lead's number, so 1M leads are the same bytes on every machine.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

CHANNELS = (
    "conference_talk", "smart_breakfast", "partner_alliance", "blog", "email_newsletter", "seo", "ppc_search", "ppc_remarketing",
    "social_facebook", "social_instagram", "rankings", "free_service_offer", "telemarketing", "referral", "direct",
)  # fmt: skip
STAGES = ("first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
REASONS = ("price", "timing", "no_response", "chose_competitor", "service_not_offered", "not_target")

# A draw in [0, 1) for lead number i and a named purpose.
DRAW = "create or replace macro draw(i, purpose) as (hash(i, purpose) % 1000003) / 1000003.0"

LEADS = """
create table leads as
select
    i,
    i >= {from_lead} as is_wanted,
    timestamp '{last_day} 18:00:00' - to_seconds(cast((1 - (i / {leads}::double)) * {months} * 2629800 as bigint)) as created_at,
    {channels}[1 + cast(floor(draw(i, 'channel') * {channel_count}) as integer)] as channel,
    -- how far the lead goes: most of them far, so that there are six events a lead
    1 + cast(floor(8.9 * power(draw(i, 'depth'), 0.45)) as integer) as depth
from range({leads}) as numbers(i)
"""

FILES = {
    "leads": """
        select 'L' || i as lead_id, strftime(created_at, '%Y-%m-%d %H:%M:%S') as created_at, channel,
            'campaign ' || (i % 40) as campaign,
            'C' || (i - case when draw(i, 'back') < 0.03 and i > 1000 then 1000 else 0 end) as contact_id,
            ['seo', 'ppc', 'analytics', 'social_media'][1 + i % 4] as requested_service,
            'SDR ' || (i % 7) as sdr, 'Rep ' || (i % 11) as sales_rep,
            case when draw(i, 'test') < 0.002 then 'true' end as is_test
        from leads where is_wanted order by i
    """,
    "stage_events": """
        select 'E' || i || '-' || stage_number as event_id, 'L' || i as lead_id,
            case when stage_number <= least(depth, 7) then {stages}[stage_number] else 'lost' end as stage,
            strftime(created_at + to_minutes(cast(stage_number * 1900 * (0.2 + draw(i, 'pace')) as bigint)), '%Y-%m-%d %H:%M:%S')
                as entered_at,
            case when stage_number > least(depth, 7) then {reasons}[1 + i % 6] end as reason
        from leads, range(1, 9) as numbers(stage_number)
        where is_wanted
            and (stage_number <= least(depth, 7) or (stage_number = least(depth, 7) + 1 and depth < 7 and draw(i, 'open') < 0.8))
            and created_at + to_minutes(cast(stage_number * 1900 * (0.2 + draw(i, 'pace')) as bigint)) < timestamp '{last_day} 23:00:00'
        order by i, stage_number
    """,
    "payments": """
        select 'P' || i || '-' || n as payment_id, 'L' || i as lead_id,
            strftime(created_at + to_days(20 + 30 * n), '%Y-%m-%d %H:%M:%S') as paid_at,
            cast(cast(200 + 1800 * draw(i, 'amount') as decimal(10, 2)) as varchar) as amount,
            case when i % 9 = 0 then 'USD' else 'EUR' end as currency,
            case when n = 4 and i % 50 = 0 then 'refund' else 'payment' end as kind,
            case when i % 3 = 0 then '50.00' end as direct_cost
        from leads, range(0, 6) as numbers(n)
        where is_wanted and depth >= 8 and created_at + to_days(20 + 30 * n) < timestamp '{last_day} 23:00:00'
        order by i, n
    """,
    "ad_spend": """
        select cast(cast(day_at as date) as varchar) as date, channel, 'campaign ' || c as campaign,
            cast(cast(5 + 60 * draw(c, channel) as decimal(10, 2)) as varchar) as cost,
            'EUR' as currency, '1000' as impressions, '37' as clicks
        from generate_series(date '{last_day}' - interval {months} month, date '{last_day}', interval 1 day) as days(day_at),
            (select unnest({channels}) as channel), range(40) as campaigns(c)
        where day_at >= timestamp '{from_day}'
        order by all
    """,
    "fx_rates": """
        select cast(cast(day_at as date) as varchar) as date, 'USD' as currency, '0.92' as rate_to_base
        from generate_series(date '{last_day}' - interval {months} month - interval 40 day, date '{last_day}', interval 1 day)
            as days(day_at)
    """,
}


def generate(
    folder: Path, leads: int, *, months: int = 36, last_day: str = "2026-03-31", from_lead: int = 0, from_day: str = "1970-01-01"
) -> None:
    """Write one Parquet file per entity into `folder`. `from_lead` and `from_day` keep only what is newer: the delivery of one more night.

    Leads are numbered by time, so a history of the same size always holds the same leads, whatever part of it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "leads": leads, "months": months, "last_day": last_day, "from_lead": from_lead, "from_day": from_day, "channels": list(CHANNELS),
        "channel_count": len(CHANNELS), "stages": list(STAGES), "reasons": list(REASONS),
    }  # fmt: skip
    with duckdb.connect() as db:
        db.execute(DRAW)
        db.execute(LEADS.format(**values))
        for entity, query in FILES.items():
            db.execute(f"copy ({query.format(**values)}) to '{folder / entity}.parquet' (format parquet)")
