{{ config(materialized='incremental', meta={'versions': {'by': 'row'}, 'named': "'id ' || substr(version_key, length(source_name) + 2)"}) }}

-- The flow of each deal, as far as the tap tells it: that it was added, and its changes of stage; that it was won or lost is dated by the deal itself.
with source as (

    {{ landed_rows('pipedrive', 'stage_changes', [to_iso('log_time')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('id') }} as event_id,
        {{ to_text('item_id') }} as lead_id,
        case field_key when 'stage_id' then {{ category('new_value') }} when 'add_time' then 'lead' end as stage_raw,
        {{ to_text('user_id') }} as actor,
        cast(null as string) as reason_raw,
        {{ to_text('log_time') }} as entered_at_text,
        {{ to_utc('log_time') }} as entered_at
    from source

),

{{ judged_stage_events() }}
