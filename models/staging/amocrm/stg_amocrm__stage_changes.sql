{{ config(materialized='incremental', meta={'versions': {'by': 'row'}, 'named': "'id ' || substr(version_key, length(source_name) + 2)"}) }}

with source as (

    {{ landed_rows('amocrm', 'stage_changes', [to_iso('created_at')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('id') }} as event_id,
        {{ to_text('lead_id') }} as lead_id,
        {{ category("case when status_id in ('142', '143') then status_id else pipeline_id || '/' || status_id end") }} as stage_raw,
        {{ to_text('created_by') }} as actor,
        cast(null as string) as reason_raw,
        {{ to_text('created_at') }} as entered_at_text,
        {{ to_utc('created_at') }} as entered_at
    from source

),

{{ judged_stage_events() }}
