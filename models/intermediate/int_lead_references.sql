{#- What payments, stage entries and merges name and nobody delivered letter by letter: which delivered id is meant, null where that is not certain.
    int_touched reads what the last build held here. -#}
{{ config(materialized='incremental', meta={'replaces': 'reference_key'}) }}

with leads as (

    select lead_key, client_key, source_name, duplicate_of_key from {{ ref('int_leads') }} {{ only_new('where') }}

),

payments as {{ not_materialized() }} (
    {{ newest_rows('payments', ['source_name', 'lead_key', 'client_id', 'client_key'], key='coalesce(lead_key, client_key)') }}
),

events as {{ not_materialized() }} (
    {{ newest_rows('stage_events', ['source_name', 'lead_key'], key='lead_key') }}
),

unknown_leads as (

    select distinct reference_key, source_name
    from (
        select lead_key as reference_key, source_name from payments where lead_key is not null
        union all
        select lead_key, source_name from events
        union all
        select duplicate_of_key, source_name from leads where duplicate_of_key is not null
    ) as named
    where not exists (select 1 from leads where leads.lead_key = named.reference_key)

),

unknown_clients as (

    select distinct client_key as reference_key, source_name
    from payments
    where client_id is not null and not exists (select 1 from leads where leads.client_key = payments.client_key)

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
)

select unknown_leads.reference_key, 'lead' as reference_type, unknown_leads.source_name, leads_meant.id_key as target_key, {{ build_number() }} as build_number
from unknown_leads
left join leads_meant on unknown_leads.reference_key = leads_meant.reference_key
union all
select unknown_clients.reference_key, 'client', unknown_clients.source_name, clients_meant.id_key, {{ build_number() }}
from unknown_clients
left join clients_meant on unknown_clients.reference_key = clients_meant.reference_key
