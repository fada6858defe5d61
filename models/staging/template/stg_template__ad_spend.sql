{{ config(materialized='incremental', meta={'versions': {'by': 'file', 'columns': ['channel_raw', 'account', 'campaign', 'ad_group', 'ad']},
    'named': "concat_ws(', ', 'date ' || cast(spend_date as string), 'channel ' || channel_raw, 'account ' || account, 'campaign ' || campaign, 'ad group ' || ad_group, 'ad ' || ad)"}) }}

with source as (

    {{ landed_rows('template', 'ad_spend', [to_iso('date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('channel') }} as channel_raw,
        {{ to_text('account') }} as account,
        {{ to_text('campaign') }} as campaign,
        {{ to_text('ad_group') }} as ad_group,
        {{ to_text('ad') }} as ad,
        {{ to_currency('currency') }} as currency,

        ---------- measures
        {{ to_text('cost') }} as cost_text,
        {{ to_number('cost') }} as cost_original,
        {{ to_count('impressions') }} as impressions,
        {{ to_count('clicks') }} as clicks,
        {{ unread_values([to_unread_count('impressions'), to_unread_count('clicks')]) }} as unread,

        ---------- dates
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as spend_date

    from source

),

{{ judged_ad_spend() }}
