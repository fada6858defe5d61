select reason_key, label_en, label_ru, reason_group, is_unmet_demand, winback_action
from {{ ref('reasons') }}
