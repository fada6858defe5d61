-- On which day how much of each plan line was paid: the rule of fct_payment_plan, day by day, so that a comparison can leave out what came later.
with lines as (

    select
        plan_key,
        client_key,
        channel_key,
        due_date,
        currency,
        planned_original,
        rate_to_base,
        sum(planned_original) over (partition by client_key, currency order by due_date, plan_key rows between unbounded preceding and current row)
        - planned_original as planned_before
    from {{ ref('fct_payment_plan') }}

),

ledger as (

    select
        client_key,
        currency,
        paid_date,
        received,
        coalesce(lag(received) over (partition by client_key, currency order by paid_date), 0) as received_before
    from {{ ref('int_plan_settlement') }}

),

-- a refund takes back from the lines it had filled
filled as (

    select
        lines.*,
        ledger.paid_date,
        {{ filled_of('ledger.received') }} as paid_original,
        {{ filled_of('ledger.received_before') }} as paid_before_original
    from lines
    inner join ledger on lines.client_key = ledger.client_key and lines.currency = ledger.currency

),

valued as (

    select
        *,
        {{ part_in_base('paid_original') }} - {{ part_in_base('paid_before_original') }} as amount_base
    from filled
    where paid_original <> paid_before_original

)

select plan_key, channel_key, due_date, paid_date, cast(amount_base as {{ amount_type() }}) as amount_base
from valued
where amount_base <> 0
