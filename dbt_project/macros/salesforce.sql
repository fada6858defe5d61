{# Stages of Salesforce. A final stage says by two flags how it ended, whatever it is called; statuses of leads stand beside stages of opportunities. #}

{% macro salesforce_stage(stage, is_closed, is_won) -%}
    case when {{ is_won }} = 'true' then 'closed won' when {{ is_closed }} = 'true' then 'closed lost' else {{ category(stage) }} end
{%- endmacro %}

{% macro salesforce_lead_stage(status, is_converted) -%}
    'lead/' || case when {{ is_converted }} = 'true' then 'converted' else {{ category(status) }} end
{%- endmacro %}

{# No standard field holds a reason: it is the usual custom one, else the name of the stage that the opportunity was lost in, where that is not the one for all. #}
{% macro salesforce_reason(reason, stage, is_closed, is_won) -%}
    case when {{ is_closed }} = 'true' and coalesce({{ is_won }}, 'false') <> 'true'
        then coalesce({{ category(reason) }}, nullif({{ category(stage) }}, 'closed lost')) end
{%- endmacro %}

{# (_source, opportunity_id, lead_id): whose an opportunity is. Of several leads that became one it is the first's; of a deleted lead, or if it was deleted itself, nobody's. #}
{% macro salesforce_owners() -%}
    {%- set leads, opportunities = source('landing', 'salesforce__leads'), source('landing', 'salesforce__opportunities') -%}
    select converted._source, converted."ConvertedOpportunityId" as opportunity_id, converted."Id" as lead_id
    from (
        select *, row_number() over (partition by _source, "ConvertedOpportunityId" order by "CreatedDate", "Id") as lead_rank
        from {{ newest_of(leads, '"Id"') }} as leads
        where "ConvertedOpportunityId" is not null and coalesce("IsDeleted", 'false') <> 'true'
    ) as converted
    inner join {{ newest_of(opportunities, '"Id"') }} as opportunities
        on converted._source = opportunities._source and converted."ConvertedOpportunityId" = opportunities."Id"
    where converted.lead_rank = 1 and coalesce(opportunities."IsDeleted", 'false') <> 'true'
{%- endmacro %}

{# Common table expressions night_leads, told_opportunities, told_leads (_source, id): what a night tells something new of. A lead changes with its opportunity, an
   opportunity with the leads that became it. more_leads, more_opportunities: queries of further ones, such as those that wait for their day. #}
{% macro salesforce_told(more_leads=none, more_opportunities=none) -%}
{%- set leads = source('landing', 'salesforce__leads') -%}
night_leads as (

    select _source, "Id" as id from {{ landing('salesforce', 'leads') }}
    {%- if more_leads %}
    union all
    {{ more_leads }}
    {%- endif %}

),

told_opportunities as (

    select _source, "Id" as id from {{ landing('salesforce', 'opportunities') }}
    union all
    select _source, "ConvertedOpportunityId" from {{ leads }}
    where "ConvertedOpportunityId" is not null and (_source, "Id") in (select _source, id from night_leads)
    {%- if more_opportunities %}
    union all
    {{ more_opportunities }}
    {%- endif %}

),

told_leads as (

    select _source, id from night_leads
    union all
    select _source, "Id" from {{ leads }} where (_source, "ConvertedOpportunityId") in (select _source, id from told_opportunities)

)
{%- endmacro %}
