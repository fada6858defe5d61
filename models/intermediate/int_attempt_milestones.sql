-- When each attempt first entered each stage, with the moment's position on the working calendar. Stages proven without a date are in int_attempt_status.
with attempts as (

    select * from {{ ref('int_lead_attempts') }}

),

stage_entries as (

    select lead_attempt_key, stage_order, min(entered_at) as entered_at
    from {{ ref('int_stage_events') }}
    where stage_order between 2 and 9
    group by lead_attempt_key, stage_order

),

status_entries as (

    select lead_attempt_key, stage_order, entered_at
    from {{ ref('int_attempt_status') }}
    where stage_order between 2 and 9 and entered_at is not null

),

first_payments as (

    select lead_attempt_key, 9 as stage_order, min(paid_at) as entered_at
    from {{ ref('int_payments_attributed') }}
    where kind = 'payment' and lead_attempt_key is not null
    group by lead_attempt_key

),

-- better evidence first: the ledger dates the client, an event dates a stage, a status only where nothing else does
evidence as (

    select lead_attempt_key, 1 as stage_order, created_at as entered_at, 1 as evidence_rank from attempts
    union all
    select lead_attempt_key, stage_order, entered_at, 1 from first_payments
    union all
    select lead_attempt_key, stage_order, entered_at, 2 from stage_entries
    union all
    select lead_attempt_key, stage_order, entered_at, 3 from status_entries

),

best as (

    select lead_attempt_key, stage_order, entered_at
    from (
        select *, row_number() over (partition by lead_attempt_key, stage_order order by evidence_rank) as choice from evidence
    ) as ordered
    where choice = 1

),

placed as (

    select
        best.lead_attempt_key,
        best.stage_order,
        best.entered_at,
        {{ local_timestamp('best.entered_at') }} as entered_local_at
    from best

)

select
    placed.lead_attempt_key,
    placed.stage_order,
    placed.entered_at,
    cast(placed.entered_local_at as date) as entered_date,
    {{ business_position('placed.entered_local_at', 'dim_date') }} as business_position
from placed
left join {{ ref('dim_date') }} as dim_date on cast(placed.entered_local_at as date) = dim_date.date_day
