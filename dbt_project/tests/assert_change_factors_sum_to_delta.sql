-- A row here is a month whose factor effects do not add up to its change.
with explained as (

    select month, comparison, metric, basis, sum(effect) as effect
    from {{ ref('mart_change_factors') }}
    group by month, comparison, metric, basis

)

select
    verdict.month,
    verdict.comparison,
    verdict.metric,
    verdict.basis,
    verdict.delta,
    explained.effect
from {{ ref('mart_verdict') }} as verdict
left join explained
    on verdict.month = explained.month and verdict.comparison = explained.comparison
    and verdict.metric = explained.metric and verdict.basis = explained.basis
where not coalesce(
    abs(coalesce(explained.effect, 0) - verdict.delta) <= 1e-9 * greatest(abs(verdict.base), abs(verdict.current), 1), false
)
