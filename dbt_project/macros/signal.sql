{# Monday of the week. #}
{% macro week_start(date_expression) -%} {{ add_days(date_expression, '1 - ' ~ iso_weekday(date_expression)) }} {%- endmacro %}

{# Days of life, shortest first, at which entries into a step may be judged. #}
{% macro signal_ages() -%} {{ return([7, 14, 28]) }} {%- endmacro %}

{# Weight of each of the last weeks in the average that a control chart follows, the newest first. #}
{% macro signal_weights() -%}
    {%- set weights = [] -%}
    {%- for age in range(var('signal_average_weeks')) -%} {%- do weights.append(var('signal_newest_weight') * (1 - var('signal_newest_weight')) ** age) -%} {%- endfor -%}
    {{ return(weights) }}
{%- endmacro %}

{# greatest() takes a null for no number at all; here it stays unknown. #}
{% macro not_below_zero(value) -%} case when {{ value }} > 0 then {{ value }} when {{ value }} <= 0 then 0.0 end {%- endmacro %}
