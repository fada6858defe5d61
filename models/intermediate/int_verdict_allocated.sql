{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] -%}
-- Effects come from groups: a channel with enough clients is a group of its own, small ones are pooled (int_verdict_groups).
-- Of a pooled group's effects, a channel gets what its own leads did to the clients they usually bring, and its usual share of the common step rates.
with channels as (

    select * from {{ ref('int_verdict_channels') }}

),

groups as (

    select * from {{ ref('int_verdict_groups') }}

),

-- the ledger's rest (existing clients, refunds) is known per channel and has no group
effects as (

    select *, factor in ('existing_clients', 'refunds') as is_of_channel from {{ ref('int_verdict_effects') }}

),

of_channels as (

    select
        effects.*,
        channels.channel_key,
        channels.part = 'pooled' and not effects.is_of_channel as is_pooled,
        case when effects.is_of_channel then 1.0 else channels.group_share end as group_share,
        channels.base_{{ lead }}_count as base_leads,
        channels.current_{{ lead }}_count as current_leads,
        channels.{{ won }}_quality
    from effects
    inner join channels
        on effects.basis = channels.basis and effects.month = channels.month and effects.comparison = channels.comparison
        and effects.group_key = case when effects.is_of_channel then channels.channel_key else channels.group_key end

),

with_group as (

    select
        of_channels.*,
        groups.base_all_leads,
        groups.current_all_leads,
        -- clients expected per lead of this channel, on the scale of the metric
        of_channels.weight * case
            when groups.base_{{ won }}_expected > 0 and groups.current_{{ won }}_expected > 0
                then of_channels.{{ won }}_quality / {{ logarithmic_mean('groups.current_' ~ won ~ '_expected', 'groups.base_' ~ won ~ '_expected') }}
            when groups.base_{{ lead }}_flow > 0 and groups.current_{{ lead }}_flow > 0
                then 1 / {{ logarithmic_mean('groups.current_' ~ lead ~ '_flow', 'groups.base_' ~ lead ~ '_flow') }}
            else 0.0
        end as effect_per_lead,
        -- one row each, added in this order: a sum of doubles in any order would differ in its last bits
        {% for factor in ['season', 'market_demand', 'lead_volume'] -%}
        coalesce(max(case when of_channels.factor = '{{ factor }}' then of_channels.effect * of_channels.group_share end) over (
            partition by of_channels.basis, of_channels.month, of_channels.comparison, of_channels.metric, of_channels.channel_key
        ), 0.0){{ ' + ' if not loop.last }}
        {%- endfor %} as effect_of_all_leads
    from of_channels
    left join groups
        on of_channels.basis = groups.basis and of_channels.month = groups.month and of_channels.comparison = groups.comparison
        and of_channels.group_key = groups.group_key and not of_channels.is_of_channel

),

allocated as (

    select
        basis,
        month,
        comparison,
        metric,
        channel_key,
        factor,
        first_step,
        owner_department,
        method,
        is_pooled,
        case when is_pooled and factor = 'channel_mix' then base_leads / base_all_leads else base end as base,
        case when is_pooled and factor = 'channel_mix' then current_leads / current_all_leads else current_value end as current_value,
        case
            when is_pooled and factor = 'channel_mix' then effect_per_lead * (current_leads - base_leads) - effect_of_all_leads
            else effect * group_share
        end as effect,
        case
            when is_pooled and factor = 'channel_mix' then effect_per_lead * sqrt(current_leads + base_leads)
            else sqrt(greatest(weight * weight * (log_variance + shared_log_variance) + direct_variance, 0.0)) * group_share
        end as stderr
    from with_group

)

select * from allocated
