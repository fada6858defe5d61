{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}}) }}

with source as (

    {{ landed_rows('hubspot', 'contacts', [to_iso('"updatedAt"')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('id') }} as contact_id,
        {{ to_text('email') }} as contact_email_hash,
        coalesce({{ to_text('phone') }}, {{ to_text('mobilephone') }}) as contact_phone_hash,
        coalesce({{ to_flag('archived') }}, false) or merged_into is not null as is_deleted,
        {{ to_utc('"updatedAt"') }} as updated_at
    from source

),

{{ judged_contacts() }}
