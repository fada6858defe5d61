-- A row here is a cohort in which more leads reached a stage than the stage before it, or than within a longer window.
with cohorts as (

    select *, case when window_days = 0 then 1000000 else window_days end as window_length from {{ ref('mart_funnel_cohort') }}

),

compared as (

    select
        *,
        lag(reached) over (partition by lead_month, channel_key, window_days order by stage_order) as reached_before,
        lead(reached) over (partition by lead_month, channel_key, stage_key order by window_length) as reached_longer
    from cohorts

)

select lead_month, channel_key, stage_key, window_days, reached, reached_before, reached_longer
from compared
where reached > reached_before or reached > reached_longer
