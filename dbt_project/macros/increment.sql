{# A night costs what is new (docs/adr/0005): staging reads the files landed since the last whole build, facts recompute what those rows touch. #}

{# Whether this build goes on from the last whole one. `onefunnel build` decides and says so in landing.pipeline_run; unit tests judge whole tables. #}
{% macro goes_on() -%}
    {%- if not execute or flags.FULL_REFRESH or model.resource_type == 'unit_test' -%} {{ return(false) }} {%- endif -%}
    {%- set found = run_query("select built_through from " ~ api.Relation.create(schema='landing', identifier='pipeline_run')) -%}
    {%- set continues = found.rows | length > 0 and found.columns[0].values()[0] is not none -%}
    {%- if continues and var('as_of', none) -%}
        {{ exceptions.raise_compiler_error("as_of was set: add --full-refresh, because the tables know the day of the last build only") }}
    {%- endif -%}
    {{ return(continues) }}
{%- endmacro %}

{# Rows written by later builds than the last whole one. #}
{% macro is_new() -%} build_number > {{ run_parameter('built_through') }} {%- endmacro %}

{# One name for what must be replaced together: the versions of an id. A row without id stands for itself. #}
{% macro version_key(id) -%} coalesce(source_name || ':' || {{ id }}, load_id || '|' || file_name || '|' || cast(row_number as varchar)) {%- endmacro %}

{# The rows to judge: those just read and, going on, what this table holds of the same key or waiting for its day.
   `waits_for`: timestamps that matter only once they are past. #}
{% macro rows_to_judge(rows, waits_for=[]) -%}
    {%- if not goes_on() %}
    select * from {{ rows }}
    {%- else %}
    {%- set held = adapter.get_columns_in_relation(this) | map(attribute='quoted') | list -%}
    {%- set judged = ['"quarantine_rule"', '"is_newest"', '"build_number"'] -%}
    {%- set columns = held | reject('in', judged) | join(', ') %}
    select {{ columns }} from {{ rows }}
    union all
    select {{ columns }}
    from {{ this }}
    where version_key in (
            select version_key from {{ rows }}
            union all
            select version_key from {{ this }}
            where quarantine_rule in ('after_as_of', 'future_date')
            {%- for moment in waits_for %} or {{ moment }} >= {{ run_parameter('built_until') }}{% endfor %}
        )
        and not exists (
            select 1 from {{ api.Relation.create(schema='landing', identifier='new_files') }} as new_files
            where new_files.source_name = {{ this.identifier }}.source_name and new_files.load_id = {{ this.identifier }}.load_id
                and new_files.file_name = {{ this.identifier }}.file_name
        )
    {%- endif %}
{%- endmacro %}

{# The columns of every judged row that say which build wrote it and whether a newer version replaces it (mark_superseded finds out). #}
{% macro build_columns() -%}
    true as is_newest,
    {{ run_parameter('build_number') }} as build_number
{%- endmacro %}

{# After a staging table is written: which of its rows a newer delivery replaces. Only keys that occur more than once are put in order. #}
{% macro mark_superseded() -%}
    {%- set versions = (config.get('meta') or {}).get('versions') if execute -%}
    {%- if versions -%}
    {%- set by = versions.get('columns', []) -%}
    {%- set clock = [versions.clock] if versions.clock else [] -%}
    {%- set rows %}
        select {{ (['version_key', 'load_id', 'file_name', 'row_number'] + by + clock) | join(', ') }}
        from {{ this }}
        where quarantine_rule is null{% if goes_on() and config.get('materialized') == 'incremental' %} and {{ is_new() }}{% endif %}
    {%- endset %}
    update {{ this }} as staged
    set is_newest = false
    from (
        select
            *,
            {{ versions.rank }}() over (
                partition by {{ (['version_key'] + by) | join(', ') }}
                order by {{ 'load_id desc, file_name desc' if versions.rank == 'dense_rank' else newest_first(versions.clock) }}
            ) as version_rank
        from ({{ rows }}) as versions
        where {{ row_hash('version_key') }} in (select {{ row_hash('version_key') }} from ({{ rows }}) as keys group by all having count(*) > 1)
    ) as ranked
    where ranked.version_rank > 1
        and staged.version_key = ranked.version_key and staged.load_id = ranked.load_id
        and staged.file_name = ranked.file_name and staged.row_number = ranked.row_number
    {%- endif -%}
{%- endmacro %}

{# Going on, only what this build recomputes: rows of leads and clients that something new touches. `key` is a lead_key or client_key. #}
{% macro only_touched(key, keyword='and') -%}
    {%- set touched = ref('int_touched') -%}
    {%- if goes_on() %} {{ keyword }} {{ key }} in (select touched_key from {{ touched }}) {%- endif -%}
{%- endmacro %}

{# Strategy of incremental tables: what is recomputed goes, then comes anew. meta.replaces: the condition for what goes; without it, the versions read. #}
{% macro get_incremental_replace_sql(arguments) -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set replaces = (config.get('meta') or {}).get('replaces') -%}
    delete from {{ arguments.target_relation }}
    {%- if goes_on() %}
    where {% if replaces %}{% for key in replaces %}{{ 'or ' if not loop.first }}{{ key }} in (select touched_key from {{ api.Relation.create(schema='intermediate', identifier='int_touched') }}){% endfor %}
        {%- else %}version_key in (select version_key from {{ arguments.temp_relation }}){% endif %}
    {%- endif %};
    insert into {{ arguments.target_relation }} ({{ columns }}) select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}

{# Data tests of an incremental model look at what this build wrote; a full build wrote everything. #}
{% macro get_where_subquery(relation) -%}
    {%- if not goes_on() or config.get('where') -%} {{ return(default__get_where_subquery(relation)) }} {%- endif -%}
    {%- set tested = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', relation.identifier) | first -%}
    {%- if tested is defined and tested.config.materialized == 'incremental' -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ is_new() ~ ') dbt_subquery') }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
