{%- set is_end -%} (stages.is_terminal or stages.stage_key = '{{ funnel_stages() | last }}') {%- endset -%}
-- What the current status of a lead proves about its last attempt: a stage reached (dated only if the source dates its status) or an ending.
with attempts as (

    select * from {{ ref('int_lead_attempts') }} where is_last_attempt

),

stages as (

    select * from {{ ref('funnel_stages') }}

),

fields as (

    -- a status set before the lead came back says nothing about the attempt that began then
    select lead_attempt_key, source_system, ends_later, 'status' as source_field, status_raw as source_value, status_at as entered_at, {{ ended_at(['closed_at']) }} as closed_at
    from attempts where status_raw is not null and (attempt_number = 1 or status_at is null or status_at >= created_at)
    union all
    select lead_attempt_key, source_system, ends_later, 'quality', quality_raw, cast(null as timestamp), cast(null as timestamp)
    from attempts where quality_raw is not null

),

mapped as (

    select
        fields.lead_attempt_key,
        fields.ends_later,
        fields.entered_at,
        fields.closed_at,
        coalesce(stage_mapping.stage_key, fields.source_value) as stage_key
    from fields
    left join {{ ref('stage_mapping') }} as stage_mapping
        on fields.source_system = stage_mapping.source_system
            and fields.source_field = stage_mapping.source_field
            and fields.source_value = stage_mapping.source_value

)

select
    mapped.lead_attempt_key,
    stages.stage_key,
    stages.stage_order,
    stages.is_terminal,
    stages.role,
    -- what closes a lead, and only that, is dated by when it was closed
    min(coalesce(mapped.entered_at, case when {{ is_end }} then mapped.closed_at end)) as entered_at
from mapped
inner join stages on mapped.stage_key = stages.stage_key
-- an ending, or the win, of a later day than this night's
where not coalesce(mapped.ends_later, false) or not {{ is_end }}
group by mapped.lead_attempt_key, stages.stage_key, stages.stage_order, stages.is_terminal, stages.role
