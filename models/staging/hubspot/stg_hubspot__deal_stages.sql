{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'entity': 'deals'}}) }}

-- The history of each deal's stage, an entry a row: the API tells it whole with the deal, newest first.
with source as (

    {{ landed_rows('hubspot', 'deals') }}

),

entries as (

    select *, {{ json_items('dealstage_history') }} as entry from source where dealstage_history is not null

),

told as (

    select
        *,
        {{ json_text('entry', 'value') }} as stage,
        {{ json_text('entry', 'timestamp') }} as entered,
        {{ json_text('entry', 'sourceId') }} as changed_by,
        cast(null as string) as nothing
    from entries

),

dated as (

    select *, {{ to_iso('entered') }} from told

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        id || '|' || entered || '|' || stage as event_id,
        {{ to_text('id') }} as lead_id,
        {{ category("case when pipeline = 'default' then stage else pipeline || '/' || stage end") }} as stage_raw,
        {{ to_text('changed_by') }} as actor,
        case when stage = dealstage then {{ category('closed_lost_reason') }} end as reason_raw,
        {{ to_text('entered') }} as entered_at_text,
        {{ to_utc('entered') }} as entered_at
    from dated
    where stage is not null

),

{{ judged_stage_events() }}
