-- What was paid against each line, in the line's own currency: what a client's plan received (int_plan_settlement) fills the lines in the order they fall due.
with lines as (

    select
        *,
        sum(planned_original) over (partition by client_key, currency order by due_date, plan_key rows between unbounded preceding and current row)
        - planned_original as planned_before
    from {{ ref('int_payment_plan') }}
    where quarantine_rule is null

),

-- until when it stands; an end that is not there would make a nested loop of the join
settlement as (

    select *, coalesce(next_date, date '9999-12-31') as stands_until from {{ ref('int_plan_settlement') }}

),

received as (

    select
        lines.*,
        coalesce(in_all.received, 0) as received_in_all,
        coalesce(by_due.received, 0) as received_by_due
    from lines
    left join settlement as in_all
        on lines.client_key = in_all.client_key and lines.currency = in_all.currency and in_all.next_date is null
    left join settlement as by_due
        on lines.client_key = by_due.client_key and lines.currency = by_due.currency
            and by_due.paid_date <= lines.due_date and by_due.stands_until > lines.due_date

),

filled as (

    select
        *,
        {{ filled_of('received_in_all') }} as paid_original,
        {{ filled_of('least(received_by_due, received_in_all)') }} as paid_on_time_original
    from received

),

valued as (

    select
        *,
        {{ part_in_base('paid_original') }} as paid_base,
        {{ part_in_base('paid_on_time_original') }} as paid_on_time_base,
        due_date <= {{ as_of() }} as is_due
    from filled

)

select
    valued.plan_key,
    valued.plan_id,
    valued.source_name,
    valued.client_key,
    coalesce(dim_client.channel_key, 'unmapped') as channel_key,
    valued.service,
    valued.due_date,
    {{ month_start('valued.due_date') }} as due_month,
    valued.currency,
    valued.planned_original,
    valued.paid_original,
    valued.paid_on_time_original,
    cast(valued.planned_original - valued.paid_original as {{ amount_type() }}) as outstanding_original,
    cast(case when valued.is_due then valued.planned_original - valued.paid_original else 0 end as {{ amount_type() }}) as overdue_original,
    valued.rate_to_base,
    valued.planned_base,
    valued.paid_base,
    valued.paid_on_time_base,
    cast(valued.planned_base - valued.paid_base as {{ amount_type() }}) as outstanding_base,
    valued.is_due,
    valued.is_due and valued.paid_original < valued.planned_original as is_overdue,
    cast(case when valued.is_due then valued.planned_base - valued.paid_base else 0 end as {{ amount_type() }}) as overdue_base
from valued
left join {{ ref('dim_client') }} as dim_client on valued.client_key = dim_client.client_key
