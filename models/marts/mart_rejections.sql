with attempts as (

    select * from {{ ref('fct_lead_funnel') }} where outcome in ('rejected', 'returned', 'lost')

),

reasons as (

    select * from {{ ref('dim_reason') }}

),

services as (

    select * from {{ ref('services') }}

),

described as (

    select
        -- an ending without a date is shown in the month of its lead, and counted apart
        coalesce(outcome_month, lead_month) as month,
        lost_after_stage_key,
        coalesce(reason_key, 'unknown') as reason_key,
        channel_key,
        coalesce(requested_service, '(none)') as requested_service,
        lost_department,
        case when outcome_month is null then 1 end as is_undated,
        case when is_partner_handoff then 1 end as is_handed_off
    from attempts

),

counted as (

    select
        month,
        lost_after_stage_key,
        reason_key,
        channel_key,
        requested_service,
        lost_department,
        count(*) as leads,
        count(is_undated) as leads_undated,
        count(is_handed_off) as leads_handed_off
    from described
    group by month, lost_after_stage_key, reason_key, channel_key, requested_service, lost_department

),

shared as (

    select *, sum(leads) over (partition by month) as leads_in_month from counted

)

select
    shared.month,
    shared.lost_after_stage_key,
    shared.reason_key,
    shared.channel_key,
    shared.requested_service,
    shared.lost_department,
    cast(shared.leads as bigint) as leads,
    cast(shared.leads_undated as bigint) as leads_undated,
    cast(shared.leads_handed_off as bigint) as leads_handed_off,
    cast(shared.leads_in_month as bigint) as leads_in_month,
    {{ safe_divide('shared.leads', 'shared.leads_in_month') }} as share,
    coalesce(reasons.is_unmet_demand, false) or coalesce(not services.is_offered, false) as is_unmet_demand
from shared
left join reasons on shared.reason_key = reasons.reason_key
left join services on lower(shared.requested_service) = services.service_key
