{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'clock': 'updated_at', 'entity': 'leads'}, 'named': "'id ' || lead_id", 'rereads': true}) }}
{% set waiting -%}
    select source_name, lead_id from {{ this }} where {{ is_waiting() }}
{%- endset -%}
{%- set waiting = waiting if goes_on() -%}

-- A lead of Salesforce is converted into an opportunity, which it names. Its row says when and from where it came, and takes from its opportunity how far it got;
-- the opportunity's own row says that it is this lead, so that money which names the opportunity meets it. A night that brings one of them reads both anew.
with {{ salesforce_told(more_leads=waiting, more_opportunities=waiting) }},

owners as (

    {{ salesforce_owners() }}

),

lead_rows as (

    {{ landed_rows('salesforce', 'leads', [to_iso('"CreatedDate"'), to_iso('"SystemModstamp"')], only='(_source, "Id") in (select _source, id from told_leads)') }}

),

opportunity_rows as (

    {{ landed_rows('salesforce', 'opportunities', [to_iso('"CreatedDate"'), to_iso('"SystemModstamp"')], only='(_source, "Id") in (select _source, id from told_opportunities)') }}

),

opportunities as (

    select newest.*, owners.lead_id
    from {{ newest_of(source('landing', 'salesforce__opportunities'), '"Id"') }} as newest
    inner join owners on newest._source = owners._source and newest."Id" = owners.opportunity_id

),

told as (

    select
        {{ provenance('leads') }},
        leads.landed_at,
        leads.time_zone,
        leads."Id" as id,
        case when leads."IsDeleted" = 'true' then leads."MasterRecordId" when opportunities.lead_id <> leads."Id" then opportunities.lead_id end as is_of,
        leads."IsDeleted",
        coalesce(opportunities."AccountId", leads."ConvertedAccountId", leads."ConvertedContactId") as client_id,
        leads."Email",
        coalesce(leads."Phone", leads."MobilePhone") as phone,
        coalesce({{ category('leads."LeadSource"') }}, {{ category('opportunities."LeadSource"') }}) as channel_raw,
        opportunities."CampaignId",
        leads."Country",
        leads."OwnerId" as sdr,
        opportunities."OwnerId" as sales_rep,
        case when opportunities."Id" is null then {{ salesforce_lead_stage('leads."Status"', 'leads."IsConverted"') }}
            else {{ salesforce_stage('opportunities."StageName"', 'opportunities."IsClosed"', 'opportunities."IsWon"') }} end as status_raw,
        {{ salesforce_reason('opportunities."Loss_Reason__c"', 'opportunities."StageName"', 'opportunities."IsClosed"', 'opportunities."IsWon"') }} as reason_raw,
        leads."CreatedDate",
        leads.{{ iso_column('CreatedDate') }},
        leads.{{ iso_column('SystemModstamp') }}
    from lead_rows as leads
    left join opportunities on leads.source_name = opportunities._source and leads."ConvertedOpportunityId" = opportunities."Id"

    union all

    select
        {{ provenance('opportunities') }},
        opportunities.landed_at,
        opportunities.time_zone,
        opportunities."Id",
        owners.lead_id,
        opportunities."IsDeleted",
        coalesce(opportunities."AccountId", opportunities."ContactId"),
        null,
        null,
        {{ category('opportunities."LeadSource"') }},
        opportunities."CampaignId",
        null,
        null,
        opportunities."OwnerId",
        {{ salesforce_stage('opportunities."StageName"', 'opportunities."IsClosed"', 'opportunities."IsWon"') }},
        {{ salesforce_reason('opportunities."Loss_Reason__c"', 'opportunities."StageName"', 'opportunities."IsClosed"', 'opportunities."IsWon"') }},
        opportunities."CreatedDate",
        opportunities.{{ iso_column('CreatedDate') }},
        opportunities.{{ iso_column('SystemModstamp') }}
    from opportunity_rows as opportunities
    left join owners on opportunities.source_name = owners._source and opportunities."Id" = owners.opportunity_id

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- ids; the client is the account
        {{ to_text('id') }} as lead_id,
        {{ to_text('client_id') }} as contact_id,
        {{ to_text('"Email"') }} as contact_email_hash,
        {{ to_text('phone') }} as contact_phone_hash,
        {{ to_text('is_of') }} as duplicate_of,

        ---------- categories
        channel_raw,
        {{ to_text('"CampaignId"') }} as campaign,
        {{ to_text('"Country"') }} as country,
        cast(null as string) as requested_service,
        {{ to_text('sdr') }} as sdr,
        {{ to_text('sales_rep') }} as sales_rep,
        status_raw,
        cast(null as string) as quality_raw,
        reason_raw,

        ---------- flags; what was merged away is deleted as well
        cast(null as boolean) as is_duplicate,
        false as is_test,
        coalesce({{ to_flag('"IsDeleted"') }}, false) and is_of is null as is_deleted,

        ---------- timestamps; the history dates each stage, and a close date is a forecast while an opportunity is open
        {{ to_text('"CreatedDate"') }} as created_at_text,
        {{ to_utc('"CreatedDate"') }} as created_at,
        cast(null as timestamp) as first_contact_at,
        cast(null as timestamp) as status_at,
        cast(null as timestamp) as closed_at,
        cast(null as timestamp) as desired_meeting_at,
        {{ to_utc('"SystemModstamp"') }} as updated_at,
        cast(null as string) as unread

    from told

),

{{ judged_leads() }}
