{%- set stages = funnel_stages() -%}
-- The cohorts that comparisons look at, each through which window. The key also says which stages each source dates: that decides what a cohort shows.
with described as (

    select
        source_name || '=' || {% for stage in stages[1:] %}case when dates_{{ stage }} then '1' else '0' end{{ " || " if not loop.last }}{% endfor %} as source_dates
    from {{ ref('int_verdict_dating') }}

),

signature as (

    select {{ string_agg('source_dates', 'source_dates') }} as dates_of_sources from described

)

select
    cast(sides.side_month as varchar) || '|' || sides.window_key || '|' || max(signature.dates_of_sources) as cohort_key,
    sides.side_month,
    sides.window_key,
    max(sides.window_kind) as window_kind,
    max(sides.window_days) as window_days,
    max(sides.lived_days) as lived_days,
    max(sides.span_days) as span_days,
    max(sides.profile_days) as profile_days
from {{ ref('int_verdict_sides') }} as sides
cross join signature
where sides.basis = 'cohort'
group by sides.side_month, sides.window_key
