{{ config(materialized='incremental', meta={'replaces': 'client_key'}) }}
{%- set won = funnel_stages() | last %}

-- Lost clients and when to call them: mart_winback says whose day has come.
with attempts as {{ not_materialized() }} (

    select * from {{ ref('fct_lead_funnel') }} {{ only_new('where') }}

),

reasons as (

    select * from {{ ref('dim_reason') }}

),

services as (

    select * from {{ ref('services') }}

),

clients as (

    select
        client_key,
        count(case when outcome = 'open' then 1 end) as open_attempts,
        -- a win without a date may be later than the loss: such a client is not called
        count(case when outcome = 'won' and {{ won }}_at is null then 1 end) as undated_wins,
        max({{ won }}_at) as last_paid_at,
        max(created_at) as last_created_at
    from attempts
    group by client_key

),

-- one call per client: its newest attempt, if nothing is open or won since
newest as (

    select max(attempts.lead_attempt_key) as lead_attempt_key
    from attempts
    inner join clients on attempts.client_key = clients.client_key and attempts.created_at = clients.last_created_at
    where clients.open_attempts = 0
        and clients.undated_wins = 0
        and (clients.last_paid_at is null or clients.last_paid_at < attempts.outcome_at)
    group by attempts.client_key

),

lost as (

    select attempts.*, {{ local_date('attempts.outcome_at') }} as lost_on
    from attempts
    inner join newest on attempts.lead_attempt_key = newest.lead_attempt_key
    where attempts.outcome in ('rejected', 'returned', 'lost') and attempts.outcome_at is not null

),

due as (

    select *, {{ add_months('lost_on', 3) }} as due_on from lost

)

select
    due.lead_attempt_key,
    due.source_name,
    due.lead_id,
    due.client_key,
    due.channel_key,
    due.requested_service,
    due.sdr,
    due.sales_rep,
    due.outcome,
    due.lost_after_stage_key,
    due.reason_key,
    due.outcome_at as lost_at,
    due.due_on,
    case when not services.is_offered then 'partner' else coalesce(reasons.winback_action, 'call') end as suggested_action,
    {{ build_number() }} as build_number
from due
left join reasons on due.reason_key = reasons.reason_key
left join services on lower(due.requested_service) = services.service_key
-- a wrong number or spam leaves nobody to call
where coalesce(reasons.winback_action, 'call') <> 'none'
