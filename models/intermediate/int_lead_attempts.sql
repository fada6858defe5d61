with leads as (

    select * from {{ ref('int_leads') }} where exclusion is null {{ only_touched('lead_key') }}

),

reopenings as (

    select lead_key, attempt_number, min(entered_at) as created_at
    from {{ ref('int_stage_events') }}
    where opens_attempt {{ only_touched('lead_key') }}
    group by lead_key, attempt_number

),

attempts as (

    select lead_key, 1 as attempt_number, created_at from leads
    union all
    select lead_key, attempt_number, created_at from reopenings

),

numbered as (

    select
        *,
        lead_key || '#' || cast(attempt_number as varchar) as lead_attempt_key,
        count(*) over (partition by lead_key) as attempts
    from attempts

)

select
    numbered.lead_attempt_key,
    numbered.attempt_number,
    numbered.attempt_number = numbered.attempts as is_last_attempt,
    numbered.created_at,
    leads.lead_key,
    leads.lead_id,
    leads.source_name,
    leads.source_system,
    leads.client_key,
    leads.channel_key,
    leads.campaign,
    leads.country,
    leads.requested_service,
    leads.sdr,
    leads.sales_rep,
    leads.status_raw,
    leads.quality_raw,
    leads.reason_key,
    leads.status_at,
    leads.closed_at,
    leads.desired_meeting_at
from numbered
inner join leads on numbered.lead_key = leads.lead_key
