-- Season index of lead arrival per comparison: ratio to the centred twelve-month average, from at least 24 whole months, never from the
-- months compared (a month must not explain itself). Shrunk towards "no season" by the evidence there is (docs/verdict.md).
with monthly as (

    select lead_month as month, cast(count(*) as double) as leads
    from {{ ref('fct_lead_funnel') }}
    where {{ add_months('lead_month', 1) }} <= {{ add_days(as_of(), 1) }}
    group by lead_month

),

bounds as (

    select min(month) as first_month, max(month) as last_month from monthly

),

scaffold as (

    select dim_date.month
    from {{ ref('dim_date') }} as dim_date
    cross join bounds
    where dim_date.month between bounds.first_month and bounds.last_month
    group by dim_date.month

),

history as (

    select scaffold.month, coalesce(monthly.leads, 0.0) as leads, count(*) over () as whole_months
    from scaffold
    left join monthly on scaffold.month = monthly.month

),

averaged as (

    select *, {{ centred_year('leads') }} as moving_average
    from history

),

ratios as (

    select month, extract(month from month) as calendar_month, leads, ln(leads / moving_average) as log_ratio
    from averaged
    where whole_months >= 24 and moving_average > 0 and leads > 0

),

compared as (

    select month, comparison, side, side_month from {{ ref('int_verdict_sides') }} where basis = 'cohort'

),

pairs as (

    select month, comparison from compared group by month, comparison

),

known as (

    select pairs.month, pairs.comparison, ratios.calendar_month,
        ratios.log_ratio,
        1 / ratios.leads as counting_variance
    from pairs
    cross join ratios
    left join compared
        on pairs.month = compared.month and pairs.comparison = compared.comparison and ratios.month = compared.side_month
    where compared.month is null

),

centred as (

    select *, log_ratio - {{ exact_mean('log_ratio', over='partition by month, comparison') }} as log_index from known

),

calendar as (

    select
        month,
        comparison,
        calendar_month,
        count(*) as years,
        {{ exact_mean('log_index') }} as log_index,
        {{ exact_mean('counting_variance') }} as counting_variance,
        greatest({{ exact_sum('log_index * log_index', digits=18) }} - count(*) * power({{ exact_mean('log_index') }}, 2), 0.0) as between_years_squares
    from centred
    group by month, comparison, calendar_month

),

-- One year can be odd: the variance between years is estimated where there are several, with a prior of 5 % worth four degrees of freedom.
noisy as (

    select
        *,
        counting_variance + greatest(
            (4 * 0.0025 + {{ exact_sum('between_years_squares', over='partition by month, comparison', digits=18) }})
                / (4 + sum(years - 1) over (partition by month, comparison))
                - {{ exact_mean('counting_variance', over='partition by month, comparison') }} * sum(years - 1) over (partition by month, comparison)
                / (4 + sum(years - 1) over (partition by month, comparison)),
            0.0
        ) as yearly_variance
    from calendar

),

-- Empirical Bayes: how far the calendar months differ beyond what chance explains.
spread as (

    select
        month,
        comparison,
        greatest({{ exact_mean('log_index * log_index') }} - {{ exact_mean('yearly_variance / years') }}, 0.0) as season_variance
    from noisy
    group by month, comparison

),

shrunk as (

    select
        noisy.month,
        noisy.comparison,
        noisy.calendar_month,
        noisy.log_index * spread.season_variance / (spread.season_variance + noisy.yearly_variance / noisy.years) as log_index,
        spread.season_variance * (noisy.yearly_variance / noisy.years) / (spread.season_variance + noisy.yearly_variance / noisy.years) as index_variance
    from noisy
    inner join spread on noisy.month = spread.month and noisy.comparison = spread.comparison

),

sided as (

    select
        compared.month,
        compared.comparison,
        compared.side,
        coalesce(shrunk.log_index, 0.0) as log_index,
        coalesce(shrunk.index_variance, spread.season_variance, 0.0) as index_variance,
        max(coalesce(shrunk.log_index, 0.0)) over (partition by compared.month, compared.comparison, compared.side) as highest
    from compared
    left join spread on compared.month = spread.month and compared.comparison = spread.comparison
    left join shrunk
        on compared.month = shrunk.month and compared.comparison = shrunk.comparison and extract(month from compared.side_month) = shrunk.calendar_month

),

-- the index of three months is the mean of theirs
levels as (

    select
        month,
        comparison,
        side,
        exp(max(highest)) * {{ exact_mean('exp(log_index - highest)') }} as season_index,
        case
            when count(*) = 1 then max(index_variance)
            else {{ exact_sum('exp(2 * (log_index - highest)) * index_variance', digits=18) }} / power({{ exact_sum('exp(log_index - highest)', digits=18) }}, 2)
        end as log_variance
    from sided
    group by month, comparison, side

)

select
    pairs.month,
    pairs.comparison,
    spread.month is not null as has_season,
    -- the season of the previous year's month is the same season
    case when pairs.comparison like 'previous_year%' then 1.0 else base.season_index end as base_index,
    case when pairs.comparison like 'previous_year%' then 1.0 else current_side.season_index end as current_index,
    case when pairs.comparison like 'previous_year%' then 0.0 else base.log_variance + current_side.log_variance end as log_variance
from pairs
inner join levels as base on pairs.month = base.month and pairs.comparison = base.comparison and base.side = 'base'
inner join levels as current_side
    on pairs.month = current_side.month and pairs.comparison = current_side.comparison and current_side.side = 'current'
left join spread on pairs.month = spread.month and pairs.comparison = spread.comparison
