-- A row here is a headline that names a department or a factor although no effect of it is beyond 1.96 standard errors.
with verdict as (

    select * from {{ ref('mart_verdict') }} where main_department is not null

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
    verdict.marketing_effect, verdict.marketing_stderr, verdict.sales_effect, verdict.sales_stderr, verdict.market_effect, verdict.market_stderr
having (verdict.main_factor is not null and coalesce(max(factors.distance), 0) <= 1.96)
    or (
        verdict.main_factor is null
        and abs(case verdict.main_department when 'marketing' then verdict.marketing_effect when 'sales' then verdict.sales_effect else verdict.market_effect end)
            <= 1.96 * case verdict.main_department when 'marketing' then verdict.marketing_stderr when 'sales' then verdict.sales_stderr else verdict.market_stderr end
    )
