{{ config(materialized='view') }}

with newest as (
    {{ newest_rows(['stg_template__payments', 'stg_zoho__payments'], [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'payment_id', 'kind', 'currency',
        'delivered_amount', 'direct_cost_original', 'paid_at', 'version_key', 'lead_key', 'client_key'], key='coalesce(lead_key, client_key)') }}
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

-- a payment of a merged lead belongs to the lead that survived
of_surviving_leads as (

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
        delivered.client_key as delivered_client_key,
        leads.exclusion as lead_exclusion,
        case when leads.exclusion = 'merged' and survivor.lead_key is not null then survivor.lead_key when leads.exclusion is null then leads.lead_key end as lead_key,
        case when leads.exclusion = 'merged' and survivor.lead_key is not null then survivor.client_key when leads.exclusion is null then leads.client_key end as lead_client_key
    from delivered
    left join leads on delivered.lead_key = leads.lead_key
    left join leads as survivor on leads.merged_into_lead_key = survivor.lead_key and survivor.exclusion is null

),

signed as (

    select
        *,
        case when kind = 'payment' then delivered_amount else -abs(delivered_amount) end as amount_original,
        coalesce(lead_client_key, delivered_client_key) as client_key
    from of_surviving_leads

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
        signed.kind,
        signed.currency,
        signed.delivered_amount,
        signed.paid_at,
        signed.paid_date,
        cast(signed.amount_original as {{ money_type() }}) as amount_original,
        {{ to_base('signed.amount_original', rate_to_base('signed')) }} as amount_base,
        coalesce({{ to_base('signed.direct_cost_original', rate_to_base('signed')) }}, cast(0 as {{ money_type() }})) as direct_cost_base,
        case
            when signed.lead_exclusion is not null and signed.lead_key is null then 'excluded_lead'
            {{ rate_rule('signed') }}
        end as quarantine_rule
    from signed
    {{ join_rate('signed', 'paid_date') }}

)

select * from valued
