with delivered as (

    select * from {{ ref('stg_template__fx_rates') }} where quarantine_rule is null

),

ranked as (

    select
        currency,
        rate_date,
        rate_to_base,
        row_number() over (partition by currency, rate_date order by {{ newest_first() }}) as version_rank
    from delivered

),

latest as (

    select currency, rate_date, rate_to_base from ranked where version_rank = 1

)

select
    currency,
    rate_date as valid_from,
    rate_to_base,
    -- a rate serves until the next one, but not longer than its allowed age
    least(
        coalesce(lead(rate_date) over (partition by currency order by rate_date), date '2999-12-31'),
        {{ add_days('rate_date', var('max_rate_age_days') ~ ' + 1') }}
    ) as valid_until
from latest
