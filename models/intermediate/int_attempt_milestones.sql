{{ config(materialized='view') }}

-- Attempts and when each first entered each stage, with the moment's position on the working calendar. What is reached without a date is in int_attempt_status.
{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] %}

with attempts as (

    select *, {{ local_timestamp('created_at') }} as created_local_at from {{ ref('int_lead_attempts') }}

),

entries as (

    -- the calendar's position never falls with time, so the earliest entry has the smallest; nor does the day
    select
        {{ lead_attempt_key() }} as lead_attempt_key
        {%- for stage in stages[1:] %},
        min(case when stage_order = {{ loop.index + 1 }} then entered_at end) as {{ stage }}_at,
        min(case when stage_order = {{ loop.index + 1 }} then entered_date end) as {{ stage }}_date,
        min(case when stage_order = {{ loop.index + 1 }} then business_position end) as {{ stage }}_position
        {%- endfor %}
    from {{ ref('int_stage_events') }}
    where stage_order > 1 {{ only_new() }}
    group by lead_key, attempt_number

),

dated_statuses as (

    select lead_attempt_key, stage_order, entered_at, {{ local_timestamp('entered_at') }} as entered_local_at
    from {{ ref('int_attempt_status') }}
    where stage_order > 1 and entered_at is not null

),

statuses as (

    select
        dated_statuses.lead_attempt_key
        {%- for stage in stages[1:] %},
        min(case when dated_statuses.stage_order = {{ loop.index + 1 }} then dated_statuses.entered_at end) as {{ stage }}_at,
        min(case when dated_statuses.stage_order = {{ loop.index + 1 }} then cast(dated_statuses.entered_local_at as date) end) as {{ stage }}_date,
        min(case when dated_statuses.stage_order = {{ loop.index + 1 }} then {{ business_position('dated_statuses.entered_local_at', 'dim_date') }} end)
            as {{ stage }}_position
        {%- endfor %}
    from dated_statuses
    left join {{ ref('dim_date') }} as dim_date on cast(dated_statuses.entered_local_at as date) = dim_date.date_day
    group by dated_statuses.lead_attempt_key

),

first_payments as (

    select lead_attempt_key, paid_at, {{ local_timestamp('paid_at') }} as paid_local_at
    from (
        select lead_attempt_key, min(paid_at) as paid_at
        from {{ ref('fct_payment') }}
        where kind = 'payment' and lead_attempt_key is not null {{ only_new() }}
        group by lead_attempt_key
    ) as earliest

)

-- better evidence first: the ledger dates the client, an event dates a stage, a status only where nothing else does
select
    attempts.*,
    attempts.created_at as {{ lead }}_at,
    cast(attempts.created_local_at as date) as {{ lead }}_date,
    {{ business_position('attempts.created_local_at', 'created_day') }} as {{ lead }}_position
    {%- for stage in stages[1:-1] %},
    coalesce(entries.{{ stage }}_at, statuses.{{ stage }}_at) as {{ stage }}_at,
    coalesce(entries.{{ stage }}_date, statuses.{{ stage }}_date) as {{ stage }}_date,
    coalesce(entries.{{ stage }}_position, statuses.{{ stage }}_position) as {{ stage }}_position
    {%- endfor %},
    coalesce(first_payments.paid_at, entries.{{ won }}_at, statuses.{{ won }}_at) as {{ won }}_at,
    coalesce(cast(first_payments.paid_local_at as date), entries.{{ won }}_date, statuses.{{ won }}_date) as {{ won }}_date,
    case
        when first_payments.paid_at is not null then {{ business_position('first_payments.paid_local_at', 'paid_day') }}
        else coalesce(entries.{{ won }}_position, statuses.{{ won }}_position)
    end as {{ won }}_position
from attempts
left join entries on attempts.lead_attempt_key = entries.lead_attempt_key
left join statuses on attempts.lead_attempt_key = statuses.lead_attempt_key
left join first_payments on attempts.lead_attempt_key = first_payments.lead_attempt_key
left join {{ ref('dim_date') }} as created_day on cast(attempts.created_local_at as date) = created_day.date_day
left join {{ ref('dim_date') }} as paid_day on cast(first_payments.paid_local_at as date) = paid_day.date_day
