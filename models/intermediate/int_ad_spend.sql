{{ config(materialized='view') }}

-- Ad platforms restate days: for one date and ad, a later file replaces earlier ones, or as `overlap` in sources.yml has it; rows repeated inside one file all count.
with delivered as (
    {{ newest_rows('ad_spend', [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'channel_raw', 'account', 'campaign', 'ad_group', 'ad', 'currency', 'cost_original',
        'impressions', 'clicks', 'spend_date']) }}
)

select
    delivered.source_name,
    delivered.source_system,
    delivered.load_id,
    delivered.file_name,
    delivered.row_number,
    'ad_spend' as cost_kind,
    {{ channel_key() }} as channel_key,
    coalesce(delivered.account, '(none)') as account,
    coalesce(delivered.campaign, '(none)') as campaign,
    delivered.currency,
    delivered.spend_date,
    coalesce(delivered.impressions, 0) as impressions,
    coalesce(delivered.clicks, 0) as clicks,
    delivered.cost_original,
    -- nothing is nothing in every currency, also without a rate
    case when delivered.cost_original = 0 then cast(0 as {{ amount_type() }}) else {{ to_base('delivered.cost_original', rate_to_base('delivered')) }} end as cost_base,
    case when delivered.cost_original = 0 then null {{ rate_rule('delivered') }} end as quarantine_rule
from delivered
{{ join_channel('delivered') }}
{{ join_rate('delivered', 'spend_date') }}
