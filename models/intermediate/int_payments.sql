with unioned as (
    {{ unioned(['stg_template__payments', 'stg_zoho__payments'], [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'payment_id', 'lead_id', 'client_id', 'kind', 'currency',
        'delivered_amount', 'direct_cost_original', 'paid_at', 'quarantine_rule']) }}
),

ranked as (

    select
        *,
        row_number() over (partition by source_name, payment_id order by {{ newest_first() }}) as version_rank,
        {{ local_date('paid_at') }} as paid_date
    from unioned
    where quarantine_rule is null

),

leads as (

    select * from {{ ref('int_leads') }}

),

-- a payment of a merged lead belongs to the lead that survived
of_surviving_leads as (

    select
        ranked.*,
        leads.exclusion as lead_exclusion,
        case when leads.exclusion = 'merged' and survivor.lead_key is not null then survivor.lead_key when leads.exclusion is null then leads.lead_key end as lead_key,
        case when leads.exclusion = 'merged' and survivor.lead_key is not null then survivor.client_key when leads.exclusion is null then leads.client_key end as lead_client_key
    from ranked
    left join leads on ranked.lead_id = leads.lead_id and ranked.source_name = leads.source_name
    left join leads as survivor on leads.merged_into_lead_key = survivor.lead_key and survivor.exclusion is null
    where ranked.version_rank = 1

),

signed as (

    select
        *,
        case when kind = 'payment' then delivered_amount else -abs(delivered_amount) end as amount_original,
        coalesce(lead_client_key, source_name || ':' || coalesce(client_id, 'lead-' || lead_id)) as client_key
    from of_surviving_leads

),

valued as (

    select
        signed.source_name || ':' || signed.payment_id as payment_key,
        signed.payment_id,
        signed.source_name,
        signed.source_system,
        signed.load_id,
        signed.file_name,
        signed.row_number,
        signed.lead_key,
        signed.client_key,
        signed.kind,
        signed.currency,
        signed.delivered_amount,
        signed.paid_at,
        signed.paid_date,
        cast(signed.amount_original as decimal(18, 2)) as amount_original,
        {{ to_base('signed.amount_original', rate_to_base('signed')) }} as amount_base,
        coalesce({{ to_base('signed.direct_cost_original', rate_to_base('signed')) }}, cast(0 as decimal(18, 2))) as direct_cost_base,
        case
            when signed.lead_exclusion is not null and signed.lead_key is null then 'excluded_lead'
            {{ rate_rule('signed') }}
        end as quarantine_rule
    from signed
    {{ join_rate('signed', 'paid_date') }}

)

select * from valued
