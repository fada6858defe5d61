{{ config(materialized='incremental', meta={'replaces': 'client_key', 'keeps_replaced': true}, post_hook='{{ empty_replaced_rows() }}') }}
{#- stages after `lead`: a lead's own date is created_date -#}
{%- set stages = funnel_stages()[1:] -%}

with attempts as {{ not_materialized() }} (

    select * from {{ ref('fct_lead_funnel') }} {{ only_new('where') }}

),

-- a later stage proves the earlier ones: the first dated proof says by when a skipped stage was reached at the latest
proven as (

    select
        *
        {%- for stage in stages %},
        {%- set onwards = stages[loop.index0:] %}
        {%- if onwards | length > 1 %}
        least({% for later in onwards %}{{ later }}_date{{ ", " if not loop.last }}{% endfor %}) as {{ stage }}_known_date,
        least({% for later in onwards %}{{ later }}_at{{ ", " if not loop.last }}{% endfor %}) as {{ stage }}_known_at
        {%- else %}
        {{ stage }}_date as {{ stage }}_known_date,
        {{ stage }}_at as {{ stage }}_known_at
        {%- endif %}
        {%- endfor %}
    from attempts

),

-- a client is won by the attempt that paid first; a win without a date comes after the dated ones
wins as (

    select
        lead_attempt_key,
        row_number() over (partition by client_key order by paid_at asc nulls last, created_at, lead_attempt_key) as win_number
    from attempts
    where paid_reached

),

first_wins as (

    select lead_attempt_key from wins where win_number = 1

)

select
    proven.lead_attempt_key,
    proven.client_key,
    proven.channel_key,
    proven.created_at,
    proven.created_date,
    proven.lead_month,
    proven.is_reopened,
    proven.outcome,
    proven.outcome_date,
    proven.furthest_stage_key,
    first_wins.lead_attempt_key is not null as is_first_win
    {%- for stage in stages %},
    proven.{{ stage }}_reached,
    proven.{{ stage }}_is_imputed,
    proven.{{ stage }}_date,
    proven.{{ stage }}_known_date,
    {{ minutes_between('proven.created_at', 'proven.' ~ stage ~ '_known_at') }} / 1440 as {{ stage }}_age_days
    {%- endfor %},
    proven.lt_days,
    {{ build_number() }} as build_number
from proven
left join first_wins on proven.lead_attempt_key = first_wins.lead_attempt_key
