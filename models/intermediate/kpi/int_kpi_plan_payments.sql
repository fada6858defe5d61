-- On which day how much of each plan line was paid: the rule of fct_payment_plan, day by day, so that a comparison can leave out what came later.
with lines as (

    select
        plan_key,
        client_key,
        channel_key,
        due_date,
        planned_base,
        sum(planned_base) over (partition by client_key order by due_date, plan_key rows between unbounded preceding and current row) - planned_base
            as planned_before_base
    from {{ ref('fct_payment_plan') }}

),

days as (

    select client_key, paid_date, sum(amount_base) as amount_base
    from {{ ref('fct_payment') }}
    where client_key in (select client_key from lines)
    group by client_key, paid_date

),

ledger as (

    select
        client_key,
        paid_date,
        amount_base,
        sum(amount_base) over (partition by client_key order by paid_date rows between unbounded preceding and current row) as paid_until_base
    from days

),

-- a refund takes back from the lines it had filled
filled as (

    select
        lines.plan_key,
        lines.channel_key,
        lines.due_date,
        ledger.paid_date,
        least(greatest(ledger.paid_until_base - lines.planned_before_base, 0), lines.planned_base)
        - least(greatest(ledger.paid_until_base - ledger.amount_base - lines.planned_before_base, 0), lines.planned_base) as amount_base
    from lines
    inner join ledger on lines.client_key = ledger.client_key

)

select plan_key, channel_key, due_date, paid_date, cast(amount_base as {{ money_type() }}) as amount_base
from filled
where amount_base <> 0
