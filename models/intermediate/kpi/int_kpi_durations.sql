{{ config(materialized='view') }}
{#- series: (name, day it belongs to, value) -#}
{%- set series = [
    ('first_contact_minutes', 'first_contact_date', 'first_contact_lag_minutes'),
    ('first_contact_business_minutes', 'first_contact_date', 'first_contact_lag_business_minutes'),
    ('brief_fill_hours', 'brief_filled_date', 'brief_filled_lag_minutes / 60'),
    ('proposal_prep_days', 'proposal_sent_date', 'proposal_sent_lag_minutes / 1440'),
    ('contract_prep_days', 'contract_sent_date', 'contract_sent_lag_minutes / 1440'),
    ('lt_days', 'paid_date', 'case when is_first_win then lt_days end'),
] -%}

with attempts as (

    select * from {{ ref('int_kpi_attempts') }}

),

durations as (
    {% for name, day, value in series %}
    select '{{ name }}' as measure, channel_key, {{ day }} as activity_date, {{ value }} as duration
    from attempts
    where {{ value }} is not null
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

)

select measure, channel_key, {{ month_start('activity_date') }} as activity_month, activity_date, duration
from durations
