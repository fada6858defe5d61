{{ config(materialized='incremental', meta={'replaces': 'cohort_key', 'touched': 'int_verdict_touched_cohorts'}) }}
{%- set stages = funnel_stages() -%}
{%- set won = stages[-1] -%}
{%- set later_first = stages[1:] | reverse | list -%}

with leads as (

    select
        lead_attempt_key,
        channel_key,
        created_at,
        created_date,
        lead_month
        {%- for stage in stages[1:] %},
        {{ stage }}_reached,
        {{ stage }}_at,
        {{ stage }}_reached and not {{ stage }}_is_imputed and {{ stage }}_at is null as {{ stage }}_undated
        {%- endfor %}
    from {{ ref('fct_lead_funnel') }}

),

windows as (

    select * from {{ ref('int_verdict_windows') }} {{ only_touched('cohort_key', 'where', 'int_verdict_touched_cohorts') }}

),

observation as (

    select
        *,
        -- where the cohort's to-date view ends: as many whole days after its span as the younger cohort has lived after its own
        {{ add_minutes(as_of_end_at(), '-1440.0 * ' ~ days_between(add_days('side_month', 'span_days + lived_days'), add_days(as_of(), 1))) }} as observed_until_at
    from windows

),

observed as (

    select
        leads.*,
        observation.side_month,
        observation.window_key,
        observation.cohort_key,
        {{ add_minutes('leads.created_at', "case
            when observation.window_kind = 'full' then 1440.0 * observation.window_days
            else 1440.0 * observation.lived_days + greatest(" ~ minutes_between('leads.created_at', 'observation.observed_until_at') ~ " - 1440.0 * observation.lived_days, 0)
                * observation.profile_days / observation.span_days
        end") }} as window_ends_at
    from leads
    inner join observation on leads.lead_month = observation.side_month
    where leads.created_date < {{ add_days('observation.side_month', 'observation.span_days') }}

),

-- Furthest stage within the window. A stage counts when its own date, or that of a later one, lies inside: what only a later stage proves was reached
-- when that one was. What a status proves without a date counts at any age; int_verdict_stages says when that may be compared.
placed as (

    select
        lead_attempt_key,
        cohort_key,
        side_month,
        window_key,
        channel_key,
        window_ends_at,
        {{ won }}_reached,
        case
            {%- for stage in later_first %}
            when {{ stage }}_at <= window_ends_at or {{ stage }}_undated then {{ stages.index(stage) }}
            {%- endfor %}
            else 0
        end as furthest,
        case
            {%- for stage in later_first %}
            when {{ stage }}_at <= window_ends_at then 0
            when {{ stage }}_undated then 1
            {%- endfor %}
            else 0
        end as is_undated
    from observed

),

counted as (

    select
        cohort_key,
        side_month,
        window_key,
        channel_key,
        sum(is_undated) as undated_count
        {%- for stage in stages %},
        sum(case when furthest >= {{ loop.index0 }} then 1 else 0 end) as {{ stage }}_count
        {%- endfor %}
    from placed
    group by cohort_key, side_month, window_key, channel_key

),

per_client as (

    select
        placed.cohort_key,
        placed.channel_key,
        placed.lead_attempt_key,
        -- decimals, so that no order of rows changes a figure
        cast(sum(case when payments.kind = 'payment' then payments.amount_base else 0 end) as {{ amount_type() }}) as paid_in,
        cast(sum(case when payments.kind <> 'payment' then payments.amount_base else 0 end) as {{ amount_type() }}) as paid_back
    from placed
    inner join {{ ref('fct_payment') }} as payments
        on placed.lead_attempt_key = payments.lead_attempt_key and payments.paid_at <= placed.window_ends_at
    where placed.{{ won }}_reached
    group by placed.cohort_key, placed.channel_key, placed.lead_attempt_key

),

money as (

    select
        cohort_key,
        channel_key,
        sum(paid_in) as new_revenue,
        sum({{ square_of('paid_in') }}) as new_revenue_squares,
        sum(paid_back) as refunds,
        sum({{ square_of('paid_back') }}) as refund_squares
    from per_client
    group by cohort_key, channel_key

)

select
    counted.*,
    cast(coalesce(money.new_revenue, 0) as double) as new_revenue,
    cast(coalesce(money.new_revenue_squares, 0) as double) as new_revenue_squares,
    cast(coalesce(money.refunds, 0) as double) as refunds,
    cast(coalesce(money.refund_squares, 0) as double) as refund_squares
from counted
left join money on counted.cohort_key = money.cohort_key and counted.channel_key = money.channel_key
