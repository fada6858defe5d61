{{ config(materialized='view') }}
{#- series: (name, day it belongs to, value, where it is read) -#}
{%- set series = [
    ('first_contact_minutes', 'first_contact_date', 'first_contact_lag_minutes', 'fct_lead_funnel'),
    ('first_contact_business_minutes', 'first_contact_date', 'first_contact_lag_business_minutes', 'fct_lead_funnel'),
    ('brief_fill_hours', 'brief_filled_date', 'brief_filled_lag_minutes / 60', 'fct_lead_funnel'),
    ('proposal_prep_days', 'proposal_sent_date', 'proposal_sent_lag_minutes / 1440', 'fct_lead_funnel'),
    ('contract_prep_days', 'contract_sent_date', 'contract_sent_lag_minutes / 1440', 'fct_lead_funnel'),
    ('lt_days', 'paid_date', 'lt_days', 'int_kpi_wins'),
] -%}

with durations as (
    {% for name, day, value, attempts in series %}
    select '{{ name }}' as measure, channel_key, {{ day }} as activity_date, {{ value }} as duration
    from {{ ref(attempts) }}
    where {{ value }} is not null
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select measure, channel_key, {{ month_start('activity_date') }} as activity_month, activity_date, duration
from durations
