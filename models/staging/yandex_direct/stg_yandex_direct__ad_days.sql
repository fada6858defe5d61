{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'account', 'campaign', 'ad_group', 'ad']},
    'named': "concat_ws(', ', 'date ' || cast(spend_date as string), 'campaign ' || campaign, 'ad ' || ad)"}) }}

with source as (

    {{ landed_rows('yandex_direct', 'ad_days', [to_iso('date', date_order="'ymd'")]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        'yandex direct' as channel_raw,
        cast(null as string) as account,
        {{ to_text('campaign') }} as campaign,
        {{ to_text('ad_group') }} as ad_group,
        {{ to_text('ad_id') }} as ad,
        -- a report is in the currency of the account, which it does not name: `currency` of the source does
        default_currency as currency,

        ---------- measures: VAT included, since it is paid
        {{ to_text('cost') }} as cost_text,
        {{ to_number('cost', separator="'.'") }} as cost_original,
        {{ to_count('impressions', separator="'.'") }} as impressions,
        {{ to_count('clicks', separator="'.'") }} as clicks,
        {{ unread_values([to_unread_count('impressions', separator="'.'"), to_unread_count('clicks', separator="'.'")]) }} as unread,

        ---------- dates: days of Moscow, which cannot be cut anew
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as spend_date

    from source

),

{{ judged_ad_spend() }}
