-- The balance of every entity: landed = valid + quarantined + superseded, in rows and in money as delivered.
with rejected as (

    select source_name, entity, count(*) as rows_rejected from {{ source('landing', 'rejected_rows') }} group by source_name, entity

),

staged as (

    select * from {{ ref('int_landed_rows') }}
    union all
    -- where no row could be read at all, nothing is staged
    select rejected.source_name, source_settings.source_system, rejected.entity, 0, 0, null, null, 0, 0
    from rejected
    inner join {{ source('landing', 'source_settings') }} as source_settings on rejected.source_name = source_settings.source_name
    where not exists (
        select 1 from {{ ref('int_landed_rows') }} as landed where landed.source_name = rejected.source_name and landed.entity = rejected.entity
    )

),

quarantined as (

    select
        source_name,
        entity,
        count(*) as rows_quarantined,
        sum(case when severity = 'info' then 1 else 0 end) as rows_left_out,
        sum(amount_original) as money_quarantined
    from {{ ref('fct_quarantine') }}
    group by source_name, entity

),

valid as (

    select * from {{ ref('int_fact_rows') }}

)

select
    staged.source_name || ':' || staged.entity as row_count_key,
    staged.source_name,
    staged.source_system,
    staged.entity,
    {{ as_contract('staged.entity', 'staged.source_system') }} as contract_entity,
    staged.rows_staged + coalesce(rejected.rows_rejected, 0) as rows_landed,
    case when staged.entity in ('targets', 'fx_rates', 'holidays')
        then staged.rows_staged - staged.rows_superseded - coalesce(quarantined.rows_quarantined, 0)
        else coalesce(valid.rows_valid, 0)
    end as rows_valid,
    coalesce(quarantined.rows_quarantined, 0) as rows_quarantined,
    cast(coalesce(quarantined.rows_left_out, 0) as bigint) as rows_left_out,
    staged.rows_superseded,
    staged.money_staged as money_landed_original,
    valid.money_valid as money_valid_original,
    quarantined.money_quarantined as money_quarantined_original,
    staged.money_superseded as money_superseded_original,
    staged.money_superseded_base,
    staged.money_restated_base
from staged
left join quarantined on staged.source_name = quarantined.source_name and staged.entity = quarantined.entity
left join valid on staged.source_name = valid.source_name and staged.entity = valid.entity
left join rejected on staged.source_name = rejected.source_name and staged.entity = rejected.entity
