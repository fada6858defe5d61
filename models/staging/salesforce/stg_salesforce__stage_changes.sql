{{ config(materialized='incremental', meta={'versions': {'by': 'row', 'entity': 'opportunity_stages'}, 'rereads': true, 'named': "'id ' || substr(version_key, length(source_name) + 4)"}) }}
{% set history, opportunities = source('landing', 'salesforce__opportunity_stages'), source('landing', 'salesforce__opportunities') -%}
{% set waiting -%}
    select source_name, substr(version_key, length(source_name) + 4) from {{ this }} where {{ is_waiting() }}
{%- endset -%}
{% set more_opportunities -%}
    {{ waiting }}
    union all
    select _source, "OpportunityId" from {{ history }} where (_source, "Id") in ({{ waiting }})
    union all
    select _source, "OpportunityId" from {{ landing('salesforce', 'opportunity_stages') }}
{%- endset -%}

-- The history of opportunities, which is that of the lead they were; that of leads, where it is kept; and that a lead was converted. A row of the history stands for a change of amount, probability
-- or close date as well: those in which the stage did not change are left out. What a night tells of an opportunity or its lead is read anew.
with {{ salesforce_told(more_leads=waiting if goes_on(), more_opportunities=more_opportunities if goes_on()) }},

owners as (

    {{ salesforce_owners() }}

),

history_rows as (

    {{ landed_rows('salesforce', 'opportunity_stages', [to_iso('"CreatedDate"')], only='(_source, "OpportunityId") in (select _source, id from told_opportunities)') }}

),

changes as (

    select *
    from (
        select _source, "Id" as id, "StageName", lag("StageName") over (partition by _source, "OpportunityId" order by "CreatedDate", "Id") as stage_before
        from {{ newest_of(history, '"Id"') }} as entries
        {%- if goes_on() %}
        where (_source, "OpportunityId") in (select _source, id from told_opportunities)
        {%- endif %}
    ) as in_order
    where stage_before is null or stage_before <> "StageName"

),

-- what an opportunity said of a stage while it was in it
endings as (

    select _source, "Id" as opportunity_id, "StageName", max("IsClosed") as is_closed, max("IsWon") as is_won, max("Loss_Reason__c") as reason
    from {{ opportunities }}
    group by _source, "Id", "StageName"

),

lead_rows as (

    {{ landed_rows('salesforce', 'leads', only='(_source, "Id") in (select _source, id from told_leads)') }}

),

-- of several leads that became one opportunity the first tells it, so that it is told once
first_converted as (

    select _source, "Id" as id, "ConvertedOpportunityId" as opportunity_id
    from (
        select
            *,
            row_number() over (
                partition by _source, coalesce("ConvertedOpportunityId", "Id") order by coalesce("IsDeleted", 'false'), "CreatedDate", "Id"
            ) as lead_rank
        from {{ newest_of(source('landing', 'salesforce__leads'), '"Id"') }} as leads
        where "IsConverted" = 'true'
    ) as in_order
    where lead_rank = 1

),

conversions as (

    select
        leads.*,
        coalesce(first_converted.opportunity_id, first_converted.id) as conversion_id,
        -- the opportunity was made in that moment, unless it was there before the lead; else a day is all that is told. Texts of one form compare as moments do
        case when opportunities."CreatedDate" >= leads."CreatedDate" then opportunities."CreatedDate"
            else greatest(leads."ConvertedDate", leads."CreatedDate") end as converted
    from lead_rows as leads
    inner join first_converted on leads.source_name = first_converted._source and leads."Id" = first_converted.id
    left join {{ newest_of(opportunities, '"Id"') }} as opportunities
        on leads.source_name = opportunities._source and first_converted.opportunity_id = opportunities."Id"
    where leads."IsConverted" = 'true'

),

status_rows as (
{% set told %}
(_source, "Id") in (select _source, "Id" from {{ landing('salesforce', 'lead_history') }}) or (_source, "Id") in ({{ waiting }})
{%- endset %}
    {{ landed_rows('salesforce', 'lead_history', [to_iso('"CreatedDate"')], only=told) }}

),

dated_conversions as (

    select *, {{ to_iso('converted') }} from conversions

),

told as (

    select
        {{ provenance('entries') }},
        entries.landed_at,
        entries.time_zone,
        -- sorts behind the status and the conversion of the same moment
        'H_' || entries."Id" as event_id,
        coalesce(owners.lead_id, entries."OpportunityId") as lead_id,
        {{ salesforce_stage('entries."StageName"', 'endings.is_closed', 'endings.is_won') }} as stage_raw,
        {{ salesforce_reason('endings.reason', 'entries."StageName"', 'endings.is_closed', 'endings.is_won') }} as reason_raw,
        entries."CreatedById" as actor,
        entries."CreatedDate" as entered,
        entries.{{ iso_column('CreatedDate') }} as {{ iso_column('entered') }}
    from history_rows as entries
    inner join changes on entries.source_name = changes._source and entries."Id" = changes.id
    left join owners on entries.source_name = owners._source and entries."OpportunityId" = owners.opportunity_id
    left join endings
        on entries.source_name = endings._source and entries."OpportunityId" = endings.opportunity_id and entries."StageName" = endings."StageName"
    union all
    select
        {{ provenance('leads') }},
        leads.landed_at,
        leads.time_zone,
        'C_' || leads.conversion_id,
        leads."Id",
        'lead/converted',
        null,
        leads."OwnerId",
        leads.converted,
        leads.{{ iso_column('converted') }}
    from dated_conversions as leads
    union all
    select
        {{ provenance('changes') }},
        changes.landed_at,
        changes.time_zone,
        'A_' || changes."Id",
        changes."LeadId",
        {{ salesforce_lead_stage('changes."Status"', "'false'") }},
        null,
        changes."CreatedById",
        changes."CreatedDate",
        changes.{{ iso_column('CreatedDate') }}
    from status_rows as changes
    where changes."Status" is not null

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('event_id') }} as event_id,
        {{ to_text('lead_id') }} as lead_id,
        stage_raw,
        {{ to_text('actor') }} as actor,
        reason_raw,
        {{ to_text('entered') }} as entered_at_text,
        {{ to_utc('entered') }} as entered_at
    from told

),

{{ judged_stage_events() }}
