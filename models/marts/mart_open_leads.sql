{{ config(materialized='view') }}

-- Who must act now: what is handed over from one department to the other must not lie about. Overdue first, then what is due next.
select
    open_leads.lead_attempt_key,
    open_leads.source_name,
    open_leads.lead_id,
    open_leads.channel_key,
    open_leads.requested_service,
    open_leads.stage_key,
    open_leads.waiting_since,
    open_leads.waiting_days,
    open_leads.step_key as next_step_key,
    open_leads.department,
    open_leads.owner,
    cast(open_leads.sla_business_minutes as bigint) as sla_business_minutes,
    cast(open_leads.sla_business_minutes - open_leads.waiting_business_minutes as double) as minutes_left,
    coalesce(open_leads.waiting_business_minutes > open_leads.sla_business_minutes, false) as is_overdue,
    open_leads.desired_meeting_at
from {{ ref('int_open_leads') }} as open_leads
