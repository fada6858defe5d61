{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'campaign', 'ad_group', 'ad']}}) }}

with source as (

    {{ landed_rows('zoho', 'spend') }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('"Source"') }} as channel_raw,
        cast(null as varchar) as account,
        {{ to_text('"Campaign"') }} as campaign,
        {{ to_text('"AdGroup"') }} as ad_group,
        {{ to_text('"Ad"') }} as ad,
        'EUR' as currency,

        ---------- measures: the sheet holds plain numbers
        {{ to_text('"Spend"') }} as cost_text,
        try_cast("Spend" as decimal(18, 4)) as cost_original,
        {{ to_count('"Impressions"') }} as impressions,
        {{ to_count('"Clicks"') }} as clicks,

        ---------- dates: spreadsheet dates land as ISO text
        {{ to_text('"Date"') }} as date_text,
        {{ to_date('"Date"', date_order="'ymd'") }} as spend_date

    from source

),

-- what an ad platform restates is a day
keyed as (

    select *, {{ version_key('cast(spend_date as varchar)') }} as version_key from typed

),

known as (

    {{ rows_to_judge('keyed') }}

),

judged as (

    select
        *,
        {{ spend_rule() }} as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
