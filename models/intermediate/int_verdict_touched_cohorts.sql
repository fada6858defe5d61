{#- Going on, the cohorts to count: new windows, months in which something changed, and windows that nobody looks through any more. -#}
{%- set windows = ref('int_verdict_windows') -%}
{%- set months = ref('int_kpi_touched_months') -%}
{%- if not goes_on() -%}
-- a full build counts every cohort
select cast(null as string) as touched_key where 1 = 0
{%- else -%}
with counted as (

    select cohort_key from {{ this.incorporate(path={'identifier': 'int_verdict_cohorts'}) }} group by cohort_key

)

select coalesce(windows.cohort_key, counted.cohort_key) as touched_key
from {{ windows }} as windows
full outer join counted on windows.cohort_key = counted.cohort_key
-- how much of a young cohort has been seen depends on the day itself
where windows.window_kind = 'to_date' or windows.cohort_key is null or counted.cohort_key is null or windows.side_month in (select touched_key from {{ months }})
{%- endif %}
