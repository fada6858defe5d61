{%- set stages = funnel_stages() -%}
-- Which stages the sources record at all. A stage that every lead is only taken to have passed, because it got further, is not recorded:
-- a share of leads that reached it would be 100 % and say nothing.
with counted as (

    select
        {%- for stage in stages %}
        count(case when {{ stage }}_reached and not {{ stage }}_is_imputed then 1 end) as {{ stage }}_recorded,
        count({{ stage }}_at) as {{ stage }}_dated{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_lead_funnel') }}

)

{% for stage in stages -%}
select '{{ stage }}' as stage_key, {{ loop.index }} as stage_order, {{ stage }}_recorded > 0 as is_recorded, {{ stage }}_dated > 0 as is_dated
from counted
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
