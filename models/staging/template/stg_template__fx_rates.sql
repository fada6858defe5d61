{{ config(meta={'versions': {'by': 'row'},
    'named': "'date ' || cast(rate_date as varchar) || ', currency ' || currency"}) }}

with source as (

    {{ landed_rows('template', 'fx_rates', [to_iso('date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        upper({{ to_text('currency') }}) as currency,
        {{ to_text('rate_to_base') }} as rate_text,
        {{ to_rate('rate_to_base') }} as rate_to_base,
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as rate_date
    from source

),

judged as (

    select
        *,
        case
            when currency is null then 'missing_id'
            when date_text is null then 'missing_date'
            when rate_date is null then 'unparsable_date'
            when rate_text is null then 'missing_amount'
            when rate_to_base is null then 'unparsable_number'
            when rate_to_base <= 0 then 'negative_amount'
            -- the file says what its currencies are worth in another one
            when currency = {{ base_currency() }} and rate_to_base <> 1 then 'currency_mismatch'
        end as quarantine_rule,
        {{ version_key("currency || '|' || cast(rate_date as varchar)", across=true) }} as version_key,
        {{ version_columns() }}
    from typed

)

select * from judged
