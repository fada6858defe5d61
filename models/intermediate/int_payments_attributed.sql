{{ config(materialized='view') }}
{#- of a payment dated by day nobody knows the hour -#}
{%- set has_begun -%}
    attempts.earns_from <= payments.paid_at or ({{ is_a_day('payments.paid_at') }} and {{ local_date('attempts.created_at') }} = payments.paid_date)
{%- endset %}

-- Each ledger entry with the attempt it belongs to: the latest one begun at or before the payment, else the first. One that came back begins, for money, when the one before ended.
with payments as (

    select * from {{ ref('int_payments') }} where quarantine_rule is null {{ only_touched('subject_key') }}

),

attempts as (

    select
        lead_attempt_key,
        lead_key,
        client_key,
        channel_key,
        created_at,
        earns_from,
        attempt_number = 1 and is_last_attempt as is_only_attempt
    from {{ ref('int_lead_attempts') }}

),

candidates as (

    select
        payments.payment_key,
        payments.paid_at,
        {{ has_begun }} as has_begun,
        attempts.lead_attempt_key,
        attempts.channel_key,
        attempts.earns_from
    from payments
    inner join attempts on payments.lead_key = attempts.lead_key and not attempts.is_only_attempt

    union all

    -- named by client only: any of the client's attempts can be the one
    select
        payments.payment_key,
        payments.paid_at,
        {{ has_begun }},
        attempts.lead_attempt_key,
        attempts.channel_key,
        attempts.earns_from
    from payments
    inner join attempts on payments.client_key = attempts.client_key
    where payments.lead_key is null

),

ranked as (

    select
        payment_key,
        lead_attempt_key,
        channel_key,
        row_number() over (
            partition by payment_key
            order by
                case when has_begun then 0 else 1 end,
                case when has_begun then {{ minutes_between('earns_from', 'paid_at') }} else {{ minutes_between('paid_at', 'earns_from') }} end,
                lead_attempt_key
        ) as candidate_rank
    from candidates

)

select
    payments.*,
    coalesce(only_attempts.lead_attempt_key, ranked.lead_attempt_key) as lead_attempt_key,
    -- money of a lead that counts nowhere still came from its channel
    coalesce(only_attempts.channel_key, ranked.channel_key, payments.owner_channel_key, 'unmapped') as channel_key
from payments
left join attempts as only_attempts on payments.lead_key = only_attempts.lead_key and only_attempts.is_only_attempt
left join ranked on payments.payment_key = ranked.payment_key and ranked.candidate_rank = 1
