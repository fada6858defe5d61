{# Ids as systems write them: 123 and 123.0, 007 and 7, any case, Salesforce's 15 and 18 characters. An exact match always wins; another
   written form is taken for an id only where the source delivers exactly one id of that form. #}

{# The id of a key `source:id`, and whose id it is. #}
{% macro id_of(key) -%} substr({{ key }}, position(':' in {{ key }}) + 1) {%- endmacro %}
{% macro source_of(key) -%} {{ dbt.split_part(key, "':'", 1) }} {%- endmacro %}

{# Whose ids a row names: those of its own source, or of the one that sources.yml names by `ids_of`. Known when compiling: elsewhere it costs nothing. #}
{% macro id_source(source_name='source_name') -%}
    {%- set found = ask_landing('source_settings', 'source_name, ids_of', 'where ids_of is not null order by source_name') if execute and not is_unit_test() -%}
    {%- if found -%}
    case {{ source_name }} {% for name, of in found %} when '{{ name }}' then '{{ of }}'{% endfor %} else {{ source_name }} end
    {%- else -%} {{ source_name }} {%- endif -%}
{%- endmacro %}

{# A key that no delivered id can take: those follow `source:`, and a source's name holds no #. #}
{% macro made_client_key(lead_id, source_name='source_name') -%} {{ id_source(source_name) }} || '#' || {{ lead_id }} {%- endmacro %}

{# "1.000" is a thousand and no 1: only one or two zeros after the point are decimals. Some write a GUID in braces. #}
{% macro id_form(id) -%}
    case
        when ({{ id }} like '0%' or {{ id }} like '%0') and {{ matches(id, '^[0-9]+([.,]00?)?$') }}
            then coalesce(nullif({{ strip_pattern(id, '^0+|[.,]0+$') }}, ''), '0')
        when {{ id }} between '{' and '|' and {{ id }} like '%}' then lower(substr({{ id }}, 2, length({{ id }}) - 2))
        else lower({{ id }})
    end
{%- endmacro %}

{# Salesforce: 15 characters in which case matters, or the same with three more. Digits alone are a number of another system. #}
{% macro id_form_15(id) -%}
    case
        when length({{ id }}) in (15, 18) and {{ matches(id, '^[0-9A-Za-z]{15}([0-5A-Z]{3})?$') }} and {{ matches(id, '[A-Za-z]') }}
            then substr({{ id }}, 1, 15)
    end
{%- endmacro %}

{# Rows (`key`, form_key, cut_from) of a relation with `key`: every form of each key. cut_from: the length of an id that was cut,
   because two ids cut to 15 characters say nothing of one another. #}
{% macro id_forms(rows, key) -%}
    select {{ key }}, {{ source_of(key) }} || '#form#' || {{ id_form(id_of(key)) }} as form_key, 0 as cut_from from {{ rows }}
    union all
    select {{ key }}, {{ source_of(key) }} || '#form15#' || {{ id_form_15(id_of(key)) }}, length({{ id_of(key) }})
    from {{ rows }}
    where length({{ id_of(key) }}) in (15, 18) and {{ id_form_15(id_of(key)) }} is not null
{%- endmacro %}

{# (reference_key, id_key) of references that no id matches letter by letter, where one id and one only is written otherwise. #}
{% macro written_otherwise(references, ids) -%}
    select named.reference_key, min(delivered_ids.id_key) as id_key
    from ({{ id_forms(references, 'reference_key') }}) as named
    inner join ({{ id_forms(ids, 'id_key') }}) as delivered_ids
        on named.form_key = delivered_ids.form_key and (named.cut_from = 0 or named.cut_from <> delivered_ids.cut_from)
    group by named.reference_key
    having min(delivered_ids.id_key) = max(delivered_ids.id_key)
{%- endmacro %}
