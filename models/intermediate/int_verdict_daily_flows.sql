{%- set stages = funnel_stages() -%}
-- What happened on each day, whenever the leads had come. Clients are dated by the ledger, as in the KPI new_clients.
-- each stage reads its own two columns of the funnel: a common table of all leads would be copied for it
with milestones as (
    {%- for stage in stages[:-1] %}
    select {{ stage }}_date as entered_date, channel_key, {{ loop.index }} as stage_order, count(*) as entries
    from {{ ref('fct_lead_funnel') }}
    where {{ stage }}_date is not null
    group by {{ stage }}_date, channel_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

new_clients as (

    select client_key, channel_key, paid_month from {{ ref('fct_payment') }} where is_first_payment

),

-- Money of a client in the month of the first payment is new-client revenue, and goes to the channel that won the client.
payments as (

    select
        payments.paid_date,
        case when new_clients.client_key is not null and payments.amount_base > 0 then new_clients.channel_key else payments.channel_key end
            as channel_key,
        payments.client_key,
        payments.is_first_payment,
        new_clients.client_key is not null and payments.amount_base > 0 as is_new,
        -- summed as decimals, so that no order of rows changes a figure
        payments.amount_base as amount
    from {{ ref('fct_payment') }} as payments
    left join new_clients
        on payments.client_key = new_clients.client_key and payments.paid_month = new_clients.paid_month

),

money as (

    select
        paid_date,
        channel_key,
        sum(case when is_first_payment then 1 else 0 end) as new_clients,
        sum(case when is_new then amount else 0 end) as new_revenue,
        sum(case when is_new then amount * amount else 0 end) as new_revenue_squares,
        sum(case when not is_new and amount > 0 then amount else 0 end) as existing_revenue,
        sum(case when not is_new and amount > 0 then amount * amount else 0 end) as existing_revenue_squares,
        sum(case when amount < 0 then amount else 0 end) as refunds,
        sum(case when amount < 0 then amount * amount else 0 end) as refund_squares
    from payments
    group by paid_date, channel_key

),

stacked as (

    select
        entered_date as date_day,
        channel_key,
        {%- for stage in stages[:-1] %}
        case when stage_order = {{ loop.index }} then entries else 0 end as {{ stage }}_count,
        {%- endfor %}
        0 as paid_count,
        0 as new_revenue, 0 as new_revenue_squares, 0 as existing_revenue, 0 as existing_revenue_squares, 0 as refunds, 0 as refund_squares
    from milestones

    union all

    select
        paid_date as date_day,
        channel_key,
        {%- for stage in stages[:-1] %}
        0 as {{ stage }}_count,
        {%- endfor %}
        new_clients as paid_count,
        new_revenue, new_revenue_squares, existing_revenue, existing_revenue_squares, refunds, refund_squares
    from money

)

select
    date_day,
    {{ month_start('date_day') }} as month,
    channel_key,
    {%- for stage in stages %}
    sum({{ stage }}_count) as {{ stage }}_count,
    {%- endfor %}
    cast(sum(new_revenue) as double) as new_revenue,
    cast(sum(new_revenue_squares) as double) as new_revenue_squares,
    cast(sum(existing_revenue) as double) as existing_revenue,
    cast(sum(existing_revenue_squares) as double) as existing_revenue_squares,
    cast(sum(refunds) as double) as refunds,
    cast(sum(refund_squares) as double) as refund_squares
from stacked
group by date_day, {{ month_start('date_day') }}, channel_key
