{# Tables and views in one statement each, which either happens or does not. dbt-duckdb builds a table beside the old one, renames both, drops one,
   and asks for indexes and foreign keys before; no model here has any, and a night makes some eighty tables. #}
{% materialization table, adapter='duckdb' %} {{ return(in_one_statement('table')) }} {% endmaterialization %}
{% materialization view, adapter='duckdb' %} {{ return(in_one_statement('view')) }} {% endmaterialization %}

{% macro in_one_statement(kind) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set made = this.incorporate(type=kind) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and existing.type != kind -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
    {%- call statement('main') -%}
        create or replace {{ kind }} {{ made }} as (
            {{ model.compiled_code }}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [made]}) }}
{% endmacro %}

{# On Spark every build is full, and no table of the last one is there. #}
{% materialization incremental, adapter='spark' %}
    {%- if goes_on() -%} {{ exceptions.raise_compiler_error('a build on Spark goes on from none: add --full-refresh') }} {%- endif -%}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}

{# dbt-spark puts a text between apostrophes as it is. A seed is small: one statement. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set query %}
    insert into {{ this.render() }} values
    {%- for row in agate_table.rows %}
    (
        {%- for name in agate_table.column_names -%}
        {%- set text = row[name] -%}
        cast({% if text is none %}null{% else %}'{{ text | string | replace('\\', '\\\\') | replace("'", "''") }}'{% endif %} as {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }})
        {{- ', ' if not loop.last }}
        {%- endfor -%}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    {%- endset -%}
    {%- if agate_table.rows | length -%} {%- do adapter.add_query(query, abridge_sql_log=True) -%} {%- endif -%}
    {{ return(query) }}
{% endmacro %}
