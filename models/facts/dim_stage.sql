select stage_key, stage_order, department, is_terminal, label_en, label_ru
from {{ ref('funnel_stages') }}
