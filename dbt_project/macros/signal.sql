{# Monday of the week. #}
{% macro week_start(date_expression) -%} {{ add_days(date_expression, '1 - ' ~ iso_weekday(date_expression)) }} {%- endmacro %}

{# Ages at which the entries of a week into a step are looked at: ends of so many weeks after their own. #}
{% macro signal_ages() -%} {{ return([0, 1, 2, 3, 4]) }} {%- endmacro %}

{# What was counted at each of the ages before the last, at which a step is ripe at the latest. #}
{% macro signal_seen() -%}
    {%- set names = [] -%}
    {%- for weeks in signal_ages()[:-1] -%} {%- do names.append('seen_' ~ weeks) -%} {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# Weight of each of the last weeks in the average that a control chart follows, the newest first. #}
{% macro signal_weights() -%}
    {%- set weights = [] -%}
    {%- for age in range(var('signal_average_weeks')) -%} {%- do weights.append(var('signal_newest_weight') * (1 - var('signal_newest_weight')) ** age) -%} {%- endfor -%}
    {{ return(weights) }}
{%- endmacro %}

{# The sum of name_0, name_1 … of the last weeks, each times its weight (power 2: the square of it). #}
{% macro weighed(weights, name, power=1) -%}
    {%- for weight in weights -%} {{ ' + ' if not loop.first }}{{ weight ** power }} * {{ name }}_{{ loop.index0 }} {%- endfor -%}
{%- endmacro %}

{# greatest() takes a null for no number at all; here it stays unknown. #}
{% macro not_below_zero(value) -%} case when {{ value }} > 0 then {{ value }} when {{ value }} <= 0 then 0.0 end {%- endmacro %}
