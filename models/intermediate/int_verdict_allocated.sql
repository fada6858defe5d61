{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] -%}
{%- set of_the_ledger = "factor in ('existing_clients', 'refunds')" -%}
{%- set of_all_leads = ['season', 'market_demand', 'lead_volume'] -%}
{%- set stderr = 'sqrt(greatest(weight * weight * (log_variance + shared_log_variance) + direct_variance, 0.0))' -%}
-- Effects come from groups: a channel with enough clients is a group of its own, small ones are pooled (int_verdict_groups).
-- Of a pooled group's effects, a channel gets what its own leads did to what they usually bring, and its usual share of the common step rates.
with effects as (

    select * from {{ ref('int_verdict_effects') }} where not {{ of_the_ledger }}

),

-- what the number of all leads did to a group, whatever moved it
moved as (

    select
        basis,
        month,
        comparison,
        metric,
        group_key
        {%- for factor in of_all_leads %},
        max(case when factor = '{{ factor }}' then effect end) as {{ factor }}_effect
        {%- endfor %}
    from effects
    group by basis, month, comparison, metric, group_key

),

of_channels as (

    select
        effects.*,
        channels.channel_key,
        channels.part = 'pooled' as is_pooled,
        channels.group_share,
        channels.base_{{ lead }}_count as base_leads,
        channels.current_{{ lead }}_count as current_leads,
        {{ of_metric('effects.metric', 'channels.', '_quality') }} as quality
        {%- for side in ['base', 'current'] %},
        groups.{{ side }}_all_leads,
        groups.{{ side }}_{{ lead }}_flow,
        groups.{{ side }}_{{ won }}_expected > 0 as {{ side }}_knows_quality,
        {{ of_metric('effects.metric', 'groups.' ~ side ~ '_', '_expected') }} as {{ side }}_expected
        {%- endfor %}
        {%- for factor in of_all_leads %},
        moved.{{ factor }}_effect
        {%- endfor %}
    from effects
    inner join {{ ref('int_verdict_channels') }} as channels
        on effects.basis = channels.basis and effects.month = channels.month and effects.comparison = channels.comparison
        and effects.group_key = channels.group_key
    inner join {{ ref('int_verdict_groups') }} as groups
        on effects.basis = groups.basis and effects.month = groups.month and effects.comparison = groups.comparison and effects.group_key = groups.group_key
    inner join moved
        on effects.basis = moved.basis and effects.month = moved.month and effects.comparison = moved.comparison
        and effects.metric = moved.metric and effects.group_key = moved.group_key

),

weighed as (

    select
        *,
        -- what is expected of a lead of this channel, on the scale of the metric
        weight * case
            when base_knows_quality and current_knows_quality then quality / {{ logarithmic_mean('current_expected', 'base_expected') }}
            when base_{{ lead }}_flow > 0 and current_{{ lead }}_flow > 0
                then 1 / {{ logarithmic_mean('current_' ~ lead ~ '_flow', 'base_' ~ lead ~ '_flow') }}
            else 0.0
        end as effect_per_lead,
        {% for factor in of_all_leads -%} coalesce({{ factor }}_effect * group_share, 0.0){{ ' + ' if not loop.last }} {%- endfor %} as effect_of_all_leads
    from of_channels

)

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
        else {{ stderr }} * group_share
    end as stderr
from weighed

union all

-- the ledger's rest is known per channel and has no group
select
    basis, month, comparison, metric, group_key, factor, first_step, owner_department, method, false, base, current_value, effect, {{ stderr }}
from {{ ref('int_verdict_effects') }}
where {{ of_the_ledger }}
