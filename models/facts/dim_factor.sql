select factor, owner_department as department, display_order, value_kind, label_en, label_ru
from {{ ref('factor_owners') }}
