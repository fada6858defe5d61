{# A ratio with denominator 0 is null: never 0, never infinite. #}
{% macro safe_divide(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# Change in percent of what it changed from; by its size, so that a rise from a negative figure stays a rise. #}
{% macro change_pct(current_value, base_value) -%}
    100 * {{ safe_divide('(' ~ current_value ~ ') - (' ~ base_value ~ ')', 'abs(' ~ base_value ~ ')') }}
{%- endmacro %}

{# Days after its creation within which a lead must reach a stage to count in the cohort of that window; 0 is all time. #}
{% macro cohort_windows() -%} {{ return([0, 30, 60, 90, 180, 365]) }} {%- endmacro %}

{# Days after a client's first payment at which it has an LTV of its own. #}
{% macro client_ages() -%} {{ return([30, 90, 180, 365]) }} {%- endmacro %}

{# Rows of a relation by channel and, as channel 'all', over every channel: list the key columns and the sums. #}
{% macro with_all_channels(relation, keys, sums) -%}
    select {{ (keys + ['channel_key'] + sums) | join(', ') }} from {{ relation }}
    union all
    select {{ keys | join(', ') }}{{ ',' if keys }} 'all' as channel_key
    {%- for column in sums %}, sum({{ column }}) as {{ column }}{% endfor %}
    from {{ relation }}
    {%- if keys %}
    group by {{ keys | join(', ') }}
    {%- endif %}
{%- endmacro %}

{# Whole calendar months from one first day of a month to another. #}
{% macro months_between(start_month, end_month) -%}
    ((extract(year from {{ end_month }}) - extract(year from {{ start_month }})) * 12 + extract(month from {{ end_month }}) - extract(month from {{ start_month }}))
{%- endmacro %}

{# What first proves that a stage was reached: its own date, or that of a later one. `moment` is `date` (reporting time zone) or `at`; null where nothing is dated. #}
{% macro first_proof(stage, moment) -%}
    {%- set onwards = funnel_stages()[funnel_stages().index(stage):] -%}
    {%- if onwards | length == 1 -%} {{ stage }}_{{ moment }}
    {%- else -%} least({% for later in onwards %}{{ later }}_{{ moment }}{{ ', ' if not loop.last }}{% endfor %})
    {%- endif -%}
{%- endmacro %}

{# What KPIs are added up of, by the entity that it is made from; one entity of several is enough. Durations are beside them (durations_measured). #}
{% macro measures_by_entity() -%}
    {%- set of_leads = ['leads', 'cohort_clients', 'rejected', 'returned', 'lost'] + stage_measures() -%}
    {%- set of_payments = ['payments', 'payment_amount', 'revenue', 'new_clients', 'plan_paid', 'cohort_revenue', 'cohort_net_income', 'client_net_income'] -%}
    {%- for age in client_ages() -%} {%- do of_payments.extend(['client_net_income_' ~ age ~ 'd', 'clients_' ~ age ~ 'd']) -%} {%- endfor -%}
    {{ return({'ad_spend': ['cost'], 'channel_costs': ['cost'], 'payment_plan': ['planned'], 'leads': of_leads, 'payments': of_payments}) }}
{%- endmacro %}

{# Whether a KPI is a ratio, of which a target may be written in percent; and whether it is a share of a whole, which is never more than 1. #}
{% macro is_share(kpi) -%} {{ matches(kpi, 'conversion|^sal_ratio|^plan_fulfilment') }} {%- endmacro %}
{% macro is_ratio(kpi) -%} ({{ is_share(kpi) }} or {{ kpi }} = 'romi') {%- endmacro %}
