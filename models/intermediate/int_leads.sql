with unioned as (
    {{ unioned(['stg_template__leads', 'stg_zoho__deals'], [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'lead_id', 'contact_id', 'contact_email_hash', 'contact_phone_hash',
        'duplicate_of', 'channel_raw', 'campaign', 'country', 'requested_service', 'sdr', 'sales_rep', 'status_raw', 'quality_raw', 'reason_raw',
        'is_duplicate', 'is_test', 'is_deleted', 'created_at', 'first_contact_at', 'status_at', 'closed_at', 'desired_meeting_at', 'updated_at',
        'quarantine_rule']) }}
),

ranked as (

    select
        *,
        row_number() over (partition by source_name, lead_id order by {{ newest_first('updated_at') }}) as version_rank
    from unioned
    where quarantine_rule is null

),

mapped as (

    select
        ranked.source_name || ':' || ranked.lead_id as lead_key,
        ranked.lead_id,
        ranked.source_name,
        ranked.source_system,
        ranked.load_id,
        ranked.source_name || ':' || coalesce(ranked.contact_id, ranked.contact_email_hash, ranked.contact_phone_hash, ranked.lead_id) as client_key,
        case when ranked.duplicate_of is not null then ranked.source_name || ':' || ranked.duplicate_of end as merged_into_lead_key,
        case
            when ranked.is_deleted then 'deleted'
            when ranked.is_test then 'test'
            when ranked.duplicate_of is not null then 'merged'
            when ranked.is_duplicate then 'duplicate'
        end as exclusion,
        {{ channel_key() }} as channel_key,
        ranked.channel_raw,
        coalesce(ranked.campaign, '(none)') as campaign,
        ranked.country,
        ranked.requested_service,
        ranked.sdr,
        ranked.sales_rep,
        ranked.status_raw,
        ranked.quality_raw,
        ranked.reason_raw,
        {{ reason_key('ranked.reason_raw') }} as reason_key,
        ranked.created_at,
        case when ranked.first_contact_at < {{ as_of_end_at() }} then ranked.first_contact_at end as first_contact_at,
        case when ranked.status_at < {{ as_of_end_at() }} then ranked.status_at end as status_at,
        case when ranked.closed_at < {{ as_of_end_at() }} then ranked.closed_at end as closed_at,
        ranked.desired_meeting_at
    from ranked
    {{ join_channel('ranked') }}
    {{ join_reason('ranked') }}
    where ranked.version_rank = 1

)

select * from mapped
