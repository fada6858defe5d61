{# Probability that a standard normal deviate is below z, to 1e-7 (Abramowitz and Stegun 26.2.17). #}
{% macro normal_probability(z) -%}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ z ~ ')))' -%}
    {%- set tail -%}
    exp(-power({{ z }}, 2) / 2) / sqrt(2 * pi())
        * {{ t }} * (0.319381530 + {{ t }} * (-0.356563782 + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))))
    {%- endset -%}
    case when {{ z }} > 0 then 1 - {{ tail }} else {{ tail }} end
{%- endmacro %}
