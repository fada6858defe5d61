-- Marts of the funnel: cohorts, speed and rejections.
create or replace table mart_funnel_cohort as
with in_order as (

    select
        *,
        first_value(reached[1]) over of_month as leads,
        lag(reached) over of_month as reached_before,
        sum(open) over (partition by lead_month, channel_key) as open_in_cohort
    from cohorts
    window of_month as (partition by lead_month, channel_key order by stage_order)

),

by_window as (

    -- a row per window: lists of one length are unnested side by side
    select
        * exclude (reached, reached_before),
        unnest([0, 30, 60, 90, 180, 365]) as window_days,
        unnest(reached) as reached,
        unnest(coalesce(reached_before, [null, null, null, null, null, null])) as reached_previous
    from in_order

)

select
    lead_month,
    channel_key,
    stage_key,
    window_days,
    by_window.stage_order,
    department,
    leads,
    0 as reopened,
    reached,
    0 as reached_imputed,
    reached_previous,
    share(reached, reached_previous) as step_conversion,
    share(reached, leads) as conversion_from_lead,
    open,
    last_day(lead_month) + window_days <= getvariable('as_of') and (window_days > 0 or open_in_cohort = 0) as is_mature
from by_window
inner join stages on by_window.stage_order = stages.stage_order;

-- ---------- steps done in each month, and in the running one those still waited for beyond the agreed time
create or replace table mart_speed as
with today as (

    select month_of(date_day) as month, before + working as business_position from calendar where date_day = getvariable('as_of')

),

waiting as (

    -- since the furthest stage, which is the last moment known
    select
        furthest_stage_order + 1 as stage_order,
        if(furthest_stage_order < 4, sdr, sales_rep) as owner,
        timezone('Europe/Berlin', make_timestamptz(epoch_us(greatest(
            created_at, first_contact_at, brief_filled_at, sql_at, sal_at, demo_held_at, proposal_sent_at, contract_sent_at
        )))) as since_local_at
    from fct_lead_funnel
    where outcome = 'open'

),

overdue as (

    select today.month, waiting.stage_order, coalesce(waiting.owner, 'all') as owner, count(*) as overdue_open
    from waiting
    cross join today
    inner join calendar on cast(since_local_at as date) = calendar.date_day
    inner join stages on waiting.stage_order = stages.stage_order
    where today.business_position - business_position(calendar, since_local_at) > sla_business_minutes
    group by grouping sets ((today.month, waiting.stage_order, waiting.owner), (today.month, waiting.stage_order))

)

select
    month,
    stage_key as step_key,
    department,
    owner,
    coalesce(n, 0) as n,
    minutes[1] as median_minutes,
    minutes[2] as p90_minutes,
    coalesce(n, 0) as n_business,
    business_minutes[1] as median_business_minutes,
    business_minutes[2] as p90_business_minutes,
    sla_business_minutes,
    coalesce(within_sla, 0) as within_sla,
    100 * share(within_sla, n) as within_sla_pct,
    case when month = month_of(getvariable('as_of')) then coalesce(overdue_open, 0) end as overdue_open
from step_times
full join overdue using (month, stage_order, owner)
inner join stages using (stage_order);

-- ---------- why leads leave
create or replace table mart_rejections as
select
    left_leads.*,
    0 as leads_undated,
    0 as leads_handed_off,
    cast(sum(leads) over (partition by month) as bigint) as leads_in_month,
    share(leads, sum(leads) over (partition by month)) as share,
    reasons.is_unmet_demand or coalesce(not services.is_offered, false) as is_unmet_demand
from (
    select outcome_month as month, lost_after_stage_key, reason_key, channel_key, requested_service, lost_department, count(*) as leads
    from fct_lead_funnel
    where lost_after_stage_key is not null
    group by all
) as left_leads
inner join reasons using (reason_key)
left join services on left_leads.requested_service = services.service_key;
