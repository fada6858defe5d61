-- The steps that a control chart may watch: between stages that are recorded with their own, lasting dates. A step over others spans them,
-- and belongs to the department that owns all it spans.
with recorded as (

    select stage_key, stage_order, sum(recorded) as recorded, sum(kept) as kept
    from {{ ref('int_stage_recording') }}
    group by stage_key, stage_order

),

dated as (

    select stage_key, stage_order, lag(stage_order) over (order by stage_order) as from_order
    from recorded
    where recorded > 0 and recorded - kept <= {{ var('verdict_undated_share') }} * recorded

),

owned as (

    select
        dated.stage_key,
        dated.stage_order,
        dated.from_order,
        min(owners.owner_department) as one_owner,
        max(owners.owner_department) as other_owner
    from dated
    inner join {{ ref('funnel_stages') }} as spanned
        on spanned.stage_order > dated.from_order and spanned.stage_order <= dated.stage_order
    inner join {{ ref('factor_owners') }} as owners on 'step_' || spanned.stage_key = owners.factor
    group by dated.stage_key, dated.stage_order, dated.from_order

)

select
    owned.stage_key,
    owned.stage_order,
    origins.stage_key as from_stage_key,
    owned.stage_order - owned.from_order as steps,
    case when owned.one_owner = owned.other_owner then owned.one_owner else 'undivided' end as owner_department
from owned
inner join {{ ref('funnel_stages') }} as origins on owned.from_order = origins.stage_order
