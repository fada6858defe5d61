{%- set is_matched = is_matched_by_contact() -%}
{#- What payments, stage entries and merges name and nobody delivered letter by letter: which delivered id is meant, null where that is not certain;
    and who is meant by the addresses of a payer who names nobody (reference_type contact).
    int_touched reads what the last build held here. -#}
{{ config(materialized='incremental', meta={'replaces': 'reference_key'}) }}

with leads as (

    select * from {{ ref('int_leads') }} {{ only_new('where') }}

),

payments as {{ not_materialized() }} (
    {{ newest_rows('payments', ['source_name', 'lead_key', 'client_id', 'client_key', 'contact_email_hash', 'contact_phone_hash'], key='coalesce(lead_key, client_key)') }}
),

events as {{ not_materialized() }} (
    {{ newest_rows('stage_events', ['source_name', 'lead_key'], key='lead_key') }}
),

-- one row of each: several sources may name one id that nobody delivered, where they name those of one CRM (ids_of)
unknown_leads as (

    select reference_key, min(source_name) as source_name
    from (
        select lead_key as reference_key, source_name from payments where lead_key is not null
        union all
        select lead_key, source_name from events
        union all
        select duplicate_of_key, source_name from leads where duplicate_of_key is not null
    ) as named
    where not exists (select 1 from leads where leads.lead_key = named.reference_key)
    group by reference_key

),

unknown_clients as (

    select client_key as reference_key, min(source_name) as source_name
    from payments
    where client_id is not null and not exists (select 1 from leads where leads.client_key = payments.client_key)
    group by client_key

),

lead_ids as {{ not_materialized() }} (

    select lead_key as id_key, source_name from leads

),

client_ids as {{ not_materialized() }} (

    select client_key as id_key, source_name from leads

),

leads_meant as (
    {{ written_otherwise('unknown_leads', 'lead_ids') }}
),

clients_meant as (
    {{ written_otherwise('unknown_clients', 'client_ids') }}
){% if is_matched %},

---------- payers who name nobody that was delivered, and have an address
payers as (

    select distinct coalesce(payments.lead_key, payments.client_key) as payer_key, payments.source_name, contact_email_hash, contact_phone_hash
    from payments
    left join unknown_leads on payments.lead_key = unknown_leads.reference_key
    left join leads_meant on payments.lead_key = leads_meant.reference_key
    left join unknown_clients on payments.client_key = unknown_clients.reference_key
    left join clients_meant on payments.client_key = clients_meant.reference_key
    where {{ names_contact('payments.source_name') }}
        and (payments.lead_key is null or (unknown_leads.reference_key is not null and leads_meant.id_key is null))
        and (payments.client_id is null or (unknown_clients.reference_key is not null and clients_meant.id_key is null))

),

{{ proven_clients('payers', 'leads', touched_only=true) }}
{%- endif %}

select
    unknown_leads.reference_key,
    'lead' as reference_type,
    unknown_leads.source_name,
    leads_meant.id_key as target_key,
    cast(null as string) as matched_by,
    cast(null as timestamp) as client_since,
    cast(null as string) as unmatched_because,
    {{ build_number() }} as build_number
from unknown_leads
left join leads_meant on unknown_leads.reference_key = leads_meant.reference_key
union all
select unknown_clients.reference_key, 'client', unknown_clients.source_name, clients_meant.id_key, null, null, null, {{ build_number() }}
from unknown_clients
left join clients_meant on unknown_clients.reference_key = clients_meant.reference_key
{%- if is_matched %}
union all
select
    payers.payer_key,
    'contact',
    payers.source_name,
    proven.client_key,
    proven.matched_by,
    proven.client_since,
    case when proven.client_key is null then {{ unproven_rule('payers.payer_key') }} end,
    {{ build_number() }}
from (select payer_key, min(source_name) as source_name from payers group by payer_key) as payers
left join proven on payers.payer_key = proven.payer_key
{%- endif %}
