{%- set stages = funnel_stages() -%}
{%- set money = ['new_revenue', 'new_revenue_squares', 'existing_revenue', 'existing_revenue_squares', 'refunds', 'refund_squares'] -%}
-- Everything the decomposition needs to know, aggregated: it reads no lead and no payment behind this point.
with period_cells as (

    select
        sides.basis,
        sides.month,
        sides.comparison,
        sides.side,
        flows.channel_key,
        {%- for stage in stages %}
        sum(flows.{{ stage }}_count) as {{ stage }}_count,
        {%- endfor %}
        0 as undated_count
        {%- for column in money %},
        sum(flows.{{ column }}) as {{ column }}
        {%- endfor %}
    from {{ ref('int_verdict_sides') }} as sides
    inner join {{ ref('int_verdict_daily_flows') }} as flows on sides.side_month = flows.month
    where sides.basis = 'period' and flows.date_day < {{ add_days('sides.side_month', 'sides.span_days') }}
    group by sides.basis, sides.month, sides.comparison, sides.side, flows.channel_key

),

cells as (

    select * from {{ ref('int_verdict_cohort_cells') }}
    union all
    select * from period_cells

)

select
    basis,
    month,
    comparison,
    side,
    channel_key,
    {%- for stage in stages %}
    cast({{ stage }}_count as double) as {{ stage }}_count,
    {%- endfor %}
    cast(undated_count as double) as undated_count
    {%- for column in money %},
    cast({{ column }} as double) as {{ column }}
    {%- endfor %}
from cells
-- in one order, so that sums of fractions further on come out the same to the last digit
order by basis, month, comparison, side, channel_key
