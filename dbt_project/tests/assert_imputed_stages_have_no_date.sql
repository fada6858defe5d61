-- A row here is an attempt with a date on a stage that is only implied by a later one.
{%- set stages = funnel_stages() %}
select lead_attempt_key
from {{ ref('fct_lead_funnel') }}
where (
    {%- for stage in stages[1:] %}
    ({{ stage }}_is_imputed and {{ stage }}_at is not null){{ ' or' if not loop.last }}
    {%- endfor %}
)
{%- if tests_new_rows_only() %} and {{ is_new() }}{% endif %}
