-- Factors over all groups, with the standard error of the sum and the department that owns it.
with totals as (

    select
        basis,
        month,
        comparison,
        metric,
        factor,
        {{ exact_sum('effect') }} as effect,
        -- chance of one group is independent of another's; the shared part moves them all together
        greatest(
            {{ exact_sum('weight * weight * log_variance') }} + {{ exact_sum('weight') }} * {{ exact_sum('weight') }} * max(shared_log_variance)
            + {{ exact_sum('direct_variance') }}, 0.0
        ) as variance,
        {{ exact_sum('weight * weight * previous_flow_variance') }} as previous_flow_variance
    from {{ ref('int_verdict_effects') }}
    group by basis, month, comparison, metric, factor

),

owned as (

    select
        totals.*,
        owners.owner_department,
        owners.display_order,
        lag(owners.owner_department) over (
            partition by totals.basis, totals.month, totals.comparison, totals.metric order by owners.display_order
        ) as previous_department
    from totals
    inner join {{ ref('factor_owners') }} as owners on totals.factor = owners.factor

)

select
    *,
    -- two neighbouring steps of one department share the flow between them, and their sum does not depend on it
    case when previous_department = owner_department then 2 * previous_flow_variance else 0.0 end as shared_with_previous,
    sqrt(variance) as stderr
from owned
