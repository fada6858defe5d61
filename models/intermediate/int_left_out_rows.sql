{{ config(materialized='incremental', meta={'replaces': 'subject_key'}) }}

-- Good rows that still cannot be facts: stage entries and payments of a lead that is unknown or excluded, payments that no rate values.
with leads as (

    select lead_key, exclusion from {{ ref('int_leads') }} {{ only_new('where') }}

),

events as (

    select {{ provenance() }}, lead_key
    from {{ ref('stg_template__stage_events') }} as staged
    where quarantine_rule is null and is_newest {{ only_touched('lead_key', table=ref('stg_template__stage_events')) }}
        and not exists (select 1 from leads where leads.lead_key = staged.lead_key and leads.exclusion is null)

)

select
    {{ provenance('events') }},
    'stage_events' as entity,
    case when leads.lead_key is null then 'orphan_lead' else 'excluded_lead' end as rule,
    cast(null as {{ amount_type() }}) as amount_original,
    cast(null as varchar) as currency,
    cast(null as date) as dated_on,
    events.lead_key as subject_key,
    {{ build_number() }} as build_number
from events
left join leads on events.lead_key = leads.lead_key

union all

select
    {{ provenance() }},
    case source_system when 'zoho' then 'deal_payments' else 'payments' end,
    quarantine_rule,
    delivered_amount,
    currency,
    paid_date,
    subject_key,
    {{ build_number() }}
from {{ ref('int_payments') }}
where quarantine_rule is not null {{ only_touched('subject_key') }}
