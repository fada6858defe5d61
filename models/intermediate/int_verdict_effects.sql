{%- set stages = funnel_stages() -%}
{%- set won = stages[-1] -%}
{%- set keys = ['basis', 'month', 'comparison', 'group_key'] -%}

-- One row per comparison x metric x group x factor: the factor's two values and its LMDI effect on the group's change.
-- weight is L(V1, V0); a factor's variance is weight^2 x (log_variance + shared_log_variance) + direct_variance, where the shared part is one and
-- the same chance for all groups (the count of all leads, the season, the market). A step that is passed over has no row.
with product_groups as (

    select * from {{ ref('int_verdict_groups') }} where group_class = 'product'

),

season as (

    select * from {{ ref('int_verdict_season') }} where has_season

),

adjusted as (

    select
        product_groups.*,
        season.month is not null as has_season,
        coalesce(season.base_index, 1.0) as base_index,
        coalesce(season.current_index, 1.0) as current_index,
        coalesce(season.log_variance, 0.0) as season_variance,
        market.method as market_method,
        coalesce(market.change, 1.0) as market_change,
        market.log_variance as market_variance,
        market.season_variance as market_season_variance,
        market.rest_variance,
        base_{{ won }}_expected > 0 and current_{{ won }}_expected > 0 as knows_quality,
        product_groups.basis = 'period' as is_flow
    from product_groups
    left join {{ ref('int_verdict_market') }} as market
        on product_groups.basis = market.basis and product_groups.month = market.month and product_groups.comparison = market.comparison
        and product_groups.group_key = market.group_key
    -- an index of demand has the season in it
    left join season
        on product_groups.month = season.month and product_groups.comparison = season.comparison and coalesce(market.method <> 'index', true)

),

factors as (

    select
        {{ keys | join(', ') }},
        'season' as factor,
        base_index as base,
        current_index as current_value,
        0.0 as log_variance,
        season_variance as shared_log_variance,
        0.0 as previous_flow_variance,
        0.0 as shared_with_season,
        0 as step_order,
        null as ends_with
    from adjusted
    where has_season

    union all

    -- the season is out of what a gauge tells: what one of them has too much, the other has too little
    select
        {{ keys | join(', ') }},
        'market_demand' as factor,
        1.0,
        market_change,
        0.0,
        market_variance,
        0.0,
        2 * market_season_variance,
        0,
        null
    from adjusted
    where market_method is not null

    union all

    select
        {{ keys | join(', ') }},
        'lead_volume' as factor,
        base_all_leads / base_index,
        current_all_leads / current_index / market_change,
        0.0,
        coalesce(rest_variance, 1 / base_all_leads + 1 / current_all_leads + season_variance + case market_method when 'index' then market_variance else 0.0 end),
        0.0,
        0.0,
        0,
        null
    from adjusted

    {%- for end in verdict_ends() %}

    union all

    -- share of the leads x how good the group's own mix is; its chance is that of the group's leads, less what the count of all leads explains
    select
        {{ keys | join(', ') }},
        'channel_mix' as factor,
        {%- for side in ['base', 'current'] %}
        {%- set other = 'current' if side == 'base' else 'base' %}
        {{ side }}_{{ stages[0] }}_flow / {{ side }}_all_leads
            * case when knows_quality then sqrt({{ side }}_{{ end }}_mix_quality / {{ other }}_{{ end }}_mix_quality) else 1.0 end,
        {%- endfor %}
        base_{{ end }}_lead_variance + current_{{ end }}_lead_variance,
        - 1 / base_all_leads - 1 / current_all_leads,
        0.0,
        0.0,
        0,
        '{{ end }}'
    from adjusted
    {%- endfor %}

    {%- for stage in stages[1:] %}
    {%- set previous = stages[loop.index0] %}

    union all

    -- the step rate, had the mix of channels been the average of the two months
    select
        {{ keys | join(', ') }},
        'step_{{ stage }}' as factor,
        {%- for side in ['base', 'current'] %}
        {%- set other = 'current' if side == 'base' else 'base' %}
        {{ side }}_{{ stage }}_flow / nullif({{ side }}_{{ previous }}_flow, 0) * case
            when knows_quality then sqrt(
                ({{ other }}_{{ stage }}_expected / {{ other }}_{{ previous }}_expected) / ({{ side }}_{{ stage }}_expected / {{ side }}_{{ previous }}_expected))
            else 1.0
        end,
        {%- endfor %}
        {{ log_rate_variance('base_' ~ stage ~ '_flow', 'base_' ~ previous ~ '_flow', 'is_flow') }}
            + {{ log_rate_variance('current_' ~ stage ~ '_flow', 'current_' ~ previous ~ '_flow', 'is_flow') }},
        0.0,
        -- flows: the step before ends in the count that this one starts from, and their sum does not depend on it
        case when is_flow then 1 / (base_{{ previous }}_flow + 1) + 1 / (current_{{ previous }}_flow + 1) else 0.0 end,
        0.0,
        {{ loop.index }},
        null
    from adjusted
    {%- endfor %}

    union all

    select
        {{ keys | join(', ') }},
        'average_check' as factor,
        base_new_revenue / nullif(base_{{ won }}_count, 0),
        current_new_revenue / nullif(current_{{ won }}_count, 0),
        {{ log_check_variance('base_new_revenue', 'base_new_revenue_squares', 'base_' ~ won ~ '_count') }}
            + {{ log_check_variance('current_new_revenue', 'current_new_revenue_squares', 'current_' ~ won ~ '_count') }},
        0.0,
        0.0,
        0.0,
        {{ stages | length }},
        null
    from adjusted

),

