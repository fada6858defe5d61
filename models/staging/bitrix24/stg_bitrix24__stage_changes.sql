{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'entity': 'deal_stages'}, 'rereads': true,
    'named': "'id ' || substr(version_key, length(source_name) + 2)"}) }}
{% set leads, deals = source('landing', 'bitrix24__leads'), source('landing', 'bitrix24__deals') -%}

-- The history of leads and of deals; that of a deal which was a lead is the lead's. Where a night brings a deal or its lead, its history is read anew.
with told_deals as (

    select _source, "ID" as deal_id from {{ landing('bitrix24', 'deals') }}
    union all
    select _source, "ID" from {{ deals }} where (_source, "LEAD_ID") in (select _source, "ID" from {{ landing('bitrix24', 'leads') }})

),

waiting as (
    {%- if goes_on() %}
    select source_name, substr(version_key, length(source_name) + 2) as event_id from {{ this }} where {{ is_waiting() }}
    {%- else %}
    select cast(null as string) as source_name, cast(null as string) as event_id where 1 = 0
    {%- endif %}

),

deal_rows as (
{% set told %}
(_source, "ID") in (select _source, "ID" from {{ landing('bitrix24', 'deal_stages') }})
            or (_source, "OWNER_ID") in (select _source, deal_id from told_deals)
            or (_source, 'D_' || "ID") in (select source_name, event_id from waiting)
{%- endset %}
    {{ landed_rows('bitrix24', 'deal_stages', [to_iso('"CREATED_TIME"')], only=told) }}

),

lead_rows as (
{% set told %}
(_source, "ID") in (select _source, "ID" from {{ landing('bitrix24', 'lead_stages') }})
            or (_source, 'L_' || "ID") in (select source_name, event_id from waiting)
{%- endset %}
    {{ landed_rows('bitrix24', 'lead_stages', [to_iso('"CREATED_TIME"')], only=told) }}

),

lead_of_deal as (

    select deals._source, deals."ID" as deal_id, 'L_' || deals."LEAD_ID" as lead_id
    from {{ newest_of(deals, '"ID"') }} as deals
    where deals.is_deleted is null
        and (deals._source, deals."LEAD_ID") in (select _source, "ID" from {{ newest_of(leads, '"ID"') }} as leads where is_deleted is null)

),

told as (

    select
        {{ provenance("entries") }},
        entries.landed_at,
        entries.time_zone,
        'D_' || entries."ID" as event_id,
        coalesce(lead_of_deal.lead_id, entries."OWNER_ID") as lead_id,
        {{ bitrix24_deal_stage('entries."STAGE_ID"', 'entries."STAGE_SEMANTIC_ID"') }} as stage_raw,
        {{ bitrix24_reason('entries."STAGE_ID"', 'entries."STAGE_SEMANTIC_ID"') }} as reason_raw,
        entries."CREATED_TIME",
        entries.{{ iso_column('CREATED_TIME') }}
    from deal_rows as entries
    left join lead_of_deal on entries.source_name = lead_of_deal._source and entries."OWNER_ID" = lead_of_deal.deal_id
    union all
    select
        {{ provenance("entries") }},
        entries.landed_at,
        entries.time_zone,
        'L_' || entries."ID",
        'L_' || entries."OWNER_ID",
        {{ bitrix24_lead_stage('entries."STATUS_ID"', 'entries."STATUS_SEMANTIC_ID"') }},
        {{ bitrix24_reason('entries."STATUS_ID"', 'entries."STATUS_SEMANTIC_ID"') }},
        entries."CREATED_TIME",
        entries.{{ iso_column('CREATED_TIME') }}
    from lead_rows as entries

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('event_id') }} as event_id,
        {{ to_text('lead_id') }} as lead_id,
        stage_raw,
        -- the history names nobody
        cast(null as string) as actor,
        reason_raw,
        {{ to_text('"CREATED_TIME"') }} as entered_at_text,
        {{ to_utc('"CREATED_TIME"') }} as entered_at
    from told

),

{{ judged_stage_events() }}
