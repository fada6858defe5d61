{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}, 'named': "'id ' || lead_id"}) }}

with source as (

    {{ landed_rows('pipedrive', 'deals', [to_iso('add_time'), to_iso('won_time'), to_iso('lost_time'), to_iso('close_time'), to_iso('update_time')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids
        {{ to_text('id') }} as lead_id,
        {{ to_text('person_id') }} as contact_id,
        {{ to_text('contact_email') }} as contact_email_hash,
        {{ to_text('contact_phone') }} as contact_phone_hash,
        cast(null as string) as duplicate_of,

        ---------- categories; won and lost are statuses beside the stage, and a stage belongs to one pipeline
        coalesce({{ category('channel') }}, {{ category('origin') }}) as channel_raw,
        cast(null as string) as campaign,
        cast(null as string) as country,
        cast(null as string) as requested_service,
        cast(null as string) as sdr,
        {{ to_text('owner_id') }} as sales_rep,
        {{ category("case when status in ('won', 'lost') then status else stage_id end") }} as status_raw,
        cast(null as string) as quality_raw,
        {{ category('lost_reason') }} as reason_raw,

        ---------- flags
        cast(null as boolean) as is_duplicate,
        false as is_test,
        coalesce({{ to_flag('is_deleted') }}, false) or coalesce(status = 'deleted', false) as is_deleted,

        ---------- timestamps
        {{ to_text('add_time') }} as created_at_text,
        {{ to_utc('add_time') }} as created_at,
        cast(null as timestamp) as first_contact_at,
        case status when 'won' then {{ to_optional_utc('won_time') }} when 'lost' then {{ to_optional_utc('lost_time') }} end as status_at,
        {{ to_optional_utc('close_time') }} as closed_at,
        cast(null as timestamp) as desired_meeting_at,
        {{ to_optional_utc('update_time') }} as updated_at,
        {{ unread_values([to_unread_flag('is_deleted'), to_unread_moment('won_time'), to_unread_moment('lost_time'),
            to_unread_moment('close_time'), to_unread_moment('update_time')]) }} as unread

    from source

),

{{ judged_leads() }}
