{{ config(materialized='incremental', meta={'versions': {'by': 'row'},
    'named': "'event_id ' || substr(version_key, length(source_name) + 2)"}) }}

with source as (

    {{ landed_rows('template', 'stage_events', [to_iso('entered_at')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_id('event_id') }} as event_id,
        {{ to_id('lead_id') }} as lead_id,

        ---------- categories
        {{ category('stage') }} as stage_raw,
        {{ to_text('actor') }} as actor,
        {{ category('reason') }} as reason_raw,

        ---------- timestamps
        {{ to_text('entered_at') }} as entered_at_text,
        {{ to_utc('entered_at') }} as entered_at

    from source

),

{{ judged_stage_events() }}
