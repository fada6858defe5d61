-- A row here is a month of first payments whose newest cumulative income, or number of clients, is not what the clients add up to.
with newest as (

    select cohorts.*
    from {{ ref('mart_ltv_cohort') }} as cohorts
    inner join (select first_payment_month, max(months_since) as months_since from {{ ref('mart_ltv_cohort') }} group by first_payment_month) as ages
        on cohorts.first_payment_month = ages.first_payment_month and cohorts.months_since = ages.months_since
    where cohorts.channel_key = 'all'

),

clients as (

    select first_payment_month, count(*) as clients, sum(ltv_net) as ltv_net
    from {{ ref('mart_customer_value') }}
    where first_payment_month is not null
    group by first_payment_month

)

select clients.first_payment_month, clients.clients, newest.clients as clients_in_cohort, clients.ltv_net, newest.cumulative_net_income
from clients
left join newest on clients.first_payment_month = newest.first_payment_month
where newest.clients is null or clients.clients <> newest.clients or clients.ltv_net <> newest.cumulative_net_income
