{{ config(materialized='incremental', meta={'replaces': 'client_key', 'keeps_replaced': true}, post_hook='{{ empty_replaced_rows() }}') }}

with entries as (

    select * from {{ ref('int_payments_attributed') }}

),

numbered as (

    select
        *,
        case when kind = 'payment' then cast(row_number() over (
            partition by client_key, kind = 'payment' order by paid_at, payment_key
        ) as bigint) end as payment_number
    from entries

)

select
    payment_key,
    payment_id,
    source_name,
    source_system,
    client_key,
    lead_attempt_key,
    channel_key,
    matched_by,
    unmatched_because,
    paid_at,
    paid_date,
    {{ month_start('paid_date') }} as paid_month,
    kind,
    currency,
    delivered_amount,
    amount_original,
    amount_base,
    direct_cost_base,
    amount_base - direct_cost_base as net_base,
    payment_number,
    coalesce(payment_number = 1, false) as is_first_payment,
    {{ build_number() }} as build_number
from numbered
