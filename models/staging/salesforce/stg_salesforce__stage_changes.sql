{{ config(materialized='incremental', meta={'versions': {'by': 'row'}, 'rereads': true, 'named': "'id ' || substr(version_key, length(source_name) + 4)"}) }}
{% set history, opportunities = source('landing', 'salesforce__stage_changes'), source('landing', 'salesforce__opportunities') -%}
{% set more_leads -%}
    select source_name, substr(version_key, length(source_name) + 4) from {{ this }} where {{ is_waiting() }} and version_key like source_name || ':C_%'
{%- endset -%}
{% set more_opportunities -%}
    select _source, "OpportunityId" from {{ history }}
    where (_source, 'H_' || "Id") in (select source_name, substr(version_key, length(source_name) + 2) from {{ this }} where {{ is_waiting() }})
    union all
    select _source, "OpportunityId" from {{ landing('salesforce', 'stage_changes') }}
{%- endset -%}

-- The history of opportunities, which is that of the lead they were; and that a lead was converted. A row of the history stands for a change of amount, probability
-- or close date as well: those in which the stage did not change are left out. What a night tells of an opportunity or its lead is read anew.
with {{ salesforce_told(more_leads=more_leads if goes_on(), more_opportunities=more_opportunities if goes_on()) }},

owners as (

    {{ salesforce_owners() }}

),

history_rows as (

    {{ landed_rows('salesforce', 'stage_changes', [to_iso('"CreatedDate"')], only='(_source, "OpportunityId") in (select _source, id from told_opportunities)') }}

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

conversions as (

    select
        leads.*,
        -- a date alone, but the opportunity was made with it, unless it was there before; texts of one form compare as their moments do
        greatest(coalesce(opportunities."CreatedDate", leads."ConvertedDate"), leads."CreatedDate") as converted
    from lead_rows as leads
    left join {{ newest_of(opportunities, '"Id"') }} as opportunities
        on leads.source_name = opportunities._source and leads."ConvertedOpportunityId" = opportunities."Id"
    where leads."IsConverted" = 'true'

),

dated_conversions as (

    select *, {{ to_iso('converted') }} from conversions

),

told as (

    select
        {{ provenance('entries') }},
        entries.landed_at,
        entries.time_zone,
        -- sorts behind the conversion, which happens in the same moment
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
        'C_' || leads."Id",
        leads."Id",
        'lead/converted',
        null,
        leads."OwnerId",
        leads.converted,
        leads.{{ iso_column('converted') }}
    from dated_conversions as leads

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
