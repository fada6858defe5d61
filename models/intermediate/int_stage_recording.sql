{%- set stages = funnel_stages() -%}
-- How each stage is known of the leads of a month. A lead may be taken to have passed a stage because it got further, may be known to have reached it,
-- and the moment may be kept: by an event or the ledger, while the date of a status is overwritten by the next one.
with kept_by_source as (

    select
        source_name
        {%- for stage in stages[1:-1] %},
        max(case when stage_key = '{{ stage }}' then 1 else 0 end) = 1 as keeps_{{ stage }}
        {%- endfor %}
    from (select source_name, stage_key from {{ ref('int_stage_events') }} group by source_name, stage_key) as kept
    group by source_name

),

counted as (

    select
        funnel.lead_month
        {%- for stage in stages %},
        count(case when funnel.{{ stage }}_reached then 1 end) as {{ stage }}_reached,
        count(case when funnel.{{ stage }}_reached and not funnel.{{ stage }}_is_imputed then 1 end) as {{ stage }}_recorded,
        count(funnel.{{ stage }}_at) as {{ stage }}_dated,
        {%- if loop.first or loop.last %}
        count(funnel.{{ stage }}_at) as {{ stage }}_kept
        {%- else %}
        count(case when kept_by_source.keeps_{{ stage }} then funnel.{{ stage }}_at end) as {{ stage }}_kept
        {%- endif %}
        {%- endfor %}
    from {{ ref('fct_lead_funnel') }} as funnel
    left join kept_by_source on funnel.source_name = kept_by_source.source_name
    group by funnel.lead_month

)

{% for stage in stages -%}
select
    lead_month,
    '{{ stage }}' as stage_key,
    {{ loop.index }} as stage_order,
    {{ stage }}_reached as reached,
    {{ stage }}_recorded as recorded,
    {{ stage }}_dated as dated,
    {{ stage }}_kept as kept
from counted
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
