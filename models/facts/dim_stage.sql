select
    stages.stage_key,
    stages.stage_order,
    stages.department,
    stages.is_terminal,
    stages.role,
    stages.label_en,
    stages.label_ru,
    recorded.is_recorded,
    recorded.is_dated
from {{ ref('funnel_stages') }} as stages
left join {{ ref('int_recorded_stages') }} as recorded on stages.stage_key = recorded.stage_key
