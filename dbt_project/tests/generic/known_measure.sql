{# A row here names a measure that nothing computes. #}
{% test known_measure(model, column_name, durations=false) %}
{%- set known = durations_measured() | map(attribute='measure') | list if durations else [] -%}
{%- for measures in measures_by_entity().values() -%} {%- do known.extend(measures) -%} {%- endfor -%}
select {{ column_name }} from {{ model }} where {{ column_name }} not in ('{{ known | unique | join("', '") }}')
{% endtest %}
