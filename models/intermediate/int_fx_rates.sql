with latest as (

    select currency, rate_date, rate_to_base from {{ ref('stg_template__fx_rates') }} where quarantine_rule is null and is_newest

),

spans as (

    select
        currency,
        rate_date as first_day,
        rate_to_base,
        -- a rate serves until the next one, but not longer than its allowed age
        least(
            coalesce({{ add_days('lead(rate_date) over (partition by currency order by rate_date)', -1) }}, date '2999-12-31'),
            {{ add_days('rate_date', run_parameter('max_rate_age_days')) }}
        ) as last_day
    from latest

)

-- a row per day, so that valuing millions of payments is a look-up by equality
select spans.currency, dim_date.date_day as rate_date, spans.rate_to_base
from spans
inner join {{ ref('dim_date') }} as dim_date on dim_date.date_day between spans.first_day and spans.last_day
