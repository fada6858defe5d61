{# Words and numbers of a headline. Texts are data (seed headline_templates); only the filling is here. #}

{# 1234567.4 -> 1 234 567: read the same way in English and Russian. #}
{% macro grouped_number(value) -%}
    (case when round({{ value }}, 0) < 0 then '-' else '' end
    || trim(reverse({{ collapse_pattern("reverse(" ~ whole_text("abs(" ~ value ~ ")") ~ ")", '([0-9]{3})', '\\1 ') }})))
{%- endmacro %}
{% macro whole_text(value) -%} cast(cast(round({{ value }}, 0) as decimal(38, 0)) as {{ dbt.type_string() }}) {%- endmacro %}

{% macro signed_number(value) -%} (case when round({{ value }}, 0) > 0 then '+' else '' end || {{ grouped_number(value) }}) {%- endmacro %}

{% macro percent_number(value) -%} ({{ whole_text('100 * ' ~ value) }} || ' %') {%- endmacro %}

{# Fill placeholders: fill("template", {"metric": "metric_label"}). A null value leaves the whole text null. #}
{% macro fill(template, values) -%}
    {%- set filled = namespace(text=template) -%}
    {%- for name, value in values.items() -%} {%- set filled.text = "replace(" ~ filled.text ~ ", '{" ~ name ~ "}', " ~ value ~ ")" -%} {%- endfor -%}
    {{ filled.text }}
{%- endmacro %}

{# Text of a template in one language, as a scalar: the seed has one row per key. #}
{% macro headline_text(key, language) -%}
    (select text_{{ language }} from {{ ref('headline_templates') }} where template_key = '{{ key }}')
{%- endmacro %}
