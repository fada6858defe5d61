{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at'},
    'named': "'Id ' || lead_id"}) }}

with source as (

    {{ landed_rows('zoho', 'deals', [to_iso('"Created Time"'), to_iso('"Closing Date"')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        time_zone,

        ---------- ids
        {{ to_id('"Id"') }} as lead_id,
        {{ to_id('"Contact Name"') }} as contact_id,
        cast(null as string) as contact_email_hash,
        cast(null as string) as contact_phone_hash,
        cast(null as string) as duplicate_of,

        ---------- categories
        {{ category('"Source"') }} as channel_raw,
        {{ to_text('"Campaign"') }} as campaign,
        cast(null as string) as country,
        {{ category('"Product"') }} as requested_service,
        {{ to_text('"Deal Owner Name"') }} as sdr,
        {{ to_text('"Deal Owner Name"') }} as sales_rep,
        {{ category('"Stage"') }} as status_raw,
        {{ category('"Quality"') }} as quality_raw,
        {{ category('"Lost Reason"') }} as reason_raw,

        ---------- flags
        coalesce({{ category('"Lost Reason"') }} = 'duplicate', false) as is_duplicate,
        false as is_test,
        false as is_deleted,

        ---------- money: text with a comma is written the continental way, but where it divides thousands; the rest are plain numbers
        default_currency,
        {{ to_text('"Initial Amount Paid"') }} as initial_amount_text,
        {%- set is_continental = '"Initial Amount Paid" like \'%,%\' and not ' ~ matches('"Initial Amount Paid"', '^[^0-9]*[0-9]{1,3}(,[0-9]{3})+[^0-9]*$') %}
        {{ to_number('"Initial Amount Paid"', separator="case when " ~ is_continental ~ " then ',' else '.' end") }} as initial_amount,

        ---------- timestamps
        {{ to_text('"Created Time"') }} as created_at_text,
        {{ to_local_timestamp('"Created Time"') }} as created_local_at,
        {{ to_text('"Closing Date"') }} as closing_date_text,
        {{ to_date('"Closing Date"') }} as closing_date,
        {{ duration_minutes('"SLA"') }} as minutes_to_first_contact,
        {{ unread_values([to_unread_moment('"Closing Date"')]) }} as unread

    from source

),

dated as (

    select
        *,
        {{ zoned_to_utc('created_local_at') }} as created_at,
        -- a closing date has no clock: on the day of creation it means "later that day", not the midnight before
        {{ zoned_to_utc("case when closing_date = cast(created_local_at as date) then created_local_at else cast(closing_date as timestamp) end") }} as closed_at,
        cast(null as timestamp) as status_at,
        cast(null as timestamp) as desired_meeting_at,
        cast(null as timestamp) as updated_at
    from typed

),

keyed as (

    select
        *,
        {{ add_minutes('created_at', 'minutes_to_first_contact') }} as first_contact_at,
        {{ version_key('lead_id') }} as version_key,
        source_name || ':' || lead_id as lead_key,
        source_name || ':' || coalesce(contact_id, lead_id) as client_key,
        cast(null as string) as merged_into_lead_key
    from dated

),

known as (

    {{ rows_to_judge('keyed', waits_for=['first_contact_at', 'closed_at']) }}

),

judged as (

    select
        *,
        case
            when lead_id is null or lead_id like '#%' then 'missing_id'
            when created_at_text is null then 'missing_date'
            when created_at is null then 'unparsable_date'
            {{ time_rule('created_at') }}
        end as quarantine_rule,
        {{ build_columns() }}
    from known

)

select * from judged
