{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}}) }}

-- People by whose addresses money meets a client; the client is their account.
with source as (

    {{ landed_rows('salesforce', 'contacts', [to_iso('"SystemModstamp"')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('"Id"') }} as contact_id,
        {{ to_text('"AccountId"') }} as account_id,
        {{ to_text('"Email"') }} as contact_email_hash,
        coalesce({{ to_text('"Phone"') }}, {{ to_text('"MobilePhone"') }}) as contact_phone_hash,
        coalesce({{ to_flag('"IsDeleted"') }}, false) as is_deleted,
        {{ to_utc('"SystemModstamp"') }} as updated_at
    from source

),

{{ judged_contacts(client_id='coalesce(account_id, contact_id)') }}
