{#- a view, in the published file as well: the funnel turned by stage costs no room and no time of the night -#}
{{ config(materialized='view') }}
{%- for stage in funnel_stages() %}
select
    lead_attempt_key,
    source_name,
    channel_key,
    lead_month,
    '{{ stage }}' as stage_key,
    {{ loop.index }} as stage_order,
    {{ stage }}_reached as is_reached,
    {{ stage }}_at as reached_at,
    {{ stage }}_is_imputed as is_imputed,
    {{ stage ~ '_lag_minutes' if not loop.first else 'cast(null as double)' }} as lag_minutes,
    {{ stage ~ '_lag_business_minutes' if not loop.first else 'cast(null as double)' }} as lag_business_minutes
from {{ ref('fct_lead_funnel') }}
{{ 'union all' if not loop.last }}
{%- endfor %}
