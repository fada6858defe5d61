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
        {{ to_text('event_id') }} as event_id,
        {{ to_text('lead_id') }} as lead_id,

        ---------- categories
        {{ category('stage') }} as stage_raw,
        {{ to_text('actor') }} as actor,
        {{ category('reason') }} as reason_raw,

        ---------- timestamps
        {{ to_text('entered_at') }} as entered_at_text,
        {{ to_utc('entered_at') }} as entered_at

    from source

),

-- text is not kept: of what could not be read only the reason stays
kept as (

    select
        {{ provenance() }},
        landed_at,
        {{ version_key('event_id') }} as version_key,
        source_name || ':' || lead_id as lead_key,
        stage_raw,
        actor,
        reason_raw,
        entered_at,
        case
            when event_id is null or lead_id is null then 'missing_id'
            when entered_at_text is null then 'missing_date'
            when entered_at is null then 'unparsable_date'
        end as unusable_rule
    from typed

),

known as (

    {{ rows_to_judge('kept') }}

),

judged as (

    select
        *,
        coalesce(unusable_rule, case {{ time_rule('entered_at') }} end) as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
