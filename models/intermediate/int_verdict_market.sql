{%- set lead = funnel_stages()[0] -%}
-- The market's part in the number of leads, of each group: how demand changed, from the delivered index (its season included), else from the gauge channels.
with channels as (

    select
        channels.basis,
        channels.month,
        channels.comparison,
        channels.group_key,
        channels.base_{{ lead }}_count as leads,
        coalesce(of_channel.current_index / of_channel.base_index, of_all.current_index / of_all.base_index) as index_change,
        max(case when of_channel.month is not null or of_all.month is not null then 1 else 0 end) over (
            partition by channels.basis, channels.month, channels.comparison
        ) = 1 as is_indexed,
        case when gauge.finding in ('common', 'gauge') or (gauge.finding = 'own' and dim_channel.is_market_gauge) then gauge.change end as gauge_change,
        gauge.log_variance as gauge_variance,
        gauge.rest_variance,
        gauge.season_variance
    from {{ ref('int_verdict_channels') }} as channels
    left join {{ ref('int_verdict_market_index') }} as of_channel
        on channels.month = of_channel.month and channels.comparison = of_channel.comparison and channels.channel_key = of_channel.channel_key
    left join {{ ref('int_verdict_market_index') }} as of_all
        on channels.month = of_all.month and channels.comparison = of_all.comparison and of_all.channel_key = 'all'
    left join {{ ref('int_verdict_gauge') }} as gauge
        on channels.basis = gauge.basis and channels.month = gauge.month and channels.comparison = gauge.comparison
    left join {{ ref('dim_channel') }} as dim_channel on channels.channel_key = dim_channel.channel_key
    where channels.base_{{ lead }}_count > 0

),

changed as (

    select
        *,
        case when is_indexed then power(index_change, {{ var('market_elasticity') }}) else exp(gauge_change) end as change
    from channels

),

-- a pool moves as its channels do, each with the weight of its leads
grouped as (

    select
        basis,
        month,
        comparison,
        group_key,
        is_indexed,
        min(case when change is null then 0 else 1 end) = 1 as is_whole,
        {{ exact_sum('leads * coalesce(change, 1.0)', digits=20) }} / sum(leads) as change,
        {{ exact_sum('case when change is null then 0.0 else leads * change end', digits=20) }} / {{ exact_sum('leads * coalesce(change, 1.0)', digits=20) }} as known_share,
        max(gauge_variance) as gauge_variance,
        max(rest_variance) as rest_variance,
        max(season_variance) as season_variance
    from changed
    group by basis, month, comparison, group_key, is_indexed

)

select
    basis,
    month,
    comparison,
    group_key,
    case when is_indexed then 'index' else 'gauge' end as method,
    change,
    case when is_indexed then power({{ var('market_index_error') }}, 2) else known_share * known_share * gauge_variance end as log_variance,
    -- of the leads that are left to marketing, where it is not that of their count alone
    case when not is_indexed then rest_variance end as rest_variance,
    case when is_indexed then 0.0 else known_share * known_share * season_variance end as season_variance
from grouped
-- an index counts for a group of which it covers every channel: it carries the season, which the others would keep
where known_share > 0 and (is_whole or not is_indexed)
