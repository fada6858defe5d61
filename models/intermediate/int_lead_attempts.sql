{{ config(materialized='view') }}

{%- set of_lead = [
    'lead_key', 'lead_id', 'source_name', 'source_system', 'client_key', 'channel_key', 'campaign', 'country', 'requested_service', 'sdr', 'sales_rep',
    'status_raw', 'quality_raw', 'reason_key', 'status_at', 'closed_at', 'ends_later', 'desired_meeting_at'] -%}

with leads as (

    select * from {{ ref('int_leads') }} where exclusion is null {{ only_new() }}

),

reopenings as (

    select lead_key, attempt_number, min(entered_at) as created_at
    from {{ ref('int_stage_events') }}
    where opens_attempt {{ only_new() }}
    group by lead_key, attempt_number

),

-- money that comes after an ending is of the attempt that followed, though the CRM may tell of it only days later
endings as (

    select lead_key, attempt_number, min(entered_at) as ended_at
    from {{ ref('int_stage_events') }}
    where is_terminal and lead_key in (select lead_key from reopenings) {{ only_new() }}
    group by lead_key, attempt_number

),

-- few leads come back: only they are joined and counted
last_reopenings as (

    select lead_key, max(attempt_number) as attempt_number from reopenings group by lead_key

),

attempts as (

    select 1 as attempt_number, created_at, created_at as lead_created_at, created_at as earns_from, {{ of_lead | join(', ') }} from leads
    union all
    select
        reopenings.attempt_number,
        reopenings.created_at,
        leads.created_at as lead_created_at,
        coalesce(endings.ended_at, reopenings.created_at) as earns_from
        {%- for column in of_lead %},
        leads.{{ column }}
        {%- endfor %}
    from reopenings
    inner join leads on reopenings.lead_key = leads.lead_key
    left join endings on reopenings.lead_key = endings.lead_key and reopenings.attempt_number = endings.attempt_number + 1

)

select
    {{ lead_attempt_key('attempts') }} as lead_attempt_key,
    attempts.attempt_number = coalesce(last_reopenings.attempt_number, 1) as is_last_attempt,
    attempts.*
from attempts
left join last_reopenings on attempts.lead_key = last_reopenings.lead_key
