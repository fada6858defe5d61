with measures as (

    select * from {{ ref('int_kpi_measures_daily') }}

),

months as (

    select * from {{ ref('int_kpi_windows') }} where window_kind = 'month'

),

cohorts as (

    select activity_month as first_payment_month, channel_key, sum(amount) as clients
    from measures
    where measure = 'new_clients'
    group by activity_month, channel_key

),

-- by the day of the first payment; money from before it (a refund of an unknown payment) belongs to month 0
income as (

    select
        activity_month as first_payment_month,
        channel_key,
        greatest({{ month_start('known_date') }}, activity_month) as paid_month,
        sum(amount) as net_income
    from measures
    where measure = 'client_net_income'
    group by activity_month, channel_key, greatest({{ month_start('known_date') }}, activity_month)

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
    cast(net_income as {{ amount_type() }}) as net_income,
    cast(cumulative_net_income as {{ amount_type() }}) as cumulative_net_income,
    {{ safe_divide('cumulative_net_income', 'clients') }} as net_income_per_client,
    is_partial
from accumulated
