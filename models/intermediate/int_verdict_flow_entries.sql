{#- A ledger of the flows, as int_kpi_entries is one of measures: going on, a build adds +1 for every new row and -1 for every row that it replaced. -#}
{{ config(materialized='incremental', meta={'ledger': true}) }}
{%- set stages = funnel_stages() -%}
{%- set days = {stages[0]: 'created_date'} -%}
{%- for stage in stages[1:-1] %} {%- do days.update({stage: stage ~ '_date'}) -%} {%- endfor -%}
{%- set money = ['new_clients', 'new_revenue', 'new_revenue_squares', 'existing_revenue', 'existing_revenue_squares', 'refunds', 'refund_squares'] -%}

with attempts as {{ not_materialized() }} (

    {{ entries_of('fct_lead_funnel') }}

),

stage_flows as (
    {%- for stage, day in days.items() %}
    select {{ day }} as date_day, channel_key, '{{ stage }}' as flow, cast(sum(entry_sign) as decimal(38, 4)) as amount
    from attempts
    where {{ day }} is not null
    group by {{ day }}, channel_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

payments as {{ not_materialized() }} (

    {{ entries_of('fct_payment') }}

),

new_clients as (

    select client_key, channel_key, paid_month, entry_sign from payments where is_first_payment

),

-- Money of a client in the month of the first payment is new-client revenue, and goes to the channel that won the client.
credited as (

    select
        payments.paid_date as date_day,
        case when new_clients.client_key is not null and payments.kind = 'payment' then new_clients.channel_key else payments.channel_key end
            as channel_key,
        payments.entry_sign,
        payments.is_first_payment,
        new_clients.client_key is not null and payments.kind = 'payment' as is_new,
        payments.kind = 'payment' as is_payment,
        payments.amount_base as amount
    from payments
    left join new_clients
        on payments.client_key = new_clients.client_key and payments.paid_month = new_clients.paid_month and payments.entry_sign = new_clients.entry_sign

),

-- summed as decimals, so that no order of rows changes a figure
sums as (

    select
        date_day,
        channel_key,
        sum(case when is_first_payment then entry_sign else 0 end) as new_clients,
        sum(case when is_new then entry_sign * amount else 0 end) as new_revenue,
        sum(case when is_new then entry_sign * {{ square_of('amount') }} else 0 end) as new_revenue_squares,
        sum(case when is_payment and not is_new then entry_sign * amount else 0 end) as existing_revenue,
        sum(case when is_payment and not is_new then entry_sign * {{ square_of('amount') }} else 0 end) as existing_revenue_squares,
        sum(case when not is_payment then entry_sign * amount else 0 end) as refunds,
        sum(case when not is_payment then entry_sign * {{ square_of('amount') }} else 0 end) as refund_squares
    from credited
    group by date_day, channel_key

),

flows as (

    select date_day, channel_key, flow, amount from stage_flows
    {%- for flow in money %}
    union all
    select date_day, channel_key, '{{ flow }}', cast({{ flow }} as decimal(38, 4)) from sums
    {%- endfor %}

)

select date_day, channel_key, flow, amount, {{ build_number() }} as build_number
from flows
where amount <> 0
