-- Factors over all groups, with the standard error of the sum. Where some groups pass over a stage that others have, a step has a row for each owner.
with totals as (

    select
        effects.basis,
        effects.month,
        effects.comparison,
        effects.metric,
        effects.factor,
        effects.owner_department,
        max(first_steps.display_order) as first_step_order,
        {{ exact_sum('effects.effect') }} as effect,
        {{ exact_sum('effects.weight') }} as weight,
        -- chance of one group is independent of another's; the shared part moves them all together
        greatest(
            {{ exact_sum('effects.weight * effects.weight * effects.log_variance') }}
            + {{ exact_sum('effects.weight') }} * {{ exact_sum('effects.weight') }} * max(effects.shared_log_variance)
            + {{ exact_sum('effects.direct_variance') }}, 0.0
        ) as variance,
        {{ exact_sum('effects.weight * effects.weight * effects.shared_with_previous') }}
            + {{ exact_sum('effects.weight') }} * {{ exact_sum('effects.weight') }} * max(effects.shared_with_season) as shared_with_previous
    from {{ ref('int_verdict_effects') }} as effects
    left join {{ ref('factor_owners') }} as first_steps on effects.first_step = first_steps.factor
    group by effects.basis, effects.month, effects.comparison, effects.metric, effects.factor, effects.owner_department

)

select
    totals.*,
    first_steps.factor as first_step,
    owners.display_order,
    sqrt(totals.variance) as stderr
from totals
inner join {{ ref('factor_owners') }} as owners on totals.factor = owners.factor
left join {{ ref('factor_owners') }} as first_steps on totals.first_step_order = first_steps.display_order
