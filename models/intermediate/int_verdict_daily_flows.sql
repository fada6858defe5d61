{%- set stages = funnel_stages() -%}
{%- set money = ['new_revenue', 'new_revenue_squares', 'existing_revenue', 'existing_revenue_squares', 'refunds', 'refund_squares'] -%}
-- What happened on each day, whenever the leads had come. Clients are dated by the ledger, as in the KPI new_clients.
with netted as (

    select date_day, channel_key, flow, sum(amount) as amount
    from {{ ref('int_verdict_flow_entries') }}
    group by date_day, channel_key, flow
    having sum(amount) <> 0

)

select
    date_day,
    {{ month_start('date_day') }} as month,
    channel_key,
    {%- for stage in stages[:-1] %}
    cast(sum(case when flow = '{{ stage }}' then amount else 0 end) as bigint) as {{ stage }}_count,
    {%- endfor %}
    cast(sum(case when flow = 'new_clients' then amount else 0 end) as bigint) as {{ stages[-1] }}_count
    {%- for flow in money %},
    sum(case when flow = '{{ flow }}' then amount else 0 end) as {{ flow }}
    {%- endfor %}
from netted
group by date_day, channel_key
