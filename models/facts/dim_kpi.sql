{#- a KPI is known where all that it is made from is -#}
{%- set parts = ['numerator', 'denominator', 'numerator_less'] -%}
select
    kpis.kpi_key,
    kpis.label_en,
    kpis.label_ru,
    kpis.department,
    kpis.unit,
    kpis.direction,
    kpis.formula,
    kpis.basis,
    kpis.display_order,
    kpis.is_additive,
    kpis.statistic,
    coalesce({% for part in parts %}{{ part }}.unknown_because{{ ', ' if not loop.last }}{% endfor %}) as unknown_because
from {{ ref('kpis') }} as kpis
{%- for part in parts %}
left join {{ ref('int_kpi_unknown_measures') }} as {{ part }} on kpis.{{ part }} = {{ part }}.measure
{%- endfor %}
