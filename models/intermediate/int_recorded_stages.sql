-- Which stages the sources record at all. A stage that every lead is only taken to have passed, because it got further, is not recorded:
-- a share of leads that reached it would be 100 % and say nothing.
select
    stages.stage_key,
    stages.stage_order,
    coalesce(sum(recording.recorded), 0) > 0 as is_recorded,
    coalesce(sum(recording.dated), 0) > 0 as is_dated
from {{ ref('funnel_stages') }} as stages
left join {{ ref('int_stage_recording') }} as recording on stages.stage_key = recording.stage_key
where not stages.is_terminal
group by stages.stage_key, stages.stage_order
