-- What happened on each day and by when it was known: the ledger of measures netted, costs, and the payment plan.
with entries as (

    select
        measure,
        channel_key,
        activity_date,
        known_date,
        sum(amount) as amount
    from {{ ref('int_kpi_entries') }}
    group by measure, channel_key, activity_date, known_date
    having sum(row_count) > 0

),

cost_measures as (

    select 'cost' as measure, channel_key, spend_date as activity_date, spend_date as known_date, sum(cost_base) as amount
    from {{ ref('fct_ad_spend') }}
    group by channel_key, spend_date

),

plan_measures as (

    select 'planned' as measure, channel_key, due_date as activity_date, due_date as known_date, sum(planned_base) as amount
    from {{ ref('fct_payment_plan') }}
    group by channel_key, due_date

    union all

    select 'plan_paid', channel_key, due_date, paid_date, sum(amount_base)
    from {{ ref('int_kpi_plan_payments') }}
    group by channel_key, due_date, paid_date

),

-- counts and money meet here: without the cast a union of both would keep too few decimals
measures as (

    select measure, channel_key, activity_date, known_date, cast(amount as {{ amount_type() }}) as amount from entries
    union all
    select measure, channel_key, activity_date, known_date, cast(amount as {{ amount_type() }}) from cost_measures
    union all
    select measure, channel_key, activity_date, known_date, cast(amount as {{ amount_type() }}) from plan_measures

)

select
    measure,
    channel_key,
    {{ month_start('activity_date') }} as activity_month,
    activity_date,
    known_date,
    amount
from measures
