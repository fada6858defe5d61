{{ config(materialized='view') }}
{%- set ages = client_ages() -%}

select
    client_key,
    source_name,
    channel_key,
    first_lead_at,
    first_payment_at,
    first_payment_month,
    attempts,
    lt_days,
    payments,
    average_check,
    ltv_gross,
    ltv_net
    {%- for age in ages %},
    -- null until the client is that old: a young client is not a poor one
    cast(case when {{ add_days('first_payment_date', age) }} <= {{ as_of() }} then net_{{ age }}d end as {{ amount_type() }}) as ltv_{{ age }}d
    {%- endfor %}
from {{ ref('int_client_value') }}
