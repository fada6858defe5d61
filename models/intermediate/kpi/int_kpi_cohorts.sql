{{ config(materialized='incremental', meta={'replaces': 'lead_month', 'touched': 'int_kpi_touched_months'}) }}
{%- set stages = funnel_stages() -%}
{%- set windows = cohort_windows() -%}
-- Leads of each month and channel by the stages they reached within each window.
with attempts as (

    select
        *,
        cast(0 as double) as {{ stages[0] }}_age_days
        {%- for stage in stages[1:] %},
        {{ minutes_between('created_at', first_proof(stage, 'at')) }} / 1440 as {{ stage }}_age_days
        {%- endfor %}
    from {{ ref('fct_lead_funnel') }} {{ only_touched('lead_month', 'where', 'int_kpi_touched_months') }}

),

-- one pass over the leads; a window counts only what is proven by a date inside it, all time (0) counts undated proof as well
cohorts as (

    select
        lead_month,
        channel_key,
        count(case when is_reopened then 1 end) as reopened
        {%- for stage in stages %},
        count(case when outcome = 'open' and furthest_stage_key = '{{ stage }}' then 1 end) as {{ stage }}_open
        {%- for window in windows %}
        {%- set within = '' if window == 0 else ' and ' ~ stage ~ '_age_days <= ' ~ window %},
        count(case when {{ stage }}_reached{{ within }} then 1 end) as {{ stage }}_reached_{{ window }},
        count(case when {{ stage }}_is_imputed{{ within }} then 1 end) as {{ stage }}_imputed_{{ window }}
        {%- endfor %}
        {%- endfor %}
    from attempts
    group by lead_month, channel_key

)

select * from cohorts
