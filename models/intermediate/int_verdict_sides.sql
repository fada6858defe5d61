-- What is compared with what: each month, and three together, as they look to the comparisons, on the two bases.
-- Cohorts are compared at equal age: the largest window both have fully lived. Younger than 30 days, each lead is seen at the age
-- that a lead at the same place in the shorter of the two months has reached.
with history as (

    select min(lead_month) as first_month from {{ ref('fct_lead_funnel') }}

),

months as (

    select dim_date.month
    from {{ ref('dim_date') }} as dim_date
    cross join history
    where dim_date.month >= history.first_month and dim_date.date_day <= {{ as_of() }}
    group by dim_date.month

),

comparisons as (

    select 'previous_month' as comparison, 1 as months_back, 1 as months
    union all
    select 'previous_year', 12, 1
    union all
    select 'previous_quarter', 3, 3
    union all
    select 'previous_year_quarter', 12, 3

),

places as (

    select 0 as place
    union all
    select 1
    union all
    select 2

),

-- Three months stand under the last of them: whole ones, those of the calendar's quarters and the latest.
pairs as (

    select
        months.month,
        comparisons.comparison,
        {{ add_months('months.month', '-places.place') }} as current_month,
        {{ add_months('months.month', '-places.place - comparisons.months_back') }} as base_month,
        {{ add_months('months.month', '1 - comparisons.months - comparisons.months_back') }} as first_base_month
    from months
    cross join comparisons
    inner join places on places.place < comparisons.months
    where comparisons.months = 1
        or (
            {{ add_months('months.month', 1) }} <= {{ add_days(as_of(), 1) }}
            and (extract(month from months.month) % 3 = 0 or {{ add_months('months.month', 2) }} > {{ add_days(as_of(), 1) }})
        )

),

aged as (

    select
        pairs.month,
        pairs.comparison,
        pairs.current_month,
        pairs.base_month,
        {{ days_between('pairs.current_month', add_months('pairs.current_month', 1)) }} as current_month_days,
        {{ days_between('pairs.base_month', add_months('pairs.base_month', 1)) }} as base_month_days,
        {{ days_between('pairs.month', add_months('pairs.month', 1)) }} as month_days,
        {{ days_between('pairs.month', as_of()) }} + 1 as days_since_start
    from pairs
    cross join history
    where pairs.first_base_month >= history.first_month

),

-- as old as the last month, whose leads are the youngest
spanned as (

    select
        *,
        days_since_start < month_days as is_partial,
        greatest(days_since_start - month_days, 0) as lived_days,
        case when days_since_start < month_days then days_since_start else current_month_days end as current_span_days,
        case when days_since_start < month_days then least(base_month_days, days_since_start) else base_month_days end as base_span_days
    from aged

),

windowed as (

    select
        *,
        least(current_span_days, base_span_days) as profile_days,
        case
            when lived_days >= 365 then 365
            when lived_days >= 180 then 180
            when lived_days >= 90 then 90
            when lived_days >= 60 then 60
            when lived_days >= 30 then 30
        end as window_days
    from spanned

),

sided as (

    select *, 'current' as side, current_month as side_month, current_span_days as span_days from windowed
    union all
    select *, 'base' as side, base_month as side_month, base_span_days as span_days from windowed

)

select
    'cohort' as basis,
    month,
    comparison,
    side,
    side_month,
    is_partial,
    case when window_days is null then 'to_date' else 'full' end as window_kind,
    window_days,
    lived_days,
    span_days,
    profile_days,
    -- one aggregation serves all comparisons that look at a cohort through the same window
    case
        when window_days is null then 'to_date:' || cast(lived_days as {{ dbt.type_string() }}) || ':' || cast(span_days as {{ dbt.type_string() }})
            || ':' || cast(profile_days as {{ dbt.type_string() }})
        else 'full:' || cast(window_days as {{ dbt.type_string() }})
    end as window_key
from sided

union all

select
    'period' as basis,
    month,
    comparison,
    side,
    side_month,
    is_partial,
    case when is_partial then 'month_to_date' else 'month' end as window_kind,
    cast(null as integer) as window_days,
    lived_days,
    span_days,
    profile_days,
    'days:' || cast(span_days as {{ dbt.type_string() }}) as window_key
from sided
