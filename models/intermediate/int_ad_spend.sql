with unioned as (
    {{ unioned(['stg_template__ad_spend', 'stg_zoho__spend'], [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'channel_raw', 'campaign', 'ad_group', 'ad', 'currency', 'cost_original',
        'impressions', 'clicks', 'spend_date', 'quarantine_rule']) }}
),

-- Ad platforms restate whole days: for one date and ad, the newest delivery replaces older ones; rows repeated inside one delivery all count.
ranked as (

    select
        *,
        dense_rank() over (
            partition by source_name, spend_date, channel_raw, campaign, ad_group, ad order by load_id desc, file_name desc
        ) as version_rank
    from unioned
    where quarantine_rule is null

)

select
    ranked.source_name,
    ranked.source_system,
    ranked.load_id,
    ranked.file_name,
    ranked.row_number,
    'ad_spend' as cost_kind,
    {{ channel_key() }} as channel_key,
    coalesce(ranked.campaign, '(none)') as campaign,
    ranked.currency,
    ranked.spend_date,
    coalesce(ranked.impressions, 0) as impressions,
    coalesce(ranked.clicks, 0) as clicks,
    ranked.cost_original,
    -- nothing is nothing in every currency, also without a rate
    case when ranked.cost_original = 0 then cast(0 as decimal(18, 4)) else {{ to_base('ranked.cost_original', rate_to_base('ranked'), 'decimal(18, 4)') }} end as cost_base,
    case when ranked.cost_original = 0 then null {{ rate_rule('ranked') }} end as quarantine_rule
from ranked
{{ join_channel('ranked') }}
{{ join_rate('ranked', 'spend_date') }}
where ranked.version_rank = 1
