{{ config(materialized='incremental', meta={'replaces': 'client_key', 'keeps_replaced': true}, post_hook='{{ empty_replaced_rows() }}') }}
{%- set won = funnel_stages() | last %}

-- A client is won by the attempt that paid first; a win without a date comes after the dated ones.
with wins as (

    select
        *,
        row_number() over (partition by client_key order by {{ won }}_at asc nulls last, created_at, lead_attempt_key) as win_number
    from {{ ref('fct_lead_funnel') }}
    where {{ won }}_reached {{ only_new() }}

)

select client_key, lead_attempt_key, channel_key, created_date, {{ won }}_date, lt_days, {{ build_number() }} as build_number
from wins
where win_number = 1
