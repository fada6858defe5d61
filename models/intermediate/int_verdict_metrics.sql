{%- set stages = funnel_stages() -%}
{%- set won = stages[-1] -%}
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
        comparison,
        max(case when not is_recorded or not has_age then 1 else 0 end) = 1 as passes_over_stages,
        max(case when stage_key = '{{ won }}' and not has_age then 1 else 0 end) = 0 as is_comparable
    from {{ ref('int_verdict_stages') }}
    group by basis, month, comparison

)
{% for metric, column in [('new_clients', won ~ '_count'), ('new_client_revenue', 'new_revenue'), ('revenue', 'revenue')] %}
select
    totals.basis,
    totals.month,
    totals.comparison,
    '{{ metric }}' as metric,
    base_{{ column }} as base_value,
    current_{{ column }} as current_value,
    current_{{ column }} - base_{{ column }} as delta
    {%- for side in ['base', 'current'] %}
    {%- for stage in stages %},
    {{ side }}_{{ stage }}_count
    {%- endfor %}
    {%- endfor %},
    undated_count,
    coalesce(compared.passes_over_stages, false) as passes_over_stages,
    coalesce(compared.is_comparable, true) as is_comparable
from totals
left join compared on totals.basis = compared.basis and totals.month = compared.month and totals.comparison = compared.comparison
{{ 'union all' if not loop.last }}
{%- endfor %}
