{{ config(meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'to_date', 'note']},
    'named': "concat_ws(', ', cast(from_date as string) || ' to ' || cast(to_date as string), 'channel ' || channel_raw, 'note ' || note)"}) }}

with source as (

    {{ landed_rows('template', 'channel_costs', [to_iso('from_date'), to_iso('to_date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('channel') }} as channel_raw,
        {{ to_text('note') }} as note,
        {{ to_currency('currency') }} as currency,

        ---------- measures
        {{ to_text('cost') }} as cost_text,
        {{ to_number('cost') }} as cost_original,

        ---------- dates
        {{ to_text('from_date') }} as from_date_text,
        {{ to_text('to_date') }} as to_date_text,
        {{ to_date('from_date') }} as from_date,
        {{ to_date('to_date') }} as to_date

    from source

),

judged as (

    select
        *,
        case
            when from_date_text is null or to_date_text is null then 'missing_date'
            when from_date is null or to_date is null then 'unparsable_date'
            when from_date < date '2000-01-01' or {{ days_between('from_date', 'to_date') }} > 3660 then 'implausible_date'
            when to_date < from_date then 'reversed_dates'
            when cost_text is null then 'missing_amount'
            when cost_original is null then 'unparsable_number'
            when {{ currency_disagrees('cost_text') }} then 'currency_mismatch'
            when cost_original < 0 then 'negative_amount'
            when {{ is_total(['channel_raw', 'note']) }} then 'total_row'
        end as quarantine_rule,
        {{ version_key("cast(from_date as string)") }} as version_key,
        {{ version_columns() }}
    from typed

)

select * from judged
