{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'account', 'campaign', 'ad_group', 'ad']},
    'named': "concat_ws(', ', 'date ' || cast(spend_date as string), 'account ' || account, 'campaign ' || campaign)"}) }}

with source as (

    {{ landed_rows('google_ads', 'campaign_days', [to_iso('date', date_order="'ymd'")]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('channel_type') }} as channel_raw,
        {{ to_text('customer_id') }} as account,
        {{ to_text('campaign') }} as campaign,
        cast(null as string) as ad_group,
        cast(null as string) as ad,
        upper({{ to_text('currency_code') }}) as currency,

        ---------- measures: cost in millionths
        {{ to_text('cost_micros') }} as cost_text,
        cast({{ to_number('cost_micros', separator="'.'") }} / 1000000 as {{ delivered_amount_type() }}) as cost_original,
        {{ to_count('impressions', separator="'.'") }} as impressions,
        {{ to_count('clicks', separator="'.'") }} as clicks,
        {{ unread_values([to_unread_count('impressions', separator="'.'"), to_unread_count('clicks', separator="'.'")]) }} as unread,

        ---------- dates: days of the account's zone, which cannot be cut anew
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as spend_date

    from source

),

{{ judged_ad_spend() }}
