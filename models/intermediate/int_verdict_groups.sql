{%- set stages = funnel_stages() -%}
{%- set lead, won = stages[0], stages[-1] -%}
{%- set sides = ['base', 'current'] -%}
{%- set money = ['new_revenue', 'new_revenue_squares'] -%}

-- A group is a channel with enough clients, or all the small ones together: step rates of three clients are noise, and their zeros would
-- blame whichever step happened to be empty. Inside the pool, the mix of channels is held to their usual quality.
with summed as (

    select
        basis,
        month,
        comparison,
        group_key,
        min(part) as part
        {%- for side in sides %}
        {%- for stage in stages %},
        sum({{ side }}_{{ stage }}_count) as {{ side }}_{{ stage }}_count,
        {{ exact_sum(side ~ '_' ~ lead ~ '_count * ' ~ stage ~ '_quality', digits=20) }} as {{ side }}_{{ stage }}_expected
        {%- endfor %}
        {%- for measure in money %},
        {{ exact_sum(side ~ '_' ~ measure) }} as {{ side }}_{{ measure }}
        {%- endfor %},
        {%- for end in verdict_ends() %}
        {{ exact_sum(side ~ '_' ~ lead ~ '_count * ' ~ end ~ '_quality * ' ~ end ~ '_quality', digits=20) }} as {{ side }}_{{ end }}_squares{{ ',' if not loop.last }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('int_verdict_channels') }}
    group by basis, month, comparison, group_key

),

compared as (

    select
        basis,
        month,
        comparison
        {%- for stage in stages[1:-1] %},
        max(case when stage_key = '{{ stage }}' and not (is_recorded and has_age) then 1 else 0 end) = 1 as lacks_{{ stage }}
        {%- endfor %}
    from {{ ref('int_verdict_stages') }}
    group by basis, month, comparison

),

-- Passed over: a stage that cannot be compared, and one without any entry in a month that has later ones (flows), which cannot carry a ratio.
classed as (

    select
        summed.*,
        case when part in ('opened_channel', 'closed_channel') then part when base_{{ lead }}_count > 0 and current_{{ lead }}_count > 0 then 'product' else 'carry_over' end
            as group_class
        {%- for stage in stages[1:-1] %}
        {%- set order = loop.index %},
        coalesce(compared.lacks_{{ stage }}, false)
        {%- for side in sides %}
        or ({{ side }}_{{ stage }}_count = 0 and ({% for later in stages[order + 1:] %}{{ side }}_{{ later }}_count > 0{{ ' or ' if not loop.last }}{% endfor %}))
        {%- endfor %} as passes_over_{{ stage }}
        {%- endfor %}
    from summed
    left join compared on summed.basis = compared.basis and summed.month = compared.month and summed.comparison = compared.comparison

)

select
    basis,
    month,
    comparison,
    group_key,
    group_class,
    {%- for side in sides %}
    {{ side }}_{{ lead }}_count as {{ side }}_{{ lead }}_flow,
    {{ side }}_{{ lead }}_expected,
    {%- for end in verdict_ends() %}
    {{ side }}_{{ end }}_count,
    case when {{ side }}_{{ end }}_expected > 0 then {{ side }}_{{ end }}_expected / nullif({{ side }}_{{ lead }}_count, 0) else 1.0 end as {{ side }}_{{ end }}_mix_quality,
    case
        when {{ side }}_{{ end }}_expected > 0 then {{ side }}_{{ end }}_squares / ({{ side }}_{{ end }}_expected * {{ side }}_{{ end }}_expected)
        else 1.0 / nullif({{ side }}_{{ lead }}_count, 0)
    end as {{ side }}_{{ end }}_lead_variance,
    {%- endfor %}
    {%- for stage in stages[1:] %}
    {#- the flow of the nearest stage that carries one, and what the mix of channels would usually make of it #}
    {%- set flow, expected = [], [] %}
    {%- for earlier in stages[1:loop.index + 1] | reverse %}
    {%- set usable = '1 = 1' if earlier == won else 'not passes_over_' ~ earlier %}
    {%- do flow.append('when ' ~ usable ~ ' then ' ~ side ~ '_' ~ earlier ~ '_count') %}
    {%- do expected.append('when ' ~ usable ~ ' then ' ~ side ~ '_' ~ earlier ~ '_expected') %}
    {%- endfor %}
    case {{ flow | join(' ') }} else {{ side }}_{{ lead }}_count end as {{ side }}_{{ stage }}_flow,
    case {{ expected | join(' ') }} else {{ side }}_{{ lead }}_expected end as {{ side }}_{{ stage }}_expected,
    {%- endfor %}
    {%- for measure in money %}
    {{ side }}_{{ measure }},
    {%- endfor %}
    case when group_class = 'product' then sum(case when group_class = 'product' then {{ side }}_{{ lead }}_count else 0.0 end) over (
        partition by basis, month, comparison, group_class
    ) end as {{ side }}_all_leads,
    {%- endfor %}
    {%- for stage in stages[1:-1] %}
    passes_over_{{ stage }},
    {%- endfor %}
    false as passes_over_{{ lead }},
    false as passes_over_{{ won }}
from classed
