with days as (

    {{ day_rows("date '2000-01-01'", add_days(as_of(), 800)) }}

),

hours as (

    select
        isodow,
        {{ minutes_since_midnight('opens') }} as opens_minute,
        {{ minutes_since_midnight('closes') }} - {{ minutes_since_midnight('opens') }} as open_minutes
    from {{ source('landing', 'working_hours') }}

),

holidays as (

    select holiday_date, min(name) as name
    from (
        select holiday_date, name from {{ ref('holidays') }}
        union all
        select holiday_date, name from {{ ref('stg_template__holidays') }} where quarantine_rule is null
    ) as named
    group by holiday_date

),

marked as (

    select
        days.date_day,
        {{ month_start('days.date_day') }} as month,
        {{ iso_weekday('days.date_day') }} as isodow,
        holidays.holiday_date is not null as is_holiday,
        holidays.name as holiday_name,
        hours.isodow is not null and holidays.holiday_date is null as is_working_day,
        coalesce(hours.opens_minute, 0) as opens_minute,
        case when holidays.holiday_date is null then coalesce(hours.open_minutes, 0) else 0 end as working_minutes
    from days
    left join hours on {{ iso_weekday('days.date_day') }} = hours.isodow
    left join holidays on days.date_day = holidays.holiday_date

)

select
    *,
    -- working minutes before the day starts: business time between two moments is a difference of two look-ups
    coalesce(sum(working_minutes) over (order by date_day rows between unbounded preceding and 1 preceding), 0) as cumulative_working_minutes
from marked
