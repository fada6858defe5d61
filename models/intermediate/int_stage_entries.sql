{{ config(materialized='view') }}

-- Delivered stage entries with the lead that has them; lead_key is null where none does, left_out_rule says why.
with delivered as (
    {{ newest_rows('stage_events', [
        'source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'version_key', 'lead_key', 'stage_raw', 'actor', 'reason_raw', 'entered_at'], key='lead_key') }}
),

leads as {{ not_materialized() }} (

    select * from {{ ref('int_leads') }} {{ only_new('where') }}

),

named_otherwise as (

    select reference_key, target_key from {{ ref('int_lead_references') }} where reference_type = 'lead' and target_key is not null {{ only_new() }}

),

-- read twice, of which the second time is of few: kept between, millions of rows would cost more than being read again
mapped as {{ not_materialized() }} (

    select
        delivered.*,
        coalesce(stage_mapping.stage_key, own_stage.stage_key, 'unmapped') as stage_key,
        {{ reason_key('delivered.reason_raw') }} as reason_key,
        coalesce(named_otherwise.target_key, delivered.lead_key) as named_lead_key
    from delivered
    left join named_otherwise on delivered.lead_key = named_otherwise.reference_key
    left join {{ ref('stage_mapping') }} as stage_mapping
        on delivered.source_system = stage_mapping.source_system and stage_mapping.source_field = 'status' and delivered.stage_raw = stage_mapping.source_value
    left join {{ ref('funnel_stages') }} as own_stage on delivered.stage_raw = own_stage.stage_key
    {{ join_reason('delivered') }}

),

owned as (

    select
        mapped.*,
        leads.lead_key is not null as is_known,
        -- that it is a lead and how it ended are said of the row itself, which counts nowhere; what was reached belongs to who is left
        leads.exclusion is null or (mapped.stage_key <> '{{ funnel_stages() | first }}' and not coalesce(stages.is_terminal, false) and not leads.is_left_out) as can_move,
        leads.owner_lead_key,
        leads.owner_client_key,
        leads.owner_exclusion
    from mapped
    left join leads on mapped.named_lead_key = leads.lead_key
    left join {{ ref('funnel_stages') }} as stages on mapped.stage_key = stages.stage_key

),

-- what a flagged duplicate reached was reached by the lead of the same contact that it came after, else by the first to come
of_contacts as (

    select version_key, lead_key
    from (
        select
            mapped.version_key,
            leads.lead_key,
            row_number() over (
                partition by mapped.version_key
                order by
                    case when leads.created_at <= mapped.entered_at then 0 else 1 end,
                    case when leads.created_at <= mapped.entered_at then {{ minutes_between('leads.created_at', 'mapped.entered_at') }} else {{ minutes_between('mapped.entered_at', 'leads.created_at') }} end,
                    leads.lead_key
            ) as nearness
        from mapped
        inner join leads as duplicates on mapped.named_lead_key = duplicates.lead_key and duplicates.owner_exclusion = 'duplicate'
        inner join leads on duplicates.owner_client_key = leads.client_key and leads.exclusion is null
    ) as near
    where nearness = 1

),

placed as (

    select
        owned.*,
        case when owned.is_known and owned.can_move then coalesce(owned.owner_lead_key, of_contacts.lead_key) end as placed_lead_key
    from owned
    left join of_contacts on owned.version_key = of_contacts.version_key

)

select
    {{ provenance() }},
    version_key,
    lead_key as subject_key,
    placed_lead_key as lead_key,
    case when placed_lead_key is not null then null when is_known then 'excluded_lead' else 'orphan_lead' end as left_out_rule,
    stage_key,
    entered_at,
    actor,
    reason_key
from placed
