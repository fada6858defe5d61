{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'voids': 'zero_amount'},
    'named': "'payment_id ' || payment_id"}) }}

with source as (

    {{ landed_rows('template', 'payments', [to_iso('paid_at')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_id('payment_id') }} as payment_id,
        {{ to_id('lead_id') }} as lead_id,
        {{ to_person_id('client_id') }} as client_id,
        {{ to_text('contact_email') }} as contact_email_hash,
        {{ to_text('contact_phone') }} as contact_phone_hash,

        ---------- categories
        {{ to_kind('kind') }} as kind,
        {{ to_currency('currency') }} as currency,

        ---------- measures
        {{ to_text('amount') }} as amount_text,
        {{ to_number('amount') }} as delivered_amount,
        {{ to_text('direct_cost') }} as direct_cost_text,
        {{ to_number('direct_cost') }} as direct_cost_original,

        ---------- timestamps
        {{ to_text('paid_at') }} as paid_at_text,
        {{ to_utc('paid_at') }} as paid_at

    from source

),

{{ judged_payments() }}
