with costs as (

    select * from {{ ref('int_ad_spend') }} where quarantine_rule is null
    union all
    select * from {{ ref('int_channel_costs') }} where quarantine_rule is null

)

select
    concat_ws('|', cast(spend_date as string), source_name, channel_key, account, campaign, cost_kind, currency) as ad_spend_key,
    spend_date,
    {{ month_start('spend_date') }} as spend_month,
    source_name,
    channel_key,
    account,
    campaign,
    cost_kind,
    currency,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(cost_original) as {{ amount_type() }}) as cost_original,
    cast(sum(cost_base) as {{ amount_type() }}) as cost_base
from costs
group by spend_date, source_name, channel_key, account, campaign, cost_kind, currency
