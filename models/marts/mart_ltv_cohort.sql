with payments as (

    select * from {{ ref('fct_payment') }}

),

months as (

    select * from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

first_payments as (

    select client_key, channel_key, paid_month as first_payment_month from payments where is_first_payment

),

cohorts as (

    select first_payment_month, channel_key, count(*) as clients
    from first_payments
    group by first_payment_month, channel_key

),

-- money from before the first payment (a refund of an unknown payment) belongs to month 0
income as (

    select
        first_payments.first_payment_month,
        first_payments.channel_key,
        greatest(payments.paid_month, first_payments.first_payment_month) as paid_month,
        sum(payments.net_base) as net_income
    from payments
    inner join first_payments on payments.client_key = first_payments.client_key
    group by first_payments.first_payment_month, first_payments.channel_key, greatest(payments.paid_month, first_payments.first_payment_month)

),

channel_cohorts as (
    {{ with_all_channels('cohorts', ['first_payment_month'], ['clients']) }}
),

channel_income as (
    {{ with_all_channels('income', ['first_payment_month', 'paid_month'], ['net_income']) }}
),

scaffold as (

    select
        channel_cohorts.first_payment_month,
        channel_cohorts.channel_key,
        channel_cohorts.clients,
        months.month,
        months.is_partial,
        {{ months_between('channel_cohorts.first_payment_month', 'months.month') }} as months_since
    from channel_cohorts
    inner join months on channel_cohorts.first_payment_month <= months.month

),

accumulated as (

    select
        scaffold.first_payment_month,
        scaffold.months_since,
        scaffold.channel_key,
        scaffold.clients,
        scaffold.is_partial,
        coalesce(channel_income.net_income, 0) as net_income,
        sum(coalesce(channel_income.net_income, 0)) over (
            partition by scaffold.first_payment_month, scaffold.channel_key order by scaffold.months_since
            rows between unbounded preceding and current row
        ) as cumulative_net_income
    from scaffold
    left join channel_income
        on scaffold.first_payment_month = channel_income.first_payment_month and scaffold.channel_key = channel_income.channel_key
        and scaffold.month = channel_income.paid_month

)

select
    first_payment_month,
    cast(months_since as integer) as months_since,
    channel_key,
    cast(clients as bigint) as clients,
    cast(net_income as decimal(18, 2)) as net_income,
    cast(cumulative_net_income as decimal(18, 2)) as cumulative_net_income,
    {{ safe_divide('cumulative_net_income', 'clients') }} as net_income_per_client,
    is_partial
from accumulated
