-- A row here is a plan line whose payments by day do not add up to what fct_payment_plan says was paid.
with by_day as (

    select plan_key, sum(amount_base) as paid_base
    from {{ ref('int_kpi_plan_payments') }}
    group by plan_key

)

select lines.plan_key, lines.paid_base, by_day.paid_base as paid_by_day_base
from {{ ref('fct_payment_plan') }} as lines
left join by_day on lines.plan_key = by_day.plan_key
where lines.paid_base <> coalesce(by_day.paid_base, 0)
