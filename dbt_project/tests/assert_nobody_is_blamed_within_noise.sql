-- A row here is a headline that names a department or a factor although no effect of it is beyond 1.96 standard errors, or although a reader
-- sees no effect, or one against the direction of the change.
with verdict as (

    select
        *,
        case main_department
            when 'marketing' then marketing_effect when 'sales' then sales_effect when 'market' then market_effect else undivided_effect
        end as main_effect,
        case main_department
            when 'marketing' then marketing_stderr when 'sales' then sales_stderr when 'market' then market_stderr else undivided_stderr
        end as main_stderr
    from {{ ref('mart_verdict') }}
    where main_department is not null

),

factors as (

    select basis, month, comparison, metric, owner_department, factor, max(abs(effect) / stderr) as distance
    from {{ ref('int_verdict_factors') }}
    where stderr > 0
    group by basis, month, comparison, metric, owner_department, factor

)

select
    verdict.month,
    verdict.comparison,
    verdict.metric,
    verdict.basis,
    verdict.main_department,
    verdict.main_factor,
    max(factors.distance) as furthest
from verdict
left join factors
    on verdict.month = factors.month and verdict.comparison = factors.comparison and verdict.metric = factors.metric
    and verdict.basis = factors.basis and verdict.main_department = factors.owner_department
    and (verdict.main_factor is null or verdict.main_factor = factors.factor)
group by
    verdict.month, verdict.comparison, verdict.metric, verdict.basis, verdict.main_department, verdict.main_factor,
    verdict.main_effect, verdict.main_stderr, verdict.base, verdict.{{ adapter.quote('current') }}
having (verdict.main_factor is not null and coalesce(max(factors.distance), 0) <= 1.96)
    or (verdict.main_factor is null and abs(verdict.main_effect) <= 1.96 * verdict.main_stderr)
    or round(verdict.main_effect, 0) = 0
    or verdict.main_effect * (round(verdict.{{ adapter.quote('current') }}, 0) - round(verdict.base, 0)) < 0
