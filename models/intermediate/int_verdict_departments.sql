-- What each department did to the metric, and whether that can be told from chance: by the sum of its factors, or by one factor that stands out
-- where the chance of all the others hides the sum. Three sums and up to fourteen factors are judged at once, so the bars are higher than 1.96
-- (Bonferroni, 1 % each way): a month in which nothing happened accuses somebody at most twice in a hundred.
with departments as (

    select
        basis,
        month,
        comparison,
        metric,
        owner_department as department,
        {{ exact_sum('effect') }} as effect,
        sqrt(greatest({{ exact_sum('variance - shared_with_previous') }}, 0.0)) as stderr
    from {{ ref('int_verdict_factors') }}
    group by basis, month, comparison, metric, owner_department

),

-- A factor speaks for its department only where a good part of it is left of the department as a whole: what colleagues made good is not blamed.
standing_out as (

    select
        factors.basis,
        factors.month,
        factors.comparison,
        factors.metric,
        factors.owner_department as department,
        max(abs(factors.effect) / factors.stderr) as factor_z
    from {{ ref('int_verdict_factors') }} as factors
    inner join departments
        on factors.basis = departments.basis and factors.month = departments.month and factors.comparison = departments.comparison
        and factors.metric = departments.metric and factors.owner_department = departments.department
    where factors.stderr > 0 and departments.effect * case when factors.effect < 0 then -1 else 1 end >= abs(factors.effect) / 3
    group by factors.basis, factors.month, factors.comparison, factors.metric, factors.owner_department

),

judged as (

    select
        departments.*,
        metrics.is_comparable,
        round(metrics.current_value, 0) - round(metrics.base_value, 0) as shown_delta,
        metrics.delta,
        departments.effect * sign(metrics.delta) / nullif(departments.stderr, 0) as z_with_change,
        -- 1 = exactly at the bar
        greatest(
            case when departments.stderr > 0 then abs(departments.effect) / departments.stderr / {{ var('verdict_critical_z') }} else 0.0 end,
            coalesce(standing_out.factor_z / {{ var('verdict_factor_critical_z') }}, 0.0)
        ) as evidence
    from departments
    inner join {{ ref('int_verdict_metrics') }} as metrics
        on departments.basis = metrics.basis and departments.month = metrics.month
        and departments.comparison = metrics.comparison and departments.metric = metrics.metric
    left join standing_out
        on departments.basis = standing_out.basis and departments.month = standing_out.month and departments.comparison = standing_out.comparison
        and departments.metric = standing_out.metric and departments.department = standing_out.department

),

-- A reader must see what is named: an effect that is not 0 in whole units, and somebody who moved the metric the way it went.
visible as (

    select
        *,
        is_comparable and evidence > 1 and round(effect, 0) <> 0 as is_proven,
        case when shown_delta = 0 or effect * shown_delta > 0 then 1 else 0 end as goes_along,
        -- that the effect has the sign of the change
        case
            when delta = 0 or not is_comparable then null
            when z_with_change is null then case when effect * delta > 0 then 1.0 else 0.0 end
            else {{ normal_probability('z_with_change') }}
        end as probability
    from judged

)

select
    *,
    is_proven and max(case when is_proven then goes_along else 0 end) over (partition by basis, month, comparison, metric) = 1 as is_significant,
    -- first among the proven: who moved the metric the way it went, then who moved it most
    row_number() over (
        partition by basis, month, comparison, metric
        order by case when is_proven then 0 else 1 end, 1 - goes_along, abs(effect) desc, department
    ) as part_rank
from visible
