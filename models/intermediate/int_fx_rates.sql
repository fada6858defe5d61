with latest as (

    select currency, rate_date, rate_to_base from {{ ref('stg_template__fx_rates') }} where quarantine_rule is null and is_newest

),

neighbours as (

    select
        *,
        lag(rate_to_base) over (partition by currency order by rate_date) as rate_before,
        lag(rate_date) over (partition by currency order by rate_date) as date_before,
        lead(rate_to_base) over (partition by currency order by rate_date) as rate_after,
        lead(rate_date) over (partition by currency order by rate_date) as date_after
    from latest

),

spans as (

    select
        currency,
        rate_date as first_day,
        rate_to_base,
        -- a rate serves until the next one, but not longer than its allowed age
        least(coalesce({{ add_days('date_after', -1) }}, date '2999-12-31'), {{ add_days('rate_date', run_parameter('max_rate_age_days')) }}) as last_day
    from neighbours
    -- else one of the two is of another unit, and nothing says which
    where {{ is_steady('rate_before', 'date_before', 'rate_date') }} and {{ is_steady('rate_after', 'rate_date', 'date_after') }}

)

-- a row per day, so that valuing millions of payments is a look-up by equality
select spans.currency, dim_date.date_day as rate_date, spans.rate_to_base
from spans
inner join {{ ref('dim_date') }} as dim_date on dim_date.date_day between spans.first_day and spans.last_day