owned as (

    select
        factors.*,
        steps.first_step,
        coalesce(steps.owner_department, owners.owner_department) as owner_department,
        coalesce(steps.previous_owner, leads.owner_department) = steps.owner_department as follows_its_own,
        seasons.owner_department = owners.owner_department as is_with_season,
        market.method as market_method
    from factors
    inner join {{ ref('factor_owners') }} as owners on factors.factor = owners.factor
    inner join {{ ref('factor_owners') }} as leads on leads.factor = 'channel_mix'
    inner join {{ ref('factor_owners') }} as seasons on seasons.factor = 'season'
    left join {{ ref('int_verdict_market') }} as market
        on factors.basis = market.basis and factors.month = market.month and factors.comparison = market.comparison
        and case when factors.factor = 'market_demand' then factors.group_key end = market.group_key
    left join {{ ref('int_verdict_steps') }} as steps
        on factors.basis = steps.basis and factors.month = steps.month and factors.comparison = steps.comparison and factors.group_key = steps.group_key
        and factors.factor = steps.factor
    where steps.factor is not null or left(factors.factor, 5) <> 'step_'

),

metrics as (

    {%- set usual_square = '(base_new_revenue_squares + current_new_revenue_squares) / nullif(base_' ~ won ~ '_count + current_' ~ won ~ '_count, 0)' %}
    {%- for each in verdict_metrics() %}
    {%- set measure = 'new_revenue' if each.is_money else each.measure %}
    select
        {{ keys | join(', ') }},
        -- a group without any entry of the stage that the product ends with, and with later ones, is compared as it is
        case when group_class = 'product' and passes_over_{{ each.stage }} then 'carry_over' else group_class end as group_class,
        '{{ each.metric }}' as metric,
        '{{ each.stage }}' as ends_with,
        {{ stages | length if each.is_money else stages.index(each.stage) }} as step_order,
        base_{{ measure }} as base_metric,
        current_{{ measure }} as current_metric,
        {%- if each.is_money %}
        -- the total of a random number of payments varies by the sum of their squares; an empty month by one usual payment
        greatest(base_new_revenue_squares, coalesce({{ usual_square }}, 0.0)) + greatest(current_new_revenue_squares, coalesce({{ usual_square }}, 0.0)) as direct_variance
        {%- else %}
        greatest(base_{{ measure }}, 1.0) + greatest(current_{{ measure }}, 1.0) as direct_variance
        {%- endif %}
    from {{ ref('int_verdict_groups') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

decomposed as (

    select
        metrics.basis,
        metrics.month,
        metrics.comparison,
        metrics.metric,
        metrics.group_key,
        owned.factor,
        owned.first_step,
        owned.owner_department,
        not (metrics.base_metric > 0 and metrics.current_metric > 0) as is_limit,
        case
            when owned.market_method is not null then owned.market_method
            when metrics.base_metric > 0 and metrics.current_metric > 0 then 'lmdi'
            else 'zero_limit'
        end as method,
        owned.base,
        owned.current_value,
        {{ lmdi_effect('metrics.current_metric', 'metrics.base_metric', 'owned.current_value', 'owned.base') }} as effect,
        {{ logarithmic_mean('metrics.current_metric', 'metrics.base_metric') }} as weight,
        owned.log_variance,
        owned.shared_log_variance,
        case when owned.follows_its_own then 2 * owned.previous_flow_variance else 0.0 end as shared_with_previous,
        case when owned.is_with_season then owned.shared_with_season else 0.0 end as shared_with_season,
        metrics.direct_variance
    from metrics
    inner join owned
        on metrics.basis = owned.basis and metrics.month = owned.month and metrics.comparison = owned.comparison and metrics.group_key = owned.group_key
    where metrics.group_class = 'product' and owned.step_order <= metrics.step_order and coalesce(owned.ends_with = metrics.ends_with, true)

),

-- opened and closed channels, and clients without leads
whole_groups as (

    select
        basis,
        month,
        comparison,
        metric,
        group_key,
        group_class as factor,
        case group_class when 'carry_over' then 'difference' else group_class end as method,
        base_metric as base,
        current_metric as current_value,
        current_metric - base_metric as effect,
        direct_variance
    from metrics
    where group_class <> 'product'

),

ledger_rest as (

    select basis, month, comparison, channel_key, 'existing_clients' as factor,
        base_existing_revenue as base, current_existing_revenue as current_value, base_existing_revenue_squares + current_existing_revenue_squares as direct_variance
    from {{ ref('int_verdict_channels') }}
    where base_existing_revenue_squares + current_existing_revenue_squares > 0
    union all
    select basis, month, comparison, channel_key, 'refunds' as factor,
        base_refunds, current_refunds, base_refund_squares + current_refund_squares
    from {{ ref('int_verdict_channels') }}
    where base_refund_squares + current_refund_squares > 0

)

select
    basis, month, comparison, metric, group_key, factor, first_step, owner_department, method, base, current_value, effect, weight,
    log_variance,
    shared_log_variance,
    shared_with_previous,
    shared_with_season,
    -- where the product is zero on one side, one factor carries all of the change and all of its chance
    case when is_limit and effect <> 0 then direct_variance else 0.0 end as direct_variance
from decomposed
union all
select
    outside.basis, outside.month, outside.comparison, outside.metric, outside.group_key, outside.factor, null, owners.owner_department,
    outside.method, outside.base, outside.current_value, outside.effect, 0.0, 0.0, 0.0, 0.0, 0.0, outside.direct_variance
from (
    select basis, month, comparison, metric, group_key, factor, method, base, current_value, effect, direct_variance
    from whole_groups
    union all
    select basis, month, comparison, 'revenue', channel_key, factor, 'difference', base, current_value, current_value - base, direct_variance
    from ledger_rest
) as outside
inner join {{ ref('factor_owners') }} as owners on outside.factor = owners.factor
order by basis, month, comparison, metric, group_key, factor
