{%- set stages = funnel_stages() -%}
-- The metrics themselves, straight from the cells: what the effects must add up to.
with totals as (

    select
        basis,
        month,
        comparison
        {%- for side in ['base', 'current'] %}
        {%- for stage in stages %},
        sum(case when side = '{{ side }}' then {{ stage }}_count else 0.0 end) as {{ side }}_{{ stage }}_count
        {%- endfor %},
        {{ exact_sum("case when side = '" ~ side ~ "' then new_revenue else 0.0 end") }} as {{ side }}_new_revenue,
        {{ exact_sum("case when side = '" ~ side ~ "' then new_revenue + existing_revenue + refunds else 0.0 end") }} as {{ side }}_revenue
        {%- endfor %},
        sum(undated_count) as undated_count
    from {{ ref('int_verdict_cells') }}
    group by basis, month, comparison

),

compared as (

    select
        basis,
        month,
        comparison
        {%- for end in verdict_ends() %},
        max(case when stage_order <= {{ stages.index(end) + 1 }} and not (is_recorded and has_age) then 1 else 0 end) = 1 as {{ end }}_passes_over_stages,
        max(case when stage_key = '{{ end }}' and not has_age then 1 else 0 end) = 0 as {{ end }}_is_comparable,
        max(case when stage_key = '{{ end }}' and not is_recorded then 1 else 0 end) = 0 as {{ end }}_is_recorded
        {%- endfor %}
    from {{ ref('int_verdict_stages') }}
    group by basis, month, comparison

)
{% for each in verdict_metrics() %}
select
    totals.basis,
    totals.month,
    totals.comparison,
    '{{ each.metric }}' as metric,
    {{ loop.index }} as metric_order,
    {{ each.is_money }} as is_money,
    base_{{ each.measure }} as base_value,
    current_{{ each.measure }} as current_value,
    current_{{ each.measure }} - base_{{ each.measure }} as delta,
    base_{{ each.stage }}_count + current_{{ each.stage }}_count as events
    {%- for side in ['base', 'current'] %}
    {%- for stage in stages %},
    {{ side }}_{{ stage }}_count
    {%- endfor %}
    {%- endfor %},
    {{ 'undated_count' if each.stage != stages[0] else '0.0 as undated_count' }},
    coalesce(compared.{{ each.stage }}_passes_over_stages, false) as passes_over_stages,
    coalesce(compared.{{ each.stage }}_is_comparable, true) as is_comparable,
    coalesce(compared.{{ each.stage }}_is_recorded, true) as is_recorded
from totals
left join compared on totals.basis = compared.basis and totals.month = compared.month and totals.comparison = compared.comparison
{{ 'union all' if not loop.last }}
{%- endfor %}
