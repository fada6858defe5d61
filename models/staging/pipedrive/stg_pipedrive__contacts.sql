{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at', 'entity': 'persons'}}) }}

with source as (

    {{ landed_rows('pipedrive', 'persons', [to_iso('update_time')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('id') }} as contact_id,
        {{ to_text('email') }} as contact_email_hash,
        {{ to_text('phone') }} as contact_phone_hash,
        coalesce({{ to_flag('is_deleted') }}, false) as is_deleted,
        {{ to_optional_utc('update_time') }} as updated_at
    from source

),

{{ judged_contacts() }}
