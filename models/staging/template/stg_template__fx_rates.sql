{{ config(meta={'versions': {'by': 'row'},
    'named': "'date ' || cast(rate_date as string) || ', currency ' || currency"}) }}

with source as (

    {{ landed_rows('template', 'fx_rates', [to_iso('date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_currency('currency', default='null') }} as currency,
        {{ to_text('rate_to_base') }} as rate_text,
        {{ to_rate('rate_to_base') }} as rate_to_base,
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as rate_date
    from source

),

known as (

    select currency, cast(lowest_usd as double) as lowest_usd, cast(highest_usd as double) as highest_usd from {{ ref('currencies') }}

),

-- by what its currency and the base one have been worth in dollars since 2000
weighed as (

    select
        typed.*,
        -- what a dollar is worth in that month says of the base currency what its range since 2000 cannot
        avg(case when typed.currency = 'USD' then typed.rate_to_base end) over of_month * coalesce(known.lowest_usd, 0) as lowest_of_month,
        avg(case when typed.currency = 'USD' then typed.rate_to_base end) over of_month * known.highest_usd as highest_of_month,
        case when typed.currency <> {{ base_currency() }} then coalesce(known.lowest_usd, 0) / base.highest_usd end as lowest,
        case when typed.currency <> {{ base_currency() }} then known.highest_usd / base.lowest_usd end as highest
    from typed
    left join known on typed.currency = known.currency
    left join known as base on base.currency = {{ base_currency() }}
    window of_month as (partition by typed.source_name, typed.load_id, typed.file_name, {{ month_start('typed.rate_date') }})

),

-- four times as much either way may come
told as (

    select
        *,
        rate_to_base between lowest / 4 and highest * 4 as is_likely,
        1 / nullif(rate_to_base, 0) between lowest / 4 and highest * 4 as is_likely_inverted,
        {%- for lowest, highest, slack in [('lowest', 'highest', 4), ('lowest_of_month', 'highest_of_month', 1.5)] %}
        {{ 'or ' if not loop.first }}coalesce(rate_to_base > {{ highest }} * {{ slack }}
        and (
            {%- for units in (10, 100, 1000, 10000) %}
            {{ 'or ' if not loop.first }}rate_to_base / {{ units }} between {{ lowest }} and {{ highest }}
            {%- endfor %}
        ), false)
        {%- endfor %} as is_of_many_units
    from weighed

),

-- a file that is mostly upside down is so in its dollars and francs as well, of which nobody can see it
compared as (

    select
        *,
        sum(case when is_likely_inverted and not is_likely then 1 when is_likely and not is_likely_inverted then -1 else 0 end)
            over (partition by source_name, load_id, file_name) > 0 as is_of_inverted_file,
        -- it says what its currencies are worth in another one
        sum(case when currency <> {{ base_currency() }} then 0 when rate_to_base <> 1 then 1 else -1 end)
            over (partition by source_name, load_id, file_name) > 0 as is_of_another_base
    from told

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
            when is_of_another_base or (currency = {{ base_currency() }} and rate_to_base <> 1) then 'currency_mismatch'
        end as quarantine_rule,
        case
            when highest is null then null
            when (is_likely_inverted and not is_likely) or (is_of_inverted_file and is_likely_inverted) then 'upside down'
            when is_of_many_units then 'of many units'
        end as rate_fault,
        {{ version_key("currency || '|' || cast(rate_date as string)", across=true) }} as version_key,
        {{ version_columns() }}
    from compared

)

select * from judged
