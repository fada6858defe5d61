with plan_lines as (

    select * from {{ ref('fct_payment_plan') }}

),

lines as (

    select
        due_month as month,
        plan_key,
        source_name,
        client_key,
        channel_key,
        service,
        due_date,
        1 as plan_lines,
        planned_base as planned,
        paid_base as paid,
        paid_on_time_base as on_time,
        outstanding_base as outstanding,
        overdue_base as overdue,
        currency,
        planned_original,
        paid_original,
        paid_on_time_original as on_time_original,
        outstanding_original,
        overdue_original
    from plan_lines

),

months as (

    select
        month,
        'all' as plan_key,
        cast(null as string) as source_name,
        cast(null as string) as client_key,
        'all' as channel_key,
        cast(null as string) as service,
        cast(null as date) as due_date,
        count(*) as plan_lines,
        sum(planned) as planned,
        sum(paid) as paid,
        sum(on_time) as on_time,
        sum(outstanding) as outstanding,
        sum(overdue) as overdue,
        -- money of several currencies has no sum but in the base currency
        cast(null as string) as currency,
        cast(null as {{ amount_type() }}) as planned_original,
        cast(null as {{ amount_type() }}) as paid_original,
        cast(null as {{ amount_type() }}) as on_time_original,
        cast(null as {{ amount_type() }}) as outstanding_original,
        cast(null as {{ amount_type() }}) as overdue_original
    from lines
    group by month

),

combined as (

    select * from lines
    union all
    select * from months

),

-- where no payments are delivered, nobody knows what was paid: the plan and what is due of it are all there is to tell
payments as (

    select count(*) > 0 as are_delivered from {{ ref('int_delivered_entities') }} where entity = 'payments'

)

select
    month,
    plan_key,
    {{ as_of() }} as as_of,
    source_name,
    client_key,
    channel_key,
    service,
    due_date,
    cast(plan_lines as bigint) as plan_lines,
    cast(planned as {{ amount_type() }}) as planned,
    cast(case when payments.are_delivered then paid end as {{ amount_type() }}) as paid,
    cast(case when payments.are_delivered then on_time end as {{ amount_type() }}) as on_time,
    cast(outstanding as {{ amount_type() }}) as outstanding,
    cast(overdue as {{ amount_type() }}) as overdue,
    case when payments.are_delivered then {{ safe_divide('paid', 'planned') }} end as fulfilment,
    currency,
    planned_original,
    case when payments.are_delivered then paid_original end as paid_original,
    case when payments.are_delivered then on_time_original end as on_time_original,
    outstanding_original,
    overdue_original
from combined
cross join payments
