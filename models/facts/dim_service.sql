select service_key, is_offered, label_en, label_ru
from {{ ref('services') }}
