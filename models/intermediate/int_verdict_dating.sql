{%- set stages = funnel_stages() -%}
-- A source that never dates a stage cannot say at what age it was reached.
select
    source_name
    {%- for stage in stages[1:] %},
    count({{ stage }}_at) > 0 as dates_{{ stage }}
    {%- endfor %}
from {{ ref('fct_lead_funnel') }}
group by source_name
