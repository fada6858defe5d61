{# Words and numbers of a headline. Texts are data (seed headline_templates); only the filling is here. #}

{# 1234567.4 -> 1 234 567: read the same way in English and Russian. #}
{% macro grouped_number(value) -%}
    {%- set whole = 'cast(round(abs(' ~ value ~ '), 0) as bigint)' -%}
    (case when round({{ value }}, 0) < 0 then '-' else '' end
    || case
        when {{ whole }} >= 1000000000 then cast(cast(floor({{ whole }} / 1000000000) as bigint) as {{ dbt.type_string() }}) || ' '
            || lpad(cast(cast(floor({{ whole }} / 1000000) as bigint) % 1000 as {{ dbt.type_string() }}), 3, '0') || ' '
            || lpad(cast(cast(floor({{ whole }} / 1000) as bigint) % 1000 as {{ dbt.type_string() }}), 3, '0') || ' '
            || lpad(cast({{ whole }} % 1000 as {{ dbt.type_string() }}), 3, '0')
        when {{ whole }} >= 1000000 then cast(cast(floor({{ whole }} / 1000000) as bigint) as {{ dbt.type_string() }}) || ' '
            || lpad(cast(cast(floor({{ whole }} / 1000) as bigint) % 1000 as {{ dbt.type_string() }}), 3, '0') || ' '
            || lpad(cast({{ whole }} % 1000 as {{ dbt.type_string() }}), 3, '0')
        when {{ whole }} >= 1000 then cast(cast(floor({{ whole }} / 1000) as bigint) as {{ dbt.type_string() }}) || ' '
            || lpad(cast({{ whole }} % 1000 as {{ dbt.type_string() }}), 3, '0')
        else cast({{ whole }} as {{ dbt.type_string() }})
    end)
{%- endmacro %}

{% macro signed_number(value) -%} (case when round({{ value }}, 0) > 0 then '+' else '' end || {{ grouped_number(value) }}) {%- endmacro %}

{% macro percent_number(value) -%} (cast(cast(round(100 * {{ value }}, 0) as bigint) as {{ dbt.type_string() }}) || ' %') {%- endmacro %}

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
