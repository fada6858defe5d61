select kpi_key, label_en, label_ru, department, unit, direction, formula, basis, display_order, is_additive
from {{ ref('kpis') }}
