{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}, 'named': "'id ' || lead_id"}) }}

with source as (

    {{ landed_rows('hubspot', 'deals', [to_iso('createdate'), to_iso('closedate'), to_iso('"updatedAt"')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_text('id') }} as lead_id,
        {{ to_text('contact_id') }} as contact_id,
        cast(null as string) as contact_email_hash,
        cast(null as string) as contact_phone_hash,
        {{ to_text('merged_into') }} as duplicate_of,

        ---------- categories; a stage belongs to its pipeline
        {{ category('hs_analytics_source') }} as channel_raw,
        {{ to_text('hs_analytics_source_data_1') }} as campaign,
        cast(null as string) as country,
        {{ category('dealtype') }} as requested_service,
        cast(null as string) as sdr,
        {{ to_text('hubspot_owner_id') }} as sales_rep,
        {{ category("case when pipeline = 'default' then dealstage else pipeline || '/' || dealstage end") }} as status_raw,
        cast(null as string) as quality_raw,
        {{ category('closed_lost_reason') }} as reason_raw,

        ---------- flags; what was merged away is archived as well
        cast(null as boolean) as is_duplicate,
        false as is_test,
        coalesce({{ to_flag('archived') }}, false) and merged_into is null as is_deleted,

        ---------- timestamps; the history dates each stage, and a close date is a forecast while a deal is open
        {{ to_text('createdate') }} as created_at_text,
        {{ to_utc('createdate') }} as created_at,
        cast(null as timestamp) as first_contact_at,
        cast(null as timestamp) as status_at,
        cast(null as timestamp) as closed_at,
        cast(null as timestamp) as desired_meeting_at,
        {{ to_utc('"updatedAt"') }} as updated_at,
        cast(null as string) as unread

    from source

),

{{ judged_leads() }}
