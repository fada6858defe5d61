{%- set stages = funnel_stages() -%}
{%- set keys = ['basis', 'month', 'comparison', 'group_key'] -%}

-- One row per comparison x metric x group x factor: the factor's two values and its LMDI effect on the group's change.
-- weight is L(V1, V0); a factor's variance is weight^2 x (log_variance + shared_log_variance) + direct_variance, where the shared part is one and
-- the same chance for all groups (the count of all leads, the season).
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
        base_paid_expected > 0 and current_paid_expected > 0 as knows_quality,
        basis = 'period' as is_flow
    from product_groups
    left join season on product_groups.month = season.month and product_groups.comparison = season.comparison

),

factors as (

    select
        {{ keys | join(', ') }},
        'season' as factor,
        base_index as base,
        current_index as current_value,
        0.0 as log_variance,
        season_variance as shared_log_variance,
        0.0 as previous_flow_variance
    from adjusted
    where has_season

    union all

    select
        {{ keys | join(', ') }},
        'lead_volume' as factor,
        base_all_leads / base_index,
        current_all_leads / current_index,
        0.0,
        1 / base_all_leads + 1 / current_all_leads + season_variance,
        0.0
    from adjusted

    union all

    -- share of the leads x how good the group's own mix is; its chance is that of the group's leads, less what the count of all leads explains
    select
        {{ keys | join(', ') }},
        'channel_mix' as factor,
        {%- for side in ['base', 'current'] %}
        {%- set other = 'current' if side == 'base' else 'base' %}
        {{ side }}_lead_flow / {{ side }}_all_leads * case when knows_quality then sqrt({{ side }}_mix_quality / {{ other }}_mix_quality) else 1.0 end,
        {%- endfor %}
        base_lead_variance + current_lead_variance,
        - 1 / base_all_leads - 1 / current_all_leads,
        0.0
    from adjusted

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
        case when passes_over_{{ stage }} then 0.0 else
            {{ log_rate_variance('base_' ~ stage ~ '_flow', 'base_' ~ previous ~ '_flow', 'is_flow') }}
            + {{ log_rate_variance('current_' ~ stage ~ '_flow', 'current_' ~ previous ~ '_flow', 'is_flow') }}
        end,
        0.0,
        -- flows: the step before ends in the count that this one starts from
        case when is_flow and not passes_over_{{ stage }} then 1 / (base_{{ previous }}_flow + 1) + 1 / (current_{{ previous }}_flow + 1) else 0.0 end
    from adjusted
    {%- endfor %}

    union all

    select
        {{ keys | join(', ') }},
        'average_check' as factor,
        base_new_revenue / nullif(base_new_clients, 0),
        current_new_revenue / nullif(current_new_clients, 0),
        {{ log_check_variance('base_new_revenue', 'base_new_revenue_squares', 'base_new_clients') }}
            + {{ log_check_variance('current_new_revenue', 'current_new_revenue_squares', 'current_new_clients') }},
        0.0,
        0.0
    from adjusted

),

metrics as (

    select
        {{ keys | join(', ') }},
        group_class,
        'new_clients' as metric,
        base_new_clients as base_metric,
        current_new_clients as current_metric,
        greatest(base_new_clients, 1.0) + greatest(current_new_clients, 1.0) as direct_variance
    from {{ ref('int_verdict_groups') }}
    {%- for metric in ['new_client_revenue', 'revenue'] %}

    union all

    select
        {{ keys | join(', ') }},
        group_class,
        '{{ metric }}' as metric,
        base_new_revenue as base_metric,
        current_new_revenue as current_metric,
        -- the total of a random number of payments varies by the sum of their squares; an empty month by one usual payment
        greatest(base_new_revenue_squares, coalesce((base_new_revenue_squares + current_new_revenue_squares) / nullif(base_new_clients + current_new_clients, 0), 0.0))
            + greatest(current_new_revenue_squares, coalesce((base_new_revenue_squares + current_new_revenue_squares) / nullif(base_new_clients + current_new_clients, 0), 0.0))
            as direct_variance
    from {{ ref('int_verdict_groups') }}
    {%- endfor %}

),

decomposed as (

    select
        metrics.basis,
        metrics.month,
        metrics.comparison,
        metrics.metric,
        metrics.group_key,
        factors.factor,
        case when metrics.base_metric > 0 and metrics.current_metric > 0 then 'lmdi' else 'zero_limit' end as method,
        factors.base,
        factors.current_value,
        {{ lmdi_effect('metrics.current_metric', 'metrics.base_metric', 'factors.current_value', 'factors.base') }} as effect,
        {{ logarithmic_mean('metrics.current_metric', 'metrics.base_metric') }} as weight,
        factors.log_variance,
        factors.shared_log_variance,
        factors.previous_flow_variance,
        metrics.direct_variance
    from metrics
    inner join factors
        on metrics.basis = factors.basis and metrics.month = factors.month and metrics.comparison = factors.comparison and metrics.group_key = factors.group_key
    where not (metrics.metric = 'new_clients' and factors.factor = 'average_check')

),

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
    basis, month, comparison, metric, group_key, factor, method, base, current_value, effect, weight,
    log_variance,
    shared_log_variance,
    previous_flow_variance,
    -- where the product is zero on one side, one factor carries all of the change and all of its chance
    case when method = 'zero_limit' and effect <> 0 then direct_variance else 0.0 end as direct_variance
from decomposed
union all
select
    basis, month, comparison, metric, group_key, factor, method, base, current_value, effect, 0.0, 0.0, 0.0, 0.0, direct_variance
from whole_groups
union all
select
    basis, month, comparison, 'revenue' as metric, channel_key as group_key, factor, 'difference' as method, base, current_value, current_value - base,
    0.0, 0.0, 0.0, 0.0, direct_variance
from ledger_rest
order by basis, month, comparison, metric, group_key, factor
