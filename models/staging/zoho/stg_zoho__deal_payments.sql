{{ config(meta={'versions': {'by': 'row', 'entity': 'deals'}}) }}

-- The export has no ledger: a deal in "Payment Done" is its own first payment, dated by the closing date. A duplicate says again what its original says.
with deals as (

    select * from {{ ref('stg_zoho__deals') }}

),

paid_deals as (

    select
        {{ provenance() }},
        landed_at,
        'deal-' || lead_id as payment_id,
        lead_id,
        cast(null as string) as client_id,
        cast(null as string) as contact_email_hash,
        cast(null as string) as contact_phone_hash,
        'payment' as kind,
        default_currency as currency,
        initial_amount_text as amount_text,
        initial_amount as delivered_amount,
        cast(null as string) as direct_cost_text,
        cast(null as {{ amount_type() }}) as direct_cost_original,
        closing_date_text as paid_at_text,
        closed_at as paid_at,
        {{ version_key("'deal-' || lead_id") }} as version_key,
        lead_key,
        {{ made_client_key('lead_id') }} as client_key,
        is_duplicate,
        {{ version_columns() }},
        build_number
    from deals
    where status_raw = 'payment done'

),

judged as (

    select
        *,
        coalesce({{ unusable_payment_rule() }}, case {{ time_rule('paid_at') }} end, case when is_duplicate then 'excluded_lead' end) as quarantine_rule
    from paid_deals

)

select * from judged
