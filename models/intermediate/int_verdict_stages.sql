-- Which stages a comparison may look at: those that are recorded in both months and known at equal age. The others are passed over, and the next
-- rate spans them. What a status alone proves has no age: an older month shows more of it. It is compared where both months are old enough for
-- that to make no difference, and the flow of a month has none of it.
with pairs as (

    select
        basis,
        month,
        comparison,
        side_month,
        coalesce(window_days >= {{ var('verdict_settled_days') }}, false) as is_settled
    from {{ ref('int_verdict_sides') }}

),

judged as (

    select
        pairs.basis,
        pairs.month,
        pairs.comparison,
        recording.stage_key,
        recording.stage_order,
        max(case when recording.reached > 0 and recording.recorded = 0 then 1 else 0 end) = 0 as is_recorded,
        max(case when recording.recorded - recording.kept > {{ var('verdict_undated_share') }} * recording.recorded and not pairs.is_settled then 1 else 0 end) = 0
            as has_age
    from pairs
    inner join {{ ref('int_stage_recording') }} as recording on pairs.side_month = recording.lead_month
    group by pairs.basis, pairs.month, pairs.comparison, recording.stage_key, recording.stage_order

)

select
    basis,
    month,
    comparison,
    stage_key,
    stage_order,
    is_recorded,
    -- the clients of a period are those of the ledger
    has_age or (basis = 'period' and stage_key = '{{ funnel_stages() | last }}') as has_age
from judged
