-- What was paid against each line: a client's net payments fill the lines in the order they fall due.
with lines as (

    select
        *,
        sum(planned_base) over (partition by client_key order by due_date, plan_key rows between unbounded preceding and current row) - planned_base
            as planned_before_base
    from {{ ref('int_payment_plan') }}
    where quarantine_rule is null

),

ledger as (

    select client_key, paid_date, sum(amount_base) as amount_base
    from {{ ref('fct_payment') }}
    where client_key in (select client_key from lines)
    group by client_key, paid_date

),

paid as (

    select
        lines.plan_key,
        coalesce(sum(ledger.amount_base), 0) as paid_in_all_base,
        coalesce(sum(case when ledger.paid_date <= lines.due_date then ledger.amount_base end), 0) as paid_by_due_base
    from lines
    left join ledger on lines.client_key = ledger.client_key
    group by lines.plan_key

),

filled as (

    select
        lines.*,
        cast(least(greatest(paid.paid_in_all_base - lines.planned_before_base, 0), lines.planned_base) as {{ money_type() }}) as paid_base,
        cast(least(greatest(least(paid.paid_by_due_base, paid.paid_in_all_base) - lines.planned_before_base, 0), lines.planned_base) as {{ money_type() }})
            as paid_on_time_base
    from lines
    inner join paid on lines.plan_key = paid.plan_key

)

select
    filled.plan_key,
    filled.plan_id,
    filled.source_name,
    filled.client_key,
    coalesce(dim_client.channel_key, 'unmapped') as channel_key,
    filled.service,
    filled.due_date,
    {{ month_start('filled.due_date') }} as due_month,
    filled.currency,
    filled.planned_original,
    filled.planned_base,
    filled.paid_base,
    filled.paid_on_time_base,
    cast(filled.planned_base - filled.paid_base as {{ money_type() }}) as outstanding_base,
    filled.due_date <= {{ as_of() }} as is_due,
    filled.due_date <= {{ as_of() }} and filled.paid_base < filled.planned_base as is_overdue,
    cast(case when filled.due_date <= {{ as_of() }} then filled.planned_base - filled.paid_base else 0 end as {{ money_type() }}) as overdue_base
from filled
left join {{ ref('dim_client') }} as dim_client on filled.client_key = dim_client.client_key
