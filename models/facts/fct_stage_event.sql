{{ config(materialized='incremental', meta={'replaces': ['lead_key']}) }}
{%- set stages = funnel_stages() -%}

with entries as (

    select * from {{ ref('int_stage_events') }}

),

funnel as (

    select * from {{ ref('fct_lead_funnel') }} {{ only_touched('lead_key', 'where') }}

),

placed as (

    select
        *,
        lead(entered_at) over in_order as exited_at,
        lead(business_position) over in_order as exited_position,
        row_number() over (partition by lead_attempt_key, stage_key order by entered_at, stage_event_key) = 1 as is_first_entry,
        -- a regression goes back behind the furthest stage entered before
        coalesce(stage_order < max(stage_order) over (
            partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key rows between unbounded preceding and 1 preceding
        ), false) as is_regression
    from entries
    window in_order as (partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key)

),

dated_entries as (

    select
        placed.stage_event_key,
        placed.lead_attempt_key,
        placed.lead_key,
        placed.source_name,
        placed.channel_key,
        placed.stage_key,
        placed.stage_order,
        placed.entered_at,
        {{ month_start('placed.entered_date') }} as entered_month,
        placed.exited_at,
        placed.is_first_entry,
        placed.is_regression,
        false as is_imputed,
        placed.is_terminal,
        {{ minutes_between('placed.entered_at', 'placed.exited_at') }} as calendar_minutes,
        placed.exited_position - placed.business_position as business_minutes,
        placed.actor,
        placed.reason_key
    from placed

),

imputed_entries as (
    {%- for stage in stages[1:] %}
    select
        lead_attempt_key || ':imputed:{{ stage }}' as stage_event_key,
        lead_attempt_key,
        lead_key,
        source_name,
        channel_key,
        '{{ stage }}' as stage_key,
        {{ loop.index + 1 }} as stage_order
    from funnel
    where {{ stage }}_is_imputed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select *, {{ run_parameter('build_number') }} as build_number from dated_entries
union all
select
    stage_event_key,
    lead_attempt_key,
    lead_key,
    source_name,
    channel_key,
    stage_key,
    stage_order,
    cast(null as timestamp) as entered_at,
    cast(null as date) as entered_month,
    cast(null as timestamp) as exited_at,
    true as is_first_entry,
    false as is_regression,
    true as is_imputed,
    false as is_terminal,
    cast(null as double) as calendar_minutes,
    cast(null as double) as business_minutes,
    cast(null as varchar) as actor,
    cast(null as varchar) as reason_key,
    {{ run_parameter('build_number') }} as build_number
from imputed_entries
