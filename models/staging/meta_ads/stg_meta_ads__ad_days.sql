{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'account', 'campaign', 'ad_group', 'ad']},
    'named': "concat_ws(', ', 'date ' || cast(spend_date as string), 'account ' || account, 'campaign ' || campaign, 'ad ' || ad)"}) }}

with source as (

    {{ landed_rows('meta_ads', 'ad_days', [to_iso('date', date_order="'ymd'")]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        'meta' as channel_raw,
        {{ to_text('account_id') }} as account,
        {{ to_text('campaign') }} as campaign,
        {{ to_text('ad_group') }} as ad_group,
        {{ to_text('ad') }} as ad,
        upper({{ to_text('currency') }}) as currency,

        ---------- measures
        {{ to_text('spend') }} as cost_text,
        {{ to_number('spend', separator="'.'") }} as cost_original,
        {{ to_count('impressions', separator="'.'") }} as impressions,
        -- clicks that lead somewhere: all clicks hold likes and unfolded texts, too
        {{ to_count('link_clicks', separator="'.'") }} as clicks,
        {{ unread_values([to_unread_count('impressions', separator="'.'"), to_unread_count('link_clicks', separator="'.'")]) }} as unread,

        ---------- dates: days of the account's zone
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as spend_date

    from source

),

{{ judged_ad_spend() }}
