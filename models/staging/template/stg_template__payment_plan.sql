{{ config(meta={'versions': {'by': 'row', 'voids': 'zero_amount'},
    'named': "'plan_id ' || plan_id"}) }}

with source as (

    {{ landed_rows('template', 'payment_plan', [to_iso('due_date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        -- plan_key is made of it
        {{ own_id(to_id('plan_id')) }} as plan_id,
        {{ to_id('lead_id') }} as lead_id,
        {{ to_person_id('client_id') }} as client_id,
        {{ to_text('contact_email') }} as contact_email_hash,
        {{ to_text('contact_phone') }} as contact_phone_hash,

        ---------- categories
        {{ category('service') }} as service,
        {{ to_currency('currency') }} as currency,

        ---------- measures
        {{ to_text('amount') }} as amount_text,
        {{ to_number('amount') }} as planned_original,

        ---------- dates
        {{ to_text('due_date') }} as due_date_text,
        {{ to_date('due_date') }} as due_date

    from source

),

judged as (

    select
        *,
        case
            when plan_id is null or (lead_id is null and client_id is null and not {{ names_contact() }}) then 'missing_id'
            when due_date_text is null then 'missing_date'
            when due_date is null then 'unparsable_date'
            when due_date < date '2000-01-01' or due_date > date '2100-01-01' then 'implausible_date'
            when amount_text is null then 'missing_amount'
            when planned_original is null then 'unparsable_number'
            when {{ currency_disagrees('amount_text') }} then 'currency_mismatch'
            when planned_original < 0 then 'negative_amount'
            when planned_original = 0 then 'zero_amount'
            when {{ is_total_of_money('plan_id') }} then 'total_row'
        end as quarantine_rule,
        {{ version_key("plan_id") }} as version_key,
        {{ version_columns() }}
    from typed

)

select * from judged
