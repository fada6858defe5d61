{%- set stages = funnel_stages() -%}
-- Counted cohorts as the two sides of every comparison, three months added up.
select
    sides.basis,
    sides.month,
    sides.comparison,
    sides.side,
    counted.channel_key,
    {%- for stage in stages %}
    sum(counted.{{ stage }}_count) as {{ stage }}_count,
    {%- endfor %}
    sum(counted.undated_count) as undated_count,
    {%- for column in ['new_revenue', 'new_revenue_squares'] %}
    cast(sum(cast(counted.{{ column }} as decimal(38, 4))) as double) as {{ column }},
    {%- endfor %}
    -- a cohort is all new clients: later payments of the same deal are part of its check
    0.0 as existing_revenue,
    0.0 as existing_revenue_squares
    {%- for column in ['refunds', 'refund_squares'] %},
    cast(sum(cast(counted.{{ column }} as decimal(38, 4))) as double) as {{ column }}
    {%- endfor %}
from {{ ref('int_verdict_sides') }} as sides
inner join {{ ref('int_verdict_cohorts') }} as counted on sides.side_month = counted.side_month and sides.window_key = counted.window_key
where sides.basis = 'cohort'
group by sides.basis, sides.month, sides.comparison, sides.side, counted.channel_key
