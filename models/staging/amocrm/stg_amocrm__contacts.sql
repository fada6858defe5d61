{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}}) }}

with source as (

    {{ landed_rows('amocrm', 'contacts', [to_iso('updated_at')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('id') }} as contact_id,
        {{ to_text('email') }} as contact_email_hash,
        {{ to_text('phone') }} as contact_phone_hash,
        false as is_deleted,
        {{ to_utc('updated_at') }} as updated_at
    from source

),

{{ judged_contacts() }}
