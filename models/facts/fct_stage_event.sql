{#- a view: int_stage_events holds the dated entries, int_leads their channel, and fct_lead_funnel says which stages are implied -#}
{{ config(materialized='view') }}
{%- set stages = funnel_stages() -%}

with dated_entries as (

    select events.*, {{ lead_attempt_key('events') }} as lead_attempt_key, leads.channel_key
    from {{ ref('int_stage_events') }} as events
    left join {{ ref('int_leads') }} as leads on events.lead_key = leads.lead_key

),

funnel as (

    select * from {{ ref('fct_lead_funnel') }}

),

imputed_entries as (
    {%- for stage in stages[1:] %}
    select
        'imputed#' || lead_attempt_key || '#{{ stage }}' as stage_event_key,
        lead_attempt_key,
        lead_key,
        source_name,
        channel_key,
        '{{ stage }}' as stage_key,
        {{ loop.index + 1 }} as stage_order,
        build_number
    from funnel
    where {{ stage }}_is_imputed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select
    stage_event_key,
    lead_attempt_key,
    lead_key,
    source_name,
    channel_key,
    stage_key,
    stage_order,
    entered_at,
    {{ month_start('entered_date') }} as entered_month,
    exited_at,
    is_first_entry,
    is_regression,
    false as is_imputed,
    is_terminal,
    {{ minutes_between('entered_at', 'exited_at') }} as calendar_minutes,
    exited_position - business_position as business_minutes,
    actor,
    reason_key,
    build_number
from dated_entries
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
    cast(null as string) as actor,
    cast(null as string) as reason_key,
    build_number
from imputed_entries
