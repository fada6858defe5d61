{{ config(materialized='incremental', meta={'replaces': 'lead_key'}) }}

with delivered as (
    {{ newest_rows(['stg_template__leads', 'stg_zoho__deals'], [
        'source_name', 'source_system', 'load_id', 'lead_id', 'lead_key', 'client_key', 'merged_into_lead_key', 'channel_raw', 'campaign', 'country', 'requested_service', 'sdr', 'sales_rep', 'status_raw', 'quality_raw', 'reason_raw',
        'is_duplicate', 'is_test', 'is_deleted', 'created_at', 'first_contact_at', 'status_at', 'closed_at', 'desired_meeting_at'], key='lead_key') }}
),

mapped as (

    select
        delivered.lead_key,
        delivered.lead_id,
        delivered.source_name,
        delivered.source_system,
        delivered.load_id,
        delivered.client_key,
        delivered.merged_into_lead_key,
        case
            when delivered.is_deleted then 'deleted'
            when delivered.is_test then 'test'
            when delivered.merged_into_lead_key is not null then 'merged'
            when delivered.is_duplicate then 'duplicate'
        end as exclusion,
        {{ channel_key() }} as channel_key,
        delivered.channel_raw,
        coalesce(delivered.campaign, '(none)') as campaign,
        delivered.country,
        delivered.requested_service,
        delivered.sdr,
        delivered.sales_rep,
        delivered.status_raw,
        delivered.quality_raw,
        delivered.reason_raw,
        {{ reason_key('delivered.reason_raw') }} as reason_key,
        delivered.created_at,
        case when delivered.first_contact_at < {{ as_of_end_at() }} then delivered.first_contact_at end as first_contact_at,
        case when delivered.status_at < {{ as_of_end_at() }} then delivered.status_at end as status_at,
        case when delivered.closed_at < {{ as_of_end_at() }} then delivered.closed_at end as closed_at,
        delivered.desired_meeting_at,
        {{ build_number() }} as build_number
    from delivered
    {{ join_channel('delivered') }}
    {{ join_reason('delivered') }}

)

select * from mapped
