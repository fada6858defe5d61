{{ config(materialized='incremental', meta={'replaces': 'lead_key'}) }}

with recursive delivered as (
    {{ newest_rows('leads', [
        'source_name', 'source_system', 'load_id', 'lead_id', 'lead_key', 'client_key', 'contact_id', 'contact_email_hash', 'contact_phone_hash', 'merged_into_lead_key', 'channel_raw', 'campaign', 'country', 'requested_service', 'sdr', 'sales_rep', 'status_raw', 'quality_raw', 'reason_raw',
        'is_duplicate', 'is_test', 'is_deleted', 'created_at', 'desired_meeting_at',
        none_of_the_future('first_contact_at'), none_of_the_future('status_at'), none_of_the_future('closed_at')], key='lead_key') }}
),

---------- whom duplicate_of names
named as (

    select lead_key, source_name, merged_into_lead_key as reference_key from delivered where merged_into_lead_key is not null

),

named_exactly as (

    select named.lead_key, delivered.lead_key as target_key
    from named
    inner join delivered on named.reference_key = delivered.lead_key

),

unmatched as (

    select distinct reference_key, source_name from named where lead_key not in (select lead_key from named_exactly)

),

ids as {{ not_materialized() }} (

    select lead_key as id_key, source_name from delivered

),

named_otherwise as (
    {{ written_otherwise('unmatched', 'ids') }}
),

links as (

    select named.lead_key, named.reference_key, coalesce(named_exactly.target_key, named_otherwise.id_key) as target_key
    from named
    left join named_exactly on named.lead_key = named_exactly.lead_key
    left join named_otherwise on named.reference_key = named_otherwise.reference_key

),

---------- the lead that is left at the end of the chain; a circle has no end, so nobody in it is merged
steps as (

    select lead_key, target_key from links where target_key <> lead_key

),

followed as (
    {{ followed_chains('steps', 'lead_key', 'target_key') }}
),

circles as (

    select lead_key from followed where lead_key = target_key

),

merges as (

    select lead_key, target_key from steps where lead_key not in (select lead_key from circles)

),

chains as (

    select lead_key, target_key from merges
    union all
    select chains.lead_key, merges.target_key
    from chains
    inner join merges on chains.target_key = merges.lead_key

),

ends as (

    select lead_key, target_key as end_key from chains where target_key not in (select lead_key from merges)

),

---------- a lead of whom no contact is known is a client by its own id, but where that is the id of a contact: they are two
of_own_id as (

    select client_key from delivered where coalesce(contact_id, contact_email_hash, contact_phone_hash) is null

),

taken as (

    select client_key from delivered where contact_id is not null and client_key in (select client_key from of_own_id)
    {%- for contacts in staged_contacts() if is_matched_by_contact() %}
    union
    select client_key from {{ contacts }} where is_newest and client_key in (select client_key from of_own_id)
    {%- endfor %}

),

of_the_day as {{ not_materialized() }} (

    select *, coalesce(coalesce(status_at, closed_at) >= {{ as_of_end_at() }}, false) as ends_later from delivered

),

mapped as (

    select
        delivered.lead_key,
        delivered.lead_id,
        delivered.source_name,
        delivered.source_system,
        delivered.load_id,
        case
            when coalesce(delivered.contact_id, delivered.contact_email_hash, delivered.contact_phone_hash) is null
                and delivered.client_key in (select client_key from taken) then {{ made_client_key('delivered.lead_id', 'delivered.source_name') }}
            else delivered.client_key
        end as client_key,
        delivered.contact_email_hash,
        delivered.contact_phone_hash,
        delivered.merged_into_lead_key as duplicate_of_key,
        ends.end_key as merged_into_lead_key,
        case
            when links.lead_key is null then null
            when links.target_key is null then 'merge_unknown'
            when links.target_key = delivered.lead_key then 'merge_into_itself'
            when ends.end_key is null then 'merge_circle'
        end as merge_rule,
        -- of all excluded leads a test is the only one whose money is left out
        case
            when delivered.is_test then 'test'
            when delivered.is_deleted then 'deleted'
            when ends.end_key is not null then 'merged'
            when delivered.is_duplicate then 'duplicate'
        end as exclusion,
        {{ channel_key() }} as channel_key,
        delivered.channel_raw,
        coalesce(delivered.campaign, '(none)') as campaign,
        delivered.country,
        delivered.requested_service,
        delivered.sdr,
        delivered.sales_rep,
        -- a night for an early day knows neither a status of a later one nor that a lead will have ended, and why
        case when coalesce(delivered.status_at < {{ as_of_end_at() }}, true) then delivered.status_raw end as status_raw,
        delivered.ends_later,
        delivered.quality_raw,
        case when not delivered.ends_later then delivered.reason_raw end as reason_raw,
        case when not delivered.ends_later then {{ reason_key('delivered.reason_raw') }} end as reason_key,
        delivered.created_at,
        case when delivered.first_contact_at < {{ as_of_end_at() }} then delivered.first_contact_at end as first_contact_at,
        case when delivered.status_at < {{ as_of_end_at() }} then delivered.status_at end as status_at,
        case when delivered.closed_at < {{ as_of_end_at() }} then delivered.closed_at end as closed_at,
        delivered.desired_meeting_at,
        {{ build_number() }} as build_number
    from of_the_day as delivered
    left join links on delivered.lead_key = links.lead_key
    left join ends on delivered.lead_key = ends.lead_key
    {{ join_channel('delivered') }}
    {{ join_reason('delivered') }}

),

survivors as (

    select lead_key, client_key, channel_key, exclusion from mapped where lead_key in (select end_key from ends)

)

-- the owner has what is delivered of a lead: itself, or who is left of it. Where that lead does not count, only its client has
select
    mapped.*,
    case
        when mapped.merged_into_lead_key is null and mapped.exclusion is null then mapped.lead_key
        when survivors.exclusion is null then survivors.lead_key
    end as owner_lead_key,
    coalesce(survivors.client_key, mapped.client_key) as owner_client_key,
    coalesce(survivors.channel_key, mapped.channel_key) as owner_channel_key,
    case when mapped.merged_into_lead_key is null then mapped.exclusion else survivors.exclusion end as owner_exclusion,
    coalesce(mapped.exclusion = 'test', false) or coalesce(survivors.exclusion = 'test', false) as is_left_out
from mapped
left join survivors on mapped.merged_into_lead_key = survivors.lead_key
