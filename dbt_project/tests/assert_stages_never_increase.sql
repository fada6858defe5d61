-- A row here is an attempt that reached a stage without counting as having reached the one before.
{%- set stages = funnel_stages() %}
select lead_attempt_key
from {{ ref('fct_lead_funnel') }}
where
    {%- for stage in stages[1:] %}
    ({{ stage }}_reached and not {{ stages[loop.index0] }}_reached){{ ' or' if not loop.last }}
    {%- endfor %}
