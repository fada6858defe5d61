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
