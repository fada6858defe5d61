{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at', 'entity': 'leads'}, 'named': "'id ' || lead_id", 'rereads': true}) }}
{% set leads, deals = source('landing', 'bitrix24__leads'), source('landing', 'bitrix24__deals') -%}

-- A lead of Bitrix24 becomes a deal that names it. Its row says when and from where it came, and takes from its newest deal how far it got; the deal's own
-- row says that it is this lead, so that money which names the deal meets it. A night that brings one of them reads both anew.
with new_deals as (

    select _source, "ID" as deal_id from {{ landing('bitrix24', 'deals') }}
    union all
    -- whose lead may have been deleted
    select _source, "ID" from {{ deals }} where (_source, "LEAD_ID") in (select _source, "ID" from {{ landing('bitrix24', 'leads') }})
    {%- if goes_on() %}
    union all
    select source_name, lead_id from {{ this }} where {{ is_waiting() }}
    {%- endif %}

),

new_leads as (

    select _source, "ID" as lead_id from {{ landing('bitrix24', 'leads') }}
    union all
    -- whatever a version of the deal named
    select _source, "LEAD_ID" from {{ deals }} where (_source, "ID") in (select _source, deal_id from new_deals)
    {%- if goes_on() %}
    union all
    select source_name, substr(lead_id, 3) from {{ this }} where {{ is_waiting() }}
    {%- endif %}

),

lead_rows as (

    {{ landed_rows('bitrix24', 'leads', [to_iso('"DATE_CREATE"'), to_iso('"DATE_MODIFY"')], only='(_source, "ID") in (select _source, lead_id from new_leads)') }}

),

deal_rows as (

    {{ landed_rows('bitrix24', 'deals', [to_iso('"DATE_CREATE"'), to_iso('"DATE_MODIFY"')], only='(_source, "ID") in (select _source, deal_id from new_deals)') }}

),

newest_deals as (

    select *
    from (
        select *, row_number() over (partition by _source, "LEAD_ID" order by length("ID") desc, "ID" desc, _load_id desc, _row desc) as deal_rank
        from {{ newest_of(deals, '"ID"') }} as deals
        where "LEAD_ID" <> '0' and is_deleted is null
    ) as ranked
    where deal_rank = 1

),

deleted_leads as (

    select _source, "ID" as lead_id from {{ newest_of(leads, '"ID"') }} as leads where is_deleted is not null

),

told as (

    select
        {{ provenance('leads') }},
        leads.landed_at,
        leads.time_zone,
        'L_' || leads."ID" as id,
        cast(null as string) as became_of,
        leads.is_deleted,
        coalesce(nullif(deals."CONTACT_ID", '0'), nullif(leads."CONTACT_ID", '0')) as contact_id,
        coalesce({{ category('leads."UTM_SOURCE"') }}, {{ category('deals."UTM_SOURCE"') }}, {{ category('leads."SOURCE_ID"') }}, {{ category('deals."SOURCE_ID"') }}) as channel_raw,
        coalesce(leads."UTM_CAMPAIGN", deals."UTM_CAMPAIGN") as campaign,
        leads."ASSIGNED_BY_ID" as sdr,
        deals."ASSIGNED_BY_ID" as sales_rep,
        case when deals."ID" is null then {{ bitrix24_lead_stage('leads."STATUS_ID"', 'leads."STATUS_SEMANTIC_ID"') }}
            else {{ bitrix24_deal_stage('deals."STAGE_ID"', 'deals."STAGE_SEMANTIC_ID"') }} end as status_raw,
        case when deals."ID" is null then {{ bitrix24_reason('leads."STATUS_ID"', 'leads."STATUS_SEMANTIC_ID"') }}
            else {{ bitrix24_reason('deals."STAGE_ID"', 'deals."STAGE_SEMANTIC_ID"') }} end as reason_raw,
        leads."DATE_CREATE",
        leads.{{ iso_column('DATE_CREATE') }},
        leads.{{ iso_column('DATE_MODIFY') }}
    from lead_rows as leads
    left join newest_deals as deals on leads.source_name = deals._source and leads."ID" = deals."LEAD_ID" and leads.is_deleted is null

    union all

    select
        {{ provenance('deals') }},
        deals.landed_at,
        deals.time_zone,
        deals."ID",
        -- what is left of the two stands alone
        case when deals.is_deleted is null and deleted_leads.lead_id is null then 'L_' || nullif(deals."LEAD_ID", '0') end,
        deals.is_deleted,
        nullif(deals."CONTACT_ID", '0'),
        coalesce({{ category('deals."UTM_SOURCE"') }}, {{ category('deals."SOURCE_ID"') }}),
        deals."UTM_CAMPAIGN",
        null,
        deals."ASSIGNED_BY_ID",
        {{ bitrix24_deal_stage('deals."STAGE_ID"', 'deals."STAGE_SEMANTIC_ID"') }},
        {{ bitrix24_reason('deals."STAGE_ID"', 'deals."STAGE_SEMANTIC_ID"') }},
        deals."DATE_CREATE",
        deals.{{ iso_column('DATE_CREATE') }},
        deals.{{ iso_column('DATE_MODIFY') }}
    from deal_rows as deals
    left join deleted_leads on deals.source_name = deleted_leads._source and deals."LEAD_ID" = deleted_leads.lead_id

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
        {{ to_text('became_of') }} as duplicate_of,

        ---------- categories
        channel_raw,
        {{ to_text('campaign') }} as campaign,
        cast(null as string) as country,
        cast(null as string) as requested_service,
        {{ to_text('sdr') }} as sdr,
        {{ to_text('sales_rep') }} as sales_rep,
        status_raw,
        cast(null as string) as quality_raw,
        reason_raw,

        ---------- flags
        cast(null as boolean) as is_duplicate,
        false as is_test,
        is_deleted is not null as is_deleted,

        ---------- timestamps; the history dates each stage, and CLOSEDATE is a plan
        {{ to_text('"DATE_CREATE"') }} as created_at_text,
        {{ to_utc('"DATE_CREATE"') }} as created_at,
        cast(null as timestamp) as first_contact_at,
        cast(null as timestamp) as status_at,
        cast(null as timestamp) as closed_at,
        cast(null as timestamp) as desired_meeting_at,
        {{ to_utc('"DATE_MODIFY"') }} as updated_at,
        cast(null as string) as unread

    from told

),

{{ judged_leads() }}
