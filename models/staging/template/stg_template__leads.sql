{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'},
    'named': "'lead_id ' || lead_id"}) }}

with source as (

    {{ landed_rows('template', 'leads', [to_iso('created_at'), to_iso('first_contact_at'), to_iso('status_at'), to_iso('closed_at'), to_iso('desired_meeting_at'), to_iso('updated_at')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_id('lead_id') }} as lead_id,
        {{ to_person_id('contact_id') }} as contact_id,
        {{ to_text('contact_email') }} as contact_email_hash,
        {{ to_text('contact_phone') }} as contact_phone_hash,
        {{ to_id('duplicate_of') }} as duplicate_of,

        ---------- categories
        {{ category('channel') }} as channel_raw,
        {{ to_text('campaign') }} as campaign,
        {{ to_text('country') }} as country,
        {{ category('requested_service') }} as requested_service,
        {{ to_text('sdr') }} as sdr,
        {{ to_text('sales_rep') }} as sales_rep,
        {{ category('status') }} as status_raw,
        cast(null as string) as quality_raw,
        {{ category('reason') }} as reason_raw,

        ---------- flags
        {{ to_flag('is_duplicate') }} as is_duplicate,
        {{ to_flag('is_test') }} as is_test,
        {{ to_flag('is_deleted') }} as is_deleted,

        ---------- timestamps
        {{ to_text('created_at') }} as created_at_text,
        {{ to_utc('created_at') }} as created_at,
        {{ to_optional_utc('first_contact_at') }} as first_contact_at,
        {{ to_optional_utc('status_at') }} as status_at,
        {{ to_optional_utc('closed_at') }} as closed_at,
        {{ to_optional_utc('desired_meeting_at') }} as desired_meeting_at,
        {{ to_optional_utc('updated_at') }} as updated_at,

        ---------- what could not be read
        {{ unread_values([
            to_unread_flag('is_duplicate'), to_unread_flag('is_test'), to_unread_flag('is_deleted'), to_unread_moment('first_contact_at'), to_unread_moment('status_at'),
            to_unread_moment('closed_at'), to_unread_moment('desired_meeting_at'), to_unread_moment('updated_at'),
            to_unread_id('contact_id'), to_unread_id('duplicate_of')]) }} as unread

    from source

),

{{ judged_leads() }}
