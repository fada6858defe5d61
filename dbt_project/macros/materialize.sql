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
