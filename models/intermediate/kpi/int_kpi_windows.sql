with activity as (

    -- what happened opens history, a plan or a cohort does not; where nothing has happened, a plan is all there is to tell
    select coalesce(
        min(case when measure in ('leads', 'cost', 'revenue') and activity_date <= {{ as_of() }} then activity_date end),
        min(case when measure = 'planned' then least(activity_date, {{ as_of() }}) end)
    ) as first_date
    from {{ ref('int_kpi_measures_daily') }}

),

days as (

    select date_day, month from {{ ref('dim_date') }}

),

months as (

    select
        days.month,
        max(days.date_day) as last_date
    from days
    cross join activity
    where days.month >= {{ month_start('activity.first_date') }} and days.month <= {{ as_of() }}
    group by days.month

),

month_windows as (

    select
        'month' as window_kind,
        month,
        month as activity_month,
        month as window_start,
        least(last_date, {{ as_of() }}) as window_end,
        {{ as_of() }} as known_until,
        last_date > {{ as_of() }} as is_partial
    from months

),

-- the running month against the same number of days, and only what was known on the last of them
comparison_months as (

    select 'to_date_previous_month' as window_kind, month, window_start, window_end, {{ add_months('month', -1) }} as activity_month
    from month_windows
    where is_partial

    union all

    select 'to_date_previous_year', month, window_start, window_end, {{ add_months('month', -12) }}
    from month_windows
    where is_partial

),

comparison_windows as (

    select
        comparison_months.window_kind,
        comparison_months.month,
        comparison_months.activity_month,
        comparison_months.activity_month as window_start,
        -- a shorter month ends with its own last day
        least(
            months.last_date,
            {{ add_days('comparison_months.activity_month', days_between('comparison_months.window_start', 'comparison_months.window_end')) }}
        ) as window_end
    from comparison_months
    inner join months on comparison_months.activity_month = months.month

)

select window_kind, month, activity_month, window_start, window_end, known_until, is_partial from month_windows
union all
select window_kind, month, activity_month, window_start, window_end, window_end, true from comparison_windows
