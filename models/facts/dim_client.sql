{{ config(materialized='incremental', meta={'replaces': 'client_key'}) }}

with attempts as (

    select client_key, source_name, channel_key, created_at, lead_attempt_key,
        row_number() over (partition by client_key order by created_at, lead_attempt_key) as attempt_order,
        count(*) over (partition by client_key) as attempts
    from {{ ref('fct_lead_funnel') }} {{ only_new('where') }}

),

first_attempts as (

    select * from attempts where attempt_order = 1

),

payments as {{ not_materialized() }} (

    select * from {{ ref('fct_payment') }} {{ only_new('where') }}

),

first_payments as (

    select client_key, channel_key, paid_at, paid_month from payments where is_first_payment

),

payers as (

    -- one row per client of the ledger, so that a client known by refunds only is not lost
    select client_key, min(source_name) as source_name from payments group by client_key

)

select
    coalesce(first_attempts.client_key, payers.client_key) as client_key,
    coalesce(first_attempts.source_name, payers.source_name) as source_name,
    -- a client is credited to the channel of the attempt that first paid; one who never paid, to the first attempt
    coalesce(first_payments.channel_key, first_attempts.channel_key, 'unmapped') as channel_key,
    first_attempts.created_at as first_lead_at,
    first_payments.paid_at as first_payment_at,
    first_payments.paid_month as first_payment_month,
    coalesce(first_attempts.attempts, 0) as attempts,
    {{ build_number() }} as build_number
from first_attempts
full outer join payers on first_attempts.client_key = payers.client_key
left join first_payments on coalesce(first_attempts.client_key, payers.client_key) = first_payments.client_key
