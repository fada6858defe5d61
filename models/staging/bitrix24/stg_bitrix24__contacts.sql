{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}}) }}

with source as (

    {{ landed_rows('bitrix24', 'contacts', [to_iso('"DATE_MODIFY"')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('"ID"') }} as contact_id,
        {{ to_text('"EMAIL"') }} as contact_email_hash,
        {{ to_text('"PHONE"') }} as contact_phone_hash,
        false as is_deleted,
        {{ to_utc('"DATE_MODIFY"') }} as updated_at
    from source

),

{{ judged_contacts() }}
