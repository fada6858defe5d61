{{ config(materialized='view') }}
{#- who became a lead on a later day was no client yet; days, because a bank knows no hour -#}
{%- set is_client = 'coalesce(' ~ local_date('payers.client_since') ~ ' <= delivered.paid_date, false)' %}

with newest as (
    {{ newest_rows('payments', [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'payment_id', 'kind', 'currency',
        'delivered_amount', 'direct_cost_original', 'paid_at', 'version_key', 'lead_key', 'client_id', 'client_key'], key='coalesce(lead_key, client_key)') }}
),

delivered as (

    select
        *,
        -- what the delivery itself names: the group that this payment belongs to
        coalesce(lead_key, client_key) as subject_key,
        {{ local_date('paid_at') }} as paid_date
    from newest

),

leads as (

    select * from {{ ref('int_leads') }} {{ only_new('where') }}

),

named_otherwise as (

    select * from {{ ref('int_lead_references') }} {{ only_new('where') }}

),

test_clients as (
    {{ test_clients('leads') }}
),

-- money is never left out because its lead is: it belongs to the lead that is left, else to the client; only a test's is no money
of_owners as (

    select
        delivered.version_key as payment_key,
        delivered.payment_id,
        delivered.source_name,
        delivered.source_system,
        delivered.load_id,
        delivered.file_name,
        delivered.row_number,
        delivered.subject_key,
        delivered.kind,
        delivered.currency,
        delivered.delivered_amount,
        delivered.direct_cost_original,
        delivered.paid_at,
        delivered.paid_date,
        coalesce(leads.is_left_out, test_clients.client_key is not null) as is_left_out,
        case when not leads.is_left_out then leads.owner_lead_key end as lead_key,
        coalesce(leads.owner_client_key, client_names.target_key, case when {{ is_client }} then payers.target_key end, delivered.client_key) as client_key,
        leads.owner_channel_key,
        case when {{ is_client }} then payers.matched_by end as matched_by,
        case when payers.reference_key is not null and not {{ is_client }} then coalesce(payers.unmatched_because, 'paid_before_lead') end as unmatched_because
    from delivered
    left join named_otherwise as lead_names on delivered.lead_key = lead_names.reference_key and lead_names.reference_type = 'lead'
    left join named_otherwise as client_names on delivered.client_key = client_names.reference_key and client_names.reference_type = 'client'
    left join leads on coalesce(lead_names.target_key, delivered.lead_key) = leads.lead_key
    left join test_clients on coalesce(client_names.target_key, delivered.client_key) = test_clients.client_key
    -- an id that meets somebody wins over an address; in the key, for a condition on the left side alone makes a nested loop of a left join
    left join named_otherwise as payers
        on payers.reference_type = 'contact' and payers.reference_key = case
            when leads.lead_key is null and client_names.target_key is null and (delivered.client_id is null or client_names.reference_key is not null)
                then delivered.subject_key
        end

),

signed as (

    select
        *,
        case when kind in {{ kinds_paid_back() }} then -abs(delivered_amount) else delivered_amount end as amount_original
    from of_owners

),

valued as (

    select
        signed.payment_key,
        signed.payment_id,
        signed.source_name,
        signed.source_system,
        signed.load_id,
        signed.file_name,
        signed.row_number,
        signed.subject_key,
        signed.lead_key,
        signed.client_key,
        signed.owner_channel_key,
        signed.matched_by,
        signed.unmatched_because,
        signed.kind,
        signed.currency,
        signed.delivered_amount,
        signed.paid_at,
        signed.paid_date,
        cast(signed.amount_original as {{ amount_type() }}) as amount_original,
        {{ to_base('signed.amount_original', rate_to_base('signed')) }} as amount_base,
        coalesce({{ to_base('signed.direct_cost_original', rate_to_base('signed')) }}, cast(0 as {{ amount_type() }})) as direct_cost_base,
        case
            when signed.is_left_out then 'excluded_lead'
            {{ rate_rule('signed') }}
        end as quarantine_rule
    from signed
    {{ join_rate('signed', 'paid_date') }}

)

select * from valued
