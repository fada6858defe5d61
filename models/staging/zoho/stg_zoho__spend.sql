{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'campaign', 'ad_group', 'ad']},
    'named': "concat_ws(', ', 'Date ' || cast(spend_date as string), 'Source ' || channel_raw, 'Campaign ' || campaign, 'AdGroup ' || ad_group, 'Ad ' || ad)"}) }}

with source as (

    {{ landed_rows('zoho', 'spend', [to_iso('"Date"', date_order="'ymd'")]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('"Source"') }} as channel_raw,
        cast(null as string) as account,
        {{ to_text('"Campaign"') }} as campaign,
        {{ to_text('"AdGroup"') }} as ad_group,
        {{ to_text('"Ad"') }} as ad,
        default_currency as currency,

        ---------- measures: the sheet holds plain numbers
        {{ to_text('"Spend"') }} as cost_text,
        {{ to_number('"Spend"', separator="'.'") }} as cost_original,
        {{ to_count('"Impressions"', separator="'.'") }} as impressions,
        {{ to_count('"Clicks"', separator="'.'") }} as clicks,
        {{ unread_values([to_unread_count('"Impressions"', separator="'.'"), to_unread_count('"Clicks"', separator="'.'")]) }} as unread,

        ---------- dates: spreadsheet dates land as ISO text
        {{ to_text('"Date"') }} as date_text,
        {{ to_date('"Date"') }} as spend_date

    from source

),

{{ judged_ad_spend() }}
