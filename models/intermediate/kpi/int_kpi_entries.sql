{#- A ledger of measures: going on, a build adds entries, +1 for every new row and -1 for every row that it replaced. So a night costs what is new,
    and int_kpi_measures_daily nets them. A measure's day is the day of the window it belongs to; known_date is the day by which it was known
    (null: never dated). Cohort measures belong to the day the lead was created, and become known later. -#}
{{ config(materialized='incremental', meta={'ledger': true}) }}
{%- set stages = funnel_stages()[1:] -%}
{%- set won = stages[-1] -%}
{%- set ages = client_ages() -%}

with attempts as (

    {{ entries_of('fct_lead_funnel') }}

),

wins as (

    {{ entries_of('int_kpi_wins') }}

),

payments as {{ not_materialized() }} (

    {{ entries_of('fct_payment') }}

),

lead_measures as (

    -- a lead that comes back runs through the funnel again, but is no new application
    select 'leads' as measure, channel_key, created_date as activity_date, created_date as known_date, sum(entry_sign) as amount, sum(entry_sign) as row_count
    from attempts
    where not is_reopened
    group by channel_key, created_date

    union all

    select 'attempts', channel_key, created_date, created_date, sum(entry_sign), sum(entry_sign)
    from attempts
    group by channel_key, created_date

),

stage_measures as (
    {% for stage in stages %}
    select 'stage_{{ stage }}' as measure, channel_key, {{ stage }}_date as activity_date, {{ stage }}_date as known_date, sum(entry_sign) as amount, sum(entry_sign) as row_count
    from attempts
    where {{ stage }}_date is not null
    group by channel_key, {{ stage }}_date
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

ending_measures as (

    select outcome as measure, channel_key, outcome_date as activity_date, outcome_date as known_date, sum(entry_sign) as amount, sum(entry_sign) as row_count
    from attempts
    where outcome in ('rejected', 'returned', 'lost') and outcome_date is not null
    group by outcome, channel_key, outcome_date

),

cohort_measures as (
    {% for stage in stages %}
    select 'cohort_{{ stage }}' as measure, channel_key, created_date as activity_date, {{ first_proof(stage, 'date') }} as known_date, sum(entry_sign) as amount, sum(entry_sign) as row_count
    from attempts
    where {{ stage }}_reached
    group by channel_key, created_date, {{ first_proof(stage, 'date') }}

    union all
    {% endfor %}
    select 'cohort_clients', channel_key, created_date, {{ won }}_date, sum(entry_sign), sum(entry_sign)
    from wins
    group by channel_key, created_date, {{ won }}_date

),

ledger_measures as (

    select 'payments' as measure, channel_key, paid_date as activity_date, paid_date as known_date, cast(sum(entry_sign) as {{ amount_type() }}) as amount, sum(entry_sign) as row_count
    from payments
    where kind = 'payment'
    group by channel_key, paid_date

    union all

    select 'payment_amount', channel_key, paid_date, paid_date, sum(entry_sign * amount_base), sum(entry_sign)
    from payments
    where kind = 'payment'
    group by channel_key, paid_date

    union all

    select 'revenue', channel_key, paid_date, paid_date, sum(entry_sign * amount_base), sum(entry_sign)
    from payments
    group by channel_key, paid_date

    union all

    select 'new_clients', channel_key, paid_date, paid_date, cast(sum(entry_sign) as {{ amount_type() }}), sum(entry_sign)
    from payments
    where is_first_payment
    group by channel_key, paid_date

),

-- what the leads of a day have paid so far; payments without a lead belong to no cohort of leads
lead_income as (

    select
        attempts.channel_key,
        attempts.created_date as activity_date,
        payments.paid_date as known_date,
        sum(payments.entry_sign * payments.amount_base) as revenue,
        sum(payments.entry_sign * payments.net_base) as net_income,
        sum(payments.entry_sign) as row_count
    from payments
    inner join attempts on payments.lead_attempt_key = attempts.lead_attempt_key and payments.entry_sign = attempts.entry_sign
    group by attempts.channel_key, attempts.created_date, payments.paid_date

),

lead_income_measures as (

    select 'cohort_revenue' as measure, channel_key, activity_date, known_date, revenue as amount, row_count from lead_income
    union all
    select 'cohort_net_income', channel_key, activity_date, known_date, net_income, row_count from lead_income

),

first_payments as (

    select client_key, channel_key, paid_date as first_payment_date, entry_sign from payments where is_first_payment

),

client_income as (

    select
        first_payments.channel_key,
        first_payments.first_payment_date,
        payments.paid_date,
        sum(payments.entry_sign * payments.net_base) as net_income,
        sum(payments.entry_sign) as row_count
    from payments
    inner join first_payments on payments.client_key = first_payments.client_key and payments.entry_sign = first_payments.entry_sign
    group by first_payments.channel_key, first_payments.first_payment_date, payments.paid_date

),

-- a client enters the figure of an age on the day of that age, with everything paid until then
client_measures as (

    select 'client_net_income' as measure, channel_key, first_payment_date as activity_date, paid_date as known_date, net_income as amount, row_count
    from client_income
    {%- for age in ages %}

    union all

    select 'client_net_income_{{ age }}d', channel_key, first_payment_date, {{ add_days('first_payment_date', age) }}, sum(net_income), sum(row_count)
    from client_income
    where {{ days_between('first_payment_date', 'paid_date') }} <= {{ age }}
    group by channel_key, first_payment_date

    union all

    select 'clients_{{ age }}d', channel_key, first_payment_date, {{ add_days('first_payment_date', age) }}, cast(sum(entry_sign) as {{ amount_type() }}), sum(entry_sign)
    from first_payments
    group by channel_key, first_payment_date
    {%- endfor %}

),

-- counts and money meet here: without the cast a union of both would keep too few decimals
measures as (
    {% for step in ['lead', 'stage', 'ending', 'cohort', 'ledger', 'lead_income', 'client'] %}
    select measure, channel_key, activity_date, known_date, cast(amount as {{ amount_type() }}) as amount, row_count from {{ step }}_measures
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

)

select
    measure,
    channel_key,
    activity_date,
    known_date,
    amount,
    -- how many rows stand behind the amount: 0 nets to nothing, unlike an amount of 0
    row_count,
    {{ build_number() }} as build_number
from measures
where row_count <> 0 or amount <> 0
