{%- set stages = funnel_stages() -%}
-- Counted cohorts as the two sides of every comparison.
select
    sides.basis,
    sides.month,
    sides.comparison,
    sides.side,
    counted.channel_key,
    {%- for stage in stages %}
    counted.{{ stage }}_count,
    {%- endfor %}
    counted.undated_count,
    counted.new_revenue,
    counted.new_revenue_squares,
    -- a cohort is all new clients: later payments of the same deal are part of its check
    0.0 as existing_revenue,
    0.0 as existing_revenue_squares,
    counted.refunds,
    counted.refund_squares
from {{ ref('int_verdict_sides') }} as sides
inner join {{ ref('int_verdict_cohorts') }} as counted on sides.side_month = counted.side_month and sides.window_key = counted.window_key
where sides.basis = 'cohort'
