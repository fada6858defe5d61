-- What each client's plan of each currency has received by the end of each day on which the client paid or was paid back.
-- Payments fill the lines of their own currency. What those do not take, and payments of a currency without lines, goes to the other lines,
-- converted at the rates of its own day: to the currency whose lines fall due first, then to the next.
with plan_groups as (

    select
        client_key,
        currency,
        sum(planned_original) as planned,
        cast(sum(planned_base) as double) / cast(sum(planned_original) as double) as plan_rate,
        row_number() over (partition by client_key order by min(due_date), currency) as group_order
    from {{ ref('int_payment_plan') }}
    where quarantine_rule is null
    group by client_key, currency

),

days as (

    select client_key, currency, paid_date, sum(amount_original) as amount_original, sum(amount_base) as amount_base
    from {{ ref('fct_payment') }}
    where client_key in (select client_key from plan_groups)
    group by client_key, currency, paid_date

),

received as (

    select
        days.*,
        plan_groups.planned,
        sum(days.amount_original) over (partition by days.client_key, days.currency order by days.paid_date rows between unbounded preceding and current row) as so_far
    from days
    left join plan_groups on days.client_key = plan_groups.client_key and days.currency = plan_groups.currency

),

-- what a day's money adds to the part that its own lines do not take: also below nothing, where more was paid back than paid
spare as (

    select
        client_key,
        currency,
        paid_date,
        amount_original,
        amount_base,
        case
            when planned is null then amount_original
            else so_far - least(greatest(so_far, 0), planned)
                - (so_far - amount_original - least(greatest(so_far - amount_original, 0), planned))
        end as spare_original
    from received

),

spare_valued as (

    select
        spare.client_key,
        spare.currency,
        spare.paid_date,
        spare.spare_original,
        case
            when spare.spare_original = spare.amount_original then cast(spare.amount_base as double)
            else cast(spare.spare_original as double) * cast({{ rate_to_base('spare') }} as double)
        end as spare_base
    from spare
    left join {{ ref('int_fx_rates') }} as fx_rates on spare.currency = fx_rates.currency and spare.paid_date = fx_rates.rate_date
    where spare.spare_original <> 0

),

converted as (

    select
        plan_groups.client_key,
        plan_groups.currency,
        spare_valued.paid_date,
        sum(cast(round(case
            when spare_valued.currency = plan_groups.currency then cast(spare_valued.spare_original as double)
            -- a currency without a rate on that day has the one that its lines were valued with
            else spare_valued.spare_base / coalesce({{ rate_to_base('plan_groups') }}, plan_groups.plan_rate)
        end, 4) as {{ amount_type() }})) as amount
    from spare_valued
    inner join plan_groups on spare_valued.client_key = plan_groups.client_key
    left join {{ ref('int_fx_rates') }} as fx_rates on plan_groups.currency = fx_rates.currency and spare_valued.paid_date = fx_rates.rate_date
    group by plan_groups.client_key, plan_groups.currency, spare_valued.paid_date

),

moments as (

    select distinct client_key, paid_date from days

),

standing as (

    select
        plan_groups.client_key,
        plan_groups.currency,
        plan_groups.group_order,
        plan_groups.planned,
        moments.paid_date,
        sum(coalesce(days.amount_original, 0)) over so_far as own,
        sum(coalesce(converted.amount, 0)) over so_far as pot
    from plan_groups
    inner join moments on plan_groups.client_key = moments.client_key
    left join days on plan_groups.client_key = days.client_key and plan_groups.currency = days.currency and moments.paid_date = days.paid_date
    left join converted
        on plan_groups.client_key = converted.client_key and plan_groups.currency = converted.currency and moments.paid_date = converted.paid_date
    window so_far as (partition by plan_groups.client_key, plan_groups.currency order by moments.paid_date rows between unbounded preceding and current row)

),

needing as (

    select
        *,
        least(greatest(own, 0), planned) as filled,
        planned - least(greatest(own, 0), planned) as need,
        -- which part of the pot it would take: the pot is one, whatever currency it is counted in
        case when pot > 0 then cast(planned - least(greatest(own, 0), planned) as double) / cast(pot as double) else 0 end as need_share
    from standing

),

shared as (

    select
        *,
        coalesce(sum(need_share) over (partition by client_key, paid_date order by group_order rows between unbounded preceding and 1 preceding), 0)
            as share_before
    from needing

)

select
    client_key,
    currency,
    paid_date,
    lead(paid_date) over (partition by client_key, currency order by paid_date) as next_date,
    cast(round(greatest(cast(filled as double) + case
        when pot > 0 and share_before + need_share <= 1 then cast(need as double)
        when pot > 0 then cast(pot as double) * greatest(1 - share_before, 0)
        when group_order = 1 then cast(pot as double)
        else 0
    end, 0), 4) as {{ amount_type() }}) as received
from shared
