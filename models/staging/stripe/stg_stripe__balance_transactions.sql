{{ config(materialized='incremental', meta={'versions': {'by': 'row'}, 'named': "'id ' || payment_id"}) }}

-- The balance is the truth of money: settled amounts, what Stripe kept, disputes and their reversal each as a movement of its own.
with source as (

    {{ landed_rows('stripe', 'balance_transactions', [to_iso('created')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_text('id') }} as payment_id,
        {{ to_text('lead_id') }} as lead_id,
        -- money whose customer is unknown is money: it is a client of its own
        coalesce({{ to_text('customer') }}, case when lead_id is null then coalesce({{ to_text('charge_id') }}, {{ to_text('source_id') }}) end) as client_id,
        {{ to_text('email') }} as contact_email_hash,
        {{ to_text('phone') }} as contact_phone_hash,

        ---------- categories
        reporting_category,
        livemode,
        case reporting_category
            when 'charge' then 'payment'
            when 'refund' then 'refund'
            -- of a direct debit or a transfer, days after it was told as paid
            when 'charge_failure' then 'refund'
            when 'partial_capture_reversal' then 'refund'
            when 'refund_failure' then 'refund_failed'
            when 'dispute' then 'chargeback'
            when 'dispute_reversal' then 'chargeback_won'
        end as kind,
        upper({{ to_text('currency') }}) as currency,

        ---------- measures: minor units of their currency; the fee is what the money cost
        {{ to_text('amount') }} as amount_text,
        cast({{ to_number('amount') }} / {{ minor_units('currency') }} as {{ delivered_amount_type() }}) as delivered_amount,
        -- a fee that comes back with a dispute that was won is no cost, and none is taken off
        case when fee not like '-%' then {{ to_text('fee') }} end as direct_cost_text,
        cast(case when fee not like '-%' then {{ to_number('fee') }} / {{ minor_units('currency') }} end as {{ delivered_amount_type() }}) as direct_cost_original,

        ---------- timestamps: Unix seconds
        {{ to_text('created') }} as paid_at_text,
        {{ to_utc('created') }} as paid_at

    from source

),

{{ judged_payments("case when livemode = 'false' then 'test_payment' when kind is null then 'no_payment' end") }}
