{# Changes of a table that was just written, by hooks. Tables of plain Parquet, which is what Spark has without a table format, know no update and no delete:
   there the table is written anew. DuckDB's forms are statements of the hook, Spark's run while it is rendered and leave it nothing to do. #}

{% macro delete_rows(relation, condition) -%} {{ return(adapter.dispatch('delete_rows')(relation, condition)) }} {%- endmacro %}
{% macro duckdb__delete_rows(relation, condition) -%} delete from {{ relation }} where {{ condition }}; {%- endmacro %}
{% macro spark__delete_rows(relation, condition) -%} {%- do write_anew(relation, 'select * from ' ~ relation ~ ' where not coalesce(' ~ condition ~ ', false)') -%} {%- endmacro %}

{% macro insert_rows(relation, query, columns=none) -%} {{ return(adapter.dispatch('insert_rows')(relation, query, columns)) }} {%- endmacro %}
{% macro duckdb__insert_rows(relation, query, columns) -%} insert into {{ relation }}{% if columns %} ({{ columns | join(', ') }}){% endif %} {{ query }}; {%- endmacro %}
{% macro spark__insert_rows(relation, query, columns) -%} {%- do run_query('insert into ' ~ relation ~ (' (' ~ columns | join(', ') ~ ') ' if columns else ' ') ~ query) -%} {%- endmacro %}

{# values: {column: expression}; source: a query to join, by the name `source_name`; without a condition every row is changed. #}
{% macro update_rows(relation, values, condition, source=none, source_name=none) -%} {{ return(adapter.dispatch('update_rows')(relation, values, condition, source, source_name)) }} {%- endmacro %}
{% macro duckdb__update_rows(relation, values, condition, source, source_name) -%}
    update {{ relation }} set {% for name, value in values.items() %}{{ name }} = {{ value }}{{ ', ' if not loop.last }}{% endfor %}
    {%- if source %}
    from ({{ source }}) as {{ source_name }}
    {%- endif %}
    {%- if condition %} where {{ condition }}{% endif %};
{%- endmacro %}
{% macro spark__update_rows(relation, values, condition, source, source_name) -%}
    {%- set matched = source_name ~ '.is_matched' if source else 'coalesce(' ~ condition ~ ', false)' if condition else 'true' -%}
    {%- set query -%}
    select
        {%- for column in adapter.get_columns_in_relation(relation) %}
        {%- set old = relation.identifier ~ '.' ~ column.name %}
        {% if column.name in values %}cast(case when {{ matched }} then {{ values[column.name] }} else {{ old }} end as {{ column.data_type }}){% else %}{{ old }}{% endif %} as {{ column.name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as {{ relation.identifier }}
    {%- if source %}
    left join (select *, true as is_matched from ({{ source }}) as given) as {{ source_name }} on {{ condition }}
    {%- endif %}
    {%- endset -%}
    {%- do write_anew(relation, query) -%}
{%- endmacro %}

{# Spark cannot write what it is reading: the new table takes the name when it is whole. #}
{% macro write_anew(relation, query) -%}
    {%- set anew = relation.incorporate(path={'identifier': relation.identifier ~ '__anew'}) -%}
    {%- do run_query('create table ' ~ anew ~ ' as ' ~ query) -%}
    {%- do run_query('drop table ' ~ relation) -%}
    {%- do run_query('alter table ' ~ anew ~ ' rename to ' ~ relation) -%}
{%- endmacro %}
