-- Weeks that have ended, and how many leads each is used to for its place in the year: the mean of the season of its days. The season of a calendar
-- month is the mean log ratio of its leads to the centred twelve-month average, shrunk by the evidence there is, as in int_verdict_season; the average
-- needs six later months, so no week of the last half year has a part in its own season.
with monthly as (

    select lead_month as month, cast(count(*) as double) as leads
    from {{ ref('fct_lead_funnel') }}
    where {{ add_months('lead_month', 1) }} <= {{ add_days(as_of(), 1) }}
    group by lead_month

),

days as (

    select date_day, month, isodow
    from {{ ref('dim_date') }}
    where date_day between (select min(created_date) from {{ ref('fct_lead_funnel') }}) and {{ as_of() }}

),

history as (

    select days.month, coalesce(max(monthly.leads), 0.0) as leads, count(*) over () as months
    from days
    left join monthly on days.month = monthly.month
    where {{ add_months('days.month', 1) }} <= {{ add_days(as_of(), 1) }}
    group by days.month

),

averaged as (

    select *, {{ centred_year('leads') }} as moving_average
    from history

),

ratios as (

    select
        extract(month from month) as calendar_month,
        1 / leads as counting_variance,
        ln(leads / moving_average) - {{ exact_mean('ln(leads / moving_average)', over=' ') }} as log_ratio
    from averaged
    where months >= 24 and moving_average > 0 and leads > 0

),

calendar as (

    select
        calendar_month,
        count(*) as years,
        {{ exact_mean('log_ratio') }} as log_index,
        {{ exact_mean('counting_variance') }} as counting_variance,
        greatest({{ exact_sum('log_ratio * log_ratio', digits=18) }} - count(*) * power({{ exact_mean('log_ratio') }}, 2), 0.0) as squares
    from ratios
    group by calendar_month

),

-- between years: a prior of 5 % worth four degrees of freedom, beside counting
noisy as (

    select
        *,
        counting_variance + greatest(
            (4 * 0.0025 + {{ exact_sum('squares', over=' ', digits=18) }} - {{ exact_sum('(years - 1) * counting_variance', over=' ', digits=18) }})
                / (4 + sum(years - 1) over ()), 0.0
        ) as yearly_variance
    from calendar

),

spread as (

    select greatest({{ exact_mean('log_index * log_index') }} - {{ exact_mean('yearly_variance / years') }}, 0.0) as season_variance
    from noisy

),

season as (

    select
        noisy.calendar_month,
        noisy.log_index * spread.season_variance / (spread.season_variance + noisy.yearly_variance / noisy.years) as log_index,
        spread.season_variance * (noisy.yearly_variance / noisy.years) / (spread.season_variance + noisy.yearly_variance / noisy.years) as index_variance
    from noisy
    cross join spread

)

select
    {{ week_start('days.date_day') }} as week,
    {{ exact_mean('exp(coalesce(season.log_index, 0.0))') }} as season_index,
    {{ exact_mean('coalesce(season.index_variance, 0.0)') }} as season_variance
from days
left join season on extract(month from days.month) = season.calendar_month
group by {{ week_start('days.date_day') }}
having count(*) = 7
