-- The cohorts that comparisons look at, each through which window.
select
    cast(side_month as string) || '|' || window_key as cohort_key,
    side_month,
    window_key,
    max(window_kind) as window_kind,
    max(window_days) as window_days,
    max(lived_days) as lived_days,
    max(span_days) as span_days,
    max(profile_days) as profile_days
from {{ ref('int_verdict_sides') }}
where basis = 'cohort'
group by side_month, window_key
