{# Where a model learns about the run it is part of. Parameters live in landing.pipeline_run, so plain `dbt build` needs no flags (docs/adr/0002). #}

{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{% macro landing(system, entity) -%}
    {%- set landed = source('landing', system ~ '__' ~ entity) -%}
    {{ landed.incorporate(path={'identifier': 'new_' ~ landed.identifier}) if config.get('materialized') == 'incremental' and goes_on() else landed }}
{%- endmacro %}

{% macro run_parameter(name) -%}
    (select {{ name }} from {{ source('landing', 'pipeline_run') }})
{%- endmacro %}

{# Rows of a query on a table of landing, each a list; none where there is no such table. What landing says of a run stays as it is while models
   compile, and they ask hundreds of times: it is asked once. The graph is what all nodes of one invocation share. #}
{% macro ask_landing(table, columns, rest='') -%}
    {%- set question = 'landing.' ~ table ~ ': ' ~ columns ~ ' ' ~ rest -%}
    {%- if question not in graph -%}
        {%- set relation, rows = adapter.get_relation(target.database, 'landing', table), [] -%}
        {%- if relation -%}
            {%- for row in run_query('select ' ~ columns ~ ' from ' ~ relation ~ ' ' ~ rest).rows -%} {%- do rows.append(row.values() | list) -%} {%- endfor -%}
        {%- endif -%}
        {%- do graph.update({question: rows}) -%}
    {%- endif -%}
    {{ return(graph[question]) }}
{%- endmacro %}

{% macro as_of() -%}
    {%- if var('as_of', none) -%} cast('{{ var("as_of") }}' as date) {%- else -%} {{ run_parameter('as_of') }} {%- endif -%}
{%- endmacro %}

{# The first UTC moment that the run does not know yet: midnight after as_of in the reporting zone. #}
{% macro as_of_end_at() -%}
    {%- if var('as_of', none) -%}
        {{ local_to_utc("cast(cast('" ~ var('as_of') ~ "' as date) + interval '1' day as timestamp)", run_parameter('reporting_time_zone')) }}
    {%- else -%} {{ run_parameter('as_of_end_at') }} {%- endif -%}
{%- endmacro %}

{% macro base_currency() -%} {{ run_parameter('base_currency') }} {%- endmacro %}

{# The day, in the reporting time zone, of a UTC timestamp. #}
{% macro local_timestamp(utc_timestamp) -%} {{ utc_to_local(utc_timestamp, run_parameter('reporting_time_zone')) }} {%- endmacro %}
{% macro local_date(utc_timestamp) -%} cast({{ local_timestamp(utc_timestamp) }} as date) {%- endmacro %}
{% macro month_start(date_expression) -%} cast(date_trunc('month', {{ date_expression }}) as date) {%- endmacro %}
