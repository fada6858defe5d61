{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'}, 'named': "'id ' || lead_id"}) }}

with source as (

    {{ landed_rows('amocrm', 'leads', [to_iso('created_at'), to_iso('closed_at'), to_iso('updated_at')]) }}

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
        cast(null as string) as duplicate_of,

        ---------- categories; 142 and 143 are won and lost in every pipeline, all other statuses belong to theirs
        coalesce({{ category('utm_source') }}, {{ category('source') }}) as channel_raw,
        {{ to_text('utm_campaign') }} as campaign,
        cast(null as string) as country,
        cast(null as string) as requested_service,
        cast(null as string) as sdr,
        {{ to_text('responsible_user_id') }} as sales_rep,
        {{ category("case when status_id in ('142', '143') then status_id else pipeline_id || '/' || status_id end") }} as status_raw,
        cast(null as string) as quality_raw,
        {{ category('loss_reason') }} as reason_raw,

        ---------- flags
        cast(null as boolean) as is_duplicate,
        false as is_test,
        coalesce({{ to_flag('is_deleted') }}, false) as is_deleted,

        ---------- timestamps: Unix seconds
        {{ to_text('created_at') }} as created_at_text,
        {{ to_utc('created_at') }} as created_at,
        cast(null as timestamp) as first_contact_at,
        cast(null as timestamp) as status_at,
        {{ to_optional_utc('closed_at') }} as closed_at,
        cast(null as timestamp) as desired_meeting_at,
        {{ to_optional_utc('updated_at') }} as updated_at,
        {{ unread_values([to_unread_flag('is_deleted'), to_unread_moment('closed_at'), to_unread_moment('updated_at')]) }} as unread

    from source

),

{{ judged_leads() }}
