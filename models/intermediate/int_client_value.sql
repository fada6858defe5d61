{{ config(materialized='incremental', meta={'replaces': 'client_key'}) }}
{%- set ages = client_ages() -%}
-- What each client brought, whatever its age: mart_customer_value shows of it what the day allows.

with clients as (

    select * from {{ ref('dim_client') }} {{ only_new('where') }}

),

first_wins as (

    select * from {{ ref('int_kpi_wins') }} {{ only_new('where') }}

),

payments as {{ not_materialized() }} (

    select * from {{ ref('fct_payment') }} {{ only_new('where') }}

),

first_payments as (

    select client_key, paid_date as first_payment_date from payments where is_first_payment

),

ledgers as (

    select
        payments.client_key,
        min(first_payments.first_payment_date) as first_payment_date,
        count(case when payments.kind = 'payment' then 1 end) as payments,
        sum(case when payments.kind = 'payment' then payments.amount_base else 0 end) as paid,
        sum(payments.amount_base) as ltv_gross,
        sum(payments.net_base) as ltv_net
        {%- for age in ages %},
        sum(case when {{ days_between('first_payments.first_payment_date', 'payments.paid_date') }} <= {{ age }} then payments.net_base else 0 end) as net_{{ age }}d
        {%- endfor %}
    from payments
    left join first_payments on payments.client_key = first_payments.client_key
    group by payments.client_key

)

select
    clients.client_key,
    clients.source_name,
    -- the ledger may not know the first payment: then the attempt that won the client still says where it came from
    coalesce(first_wins.channel_key, clients.channel_key) as channel_key,
    clients.first_lead_at,
    clients.first_payment_at,
    clients.first_payment_month,
    clients.attempts,
    first_wins.lt_days,
    coalesce(ledgers.payments, 0) as payments,
    {{ safe_divide('ledgers.paid', 'ledgers.payments') }} as average_check,
    cast(ledgers.ltv_gross as {{ amount_type() }}) as ltv_gross,
    cast(ledgers.ltv_net as {{ amount_type() }}) as ltv_net
    {%- for age in ages %},
    ledgers.net_{{ age }}d
    {%- endfor %},
    ledgers.first_payment_date,
    {{ build_number() }} as build_number
from clients
left join ledgers on clients.client_key = ledgers.client_key
left join first_wins on clients.client_key = first_wins.client_key
-- a client is who paid, also when the ledger does not know when
where ledgers.client_key is not null or first_wins.client_key is not null
