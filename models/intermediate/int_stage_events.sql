{{ config(materialized='incremental', meta={'replaces': 'lead_key'}) }}

with delivered as (

    select * from {{ ref('stg_template__stage_events') }}
    where quarantine_rule is null and is_newest {{ only_touched('lead_key') }}

),

leads as (

    select * from {{ ref('int_leads') }} where exclusion is null {{ only_new() }}

),

stages as (

    select * from {{ ref('funnel_stages') }}

),

of_valid_leads as (

    select
        delivered.version_key as stage_event_key,
        leads.lead_key,
        leads.source_name,
        leads.channel_key,
        coalesce(stage_mapping.stage_key, own_stage.stage_key, 'unmapped') as stage_key,
        delivered.entered_at,
        delivered.actor,
        {{ reason_key('delivered.reason_raw') }} as reason_key
    from delivered
    inner join leads on delivered.lead_key = leads.lead_key
    left join {{ ref('stage_mapping') }} as stage_mapping
        on delivered.source_system = stage_mapping.source_system and stage_mapping.source_field = 'status' and delivered.stage_raw = stage_mapping.source_value
    left join stages as own_stage on delivered.stage_raw = own_stage.stage_key
    {{ join_reason('delivered') }}

),

-- a lead row that carries its own first-contact time is an entry into that stage like any other
first_contacts as (

    select
        lead_key || ':first_contact_at' as stage_event_key,
        lead_key,
        source_name,
        channel_key,
        'first_contact' as stage_key,
        first_contact_at as entered_at,
        sdr as actor,
        cast(null as varchar) as reason_key
    from leads
    where first_contact_at is not null

),

all_entries as (

    select * from of_valid_leads
    union all
    select * from first_contacts

),

with_stage as (

    select
        all_entries.*,
        stages.stage_order,
        coalesce(stages.is_terminal, false) as is_terminal
    from all_entries
    left join stages on all_entries.stage_key = stages.stage_key

),

-- few leads come back: only they are put in order
first_endings as (

    select lead_key, min(entered_at) as ended_at from with_stage where is_terminal group by lead_key

),

returned as (

    select with_stage.lead_key
    from with_stage
    inner join first_endings on with_stage.lead_key = first_endings.lead_key
    where not with_stage.is_terminal and with_stage.stage_order is not null and with_stage.entered_at > first_endings.ended_at
    group by with_stage.lead_key

),

openings as (

    -- a stage entered after an ending opens the next attempt; an entry that no seed knows does not come in between
    select
        with_stage.*,
        case
            when stage_order is not null
                and lag(is_terminal) over (partition by with_stage.lead_key, stage_key = 'unmapped' order by entered_at, is_terminal, stage_event_key) then 1
            else 0
        end as opens_attempt
    from with_stage
    inner join returned on with_stage.lead_key = returned.lead_key

),

attempts as (

    select
        stage_event_key,
        opens_attempt,
        1 + sum(opens_attempt) over (
            partition by lead_key order by entered_at, is_terminal, stage_event_key rows between unbounded preceding and current row
        ) as attempt_number
    from openings

),

numbered as (

    select
        with_stage.*,
        {{ local_timestamp('with_stage.entered_at') }} as entered_local_at,
        coalesce(attempts.opens_attempt, 0) as opens_attempt,
        coalesce(attempts.attempt_number, 1) as attempt_number
    from with_stage
    left join attempts on with_stage.stage_event_key = attempts.stage_event_key

),

dated as (

    select
        numbered.stage_event_key,
        numbered.lead_key,
        numbered.lead_key || '#' || cast(numbered.attempt_number as varchar) as lead_attempt_key,
        cast(numbered.attempt_number as integer) as attempt_number,
        numbered.source_name,
        numbered.channel_key,
        numbered.stage_key,
        numbered.stage_order,
        numbered.is_terminal,
        numbered.opens_attempt = 1 as opens_attempt,
        numbered.entered_at,
        cast(numbered.entered_local_at as date) as entered_date,
        {{ business_position('numbered.entered_local_at', 'dim_date') }} as business_position,
        numbered.actor,
        numbered.reason_key
    from numbered
    left join {{ ref('dim_date') }} as dim_date on cast(numbered.entered_local_at as date) = dim_date.date_day

),

-- few stages are entered twice: only those entries are counted
repeated as (

    select {{ row_hash('lead_attempt_key, stage_key') }} as stage_hash from dated group by {{ row_hash('lead_attempt_key, stage_key') }} having count(*) > 1

),

counted as (

    select
        stage_event_key,
        row_number() over (partition by lead_attempt_key, stage_key order by entered_at, stage_event_key) as entry_number
    from dated
    where {{ row_hash('lead_attempt_key, stage_key') }} in (select stage_hash from repeated)

),

placed as (

    select
        *,
        lead(entered_at) over in_order as exited_at,
        lead(business_position) over in_order as exited_position,
        -- a regression goes back behind the furthest stage entered before
        coalesce(stage_order < max(stage_order) over (
            partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key rows between unbounded preceding and 1 preceding
        ), false) as is_regression
    from dated
    window in_order as (partition by lead_attempt_key order by entered_at, is_terminal, stage_event_key)

)

select
    placed.*,
    coalesce(counted.entry_number, 1) = 1 as is_first_entry,
    {{ build_number() }} as build_number
from placed
left join counted on placed.stage_event_key = counted.stage_event_key
