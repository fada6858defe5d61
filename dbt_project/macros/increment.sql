{# A night costs what is new (docs/adr/0005): staging reads the files landed since the last whole build, facts recompute what those rows touch. #}

{# The last whole build, if this one goes on from it; else none. `onefunnel build` decides and says so in landing.pipeline_run; unit tests judge whole tables. #}
{% macro built_through() -%}
    {%- if not execute or flags.FULL_REFRESH or is_unit_test() -%} {{ return(none) }} {%- endif -%}
    {%- set run = adapter.get_relation(target.database, 'landing', 'pipeline_run') -%}
    {%- if run is none -%} {{ return(none) }} {%- endif -%}
    {%- set found = run_query("select built_through from " ~ run) -%}
    {%- set number = found.columns[0].values()[0] if found.rows else none -%}
    {%- if number is not none and var('as_of', none) -%}
        {{ exceptions.raise_compiler_error("as_of was set: add --full-refresh, because the tables know the day of the last build only") }}
    {%- endif -%}
    {{ return(number) }}
{%- endmacro %}

{% macro goes_on() -%} {{ return(built_through() is not none) }} {%- endmacro %}

{# Before anything is built by hand: the next night builds everything. After --full-refresh by hand, so does the next build by hand. #}
{% macro forget_last_build() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot') and not env_var('STARTED_BY_ONEFUNNEL', '')
            and adapter.get_relation(target.database, 'landing', 'built_run') -%}
    {%- do run_query('delete from landing.built_run') -%}
    {%- if flags.FULL_REFRESH -%}
        {%- do run_query('update landing.pipeline_run set built_through = null, built_until = null') -%}
    {%- endif -%}
    {#- dbt rolls back what a hook leaves open -#}
    {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{# The number of this build, which every row it writes carries. #}
{% macro build_number() -%} {{ 1 if is_unit_test() else run_parameter('build_number') }} {%- endmacro %}

{# A unit test judges a model as a full build makes it, and need not name tables that are of no use there. #}
{% macro is_unit_test() -%} {{ return(model.resource_type == 'unit_test') }} {%- endmacro %}

{# Rows written by later builds than the last whole one. A literal, so that the engine skips the parts of a table that hold older rows only. #}
{% macro is_new() -%} build_number > {{ built_through() }} {%- endmacro %}

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
    {{ build_number() }} as build_number
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

{# Going on, only what this build recomputes: groups of leads and clients (`key` is a lead_key or client_key), or months that they touch.
   `table`: a table whose rows are wanted whole. `day`: the column a month is of; its first touched day as a literal lets the engine skip what is older. #}
{% macro only_touched(key, keyword='and', touched='int_touched', table=none, day=none) -%}
    {%- set keys = ref(touched) if not is_unit_test() -%}
    {%- set query = 'select touched_key from ' ~ keys -%}
    {%- if goes_on() %} {{ keyword }} {% if table -%} {{ rows_with(table, key, query) }} {%- else -%} {{ key }} in ({{ query }}) {%- endif %}
        {%- if day %} and {{ day }} >= cast({{ literal_or_null(run_query('select min(touched_key) from ' ~ keys).columns[0].values()[0]) }} as date) {%- endif -%}
    {%- endif -%}
{%- endmacro %}
{% macro literal_or_null(value) -%} {{ 'null' if value is none else "'" ~ value ~ "'" }} {%- endmacro %}

{# The same groups in a table whose rows of theirs this build has just written: no key is compared, and old rows are not read. #}
{% macro only_new(keyword='and') -%} {%- if goes_on() %} {{ keyword }} {{ is_new() }} {%- endif -%} {%- endmacro %}

{# Where the `replace` strategy keeps the rows of the last whole build that this one has replaced. #}
{% macro replaced_rows(relation) -%} {{ return(relation.incorporate(path={'schema': 'intermediate', 'identifier': 'replaced_' ~ relation.identifier})) }} {%- endmacro %}

{# What changes in sums over a model: its new rows with entry_sign 1 and, going on, the rows they replace with -1. #}
{% macro entries_of(model) -%}
    {%- set rows = ref(model) -%}
    {%- if not goes_on() -%}
    select *, 1 as entry_sign from {{ rows }}
    {%- else -%}
    {%- set columns = adapter.get_columns_in_relation(rows) | map(attribute='quoted') | join(', ') -%}
    select {{ columns }}, 1 as entry_sign from {{ rows }} where {{ is_new() }}
    union all
    select {{ columns }}, -1 as entry_sign from {{ replaced_rows(rows) }} where replaced_in > {{ built_through() }}
    {%- endif -%}
{%- endmacro %}

{# Strategy of incremental tables: what is recomputed goes, then comes anew. What goes is said in meta: `replaces` a key of the table that is in
   `touched` (int_touched); `ledger`: entries of an earlier try of the same build by hand; neither: the versions that were read. `keeps_replaced`: a copy stays. #}
{% macro get_incremental_replace_sql(arguments) -%}
    {%- set target = arguments.target_relation -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- set meta = config.get('meta') or {} -%}
    {%- if not goes_on() -%} {%- set goes = '1 = 1' -%}
    {%- elif meta.ledger -%} {%- set goes = is_new() -%}
    {%- elif meta.replaces -%}
        {%- set touched = api.Relation.create(schema='intermediate', identifier=meta.touched or 'int_touched') -%}
        {%- set goes = rows_with(target, meta.replaces, 'select touched_key from ' ~ touched) -%}
    {%- else -%} {%- set goes = rows_with(target, 'version_key', 'select version_key from ' ~ arguments.temp_relation) -%}
    {%- endif -%}
    {%- if meta.keeps_replaced and goes_on() %}
    delete from {{ replaced_rows(target) }} where replaced_in <= {{ built_through() }};
    insert into {{ replaced_rows(target) }} ({{ columns }}, replaced_in)
    select {{ columns }}, {{ build_number() }} from {{ target }} where {{ goes }} and not ({{ is_new() }});
    {%- endif %}
    delete from {{ target }} where {{ goes }};
    insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}

{# Of models that keep what they replace: after a full build nothing has been replaced yet. #}
{% macro empty_replaced_rows() -%}
    {%- if execute and not goes_on() -%}
    create or replace table {{ replaced_rows(this) }} as select *, build_number as replaced_in from {{ this }} where 1 = 0
    {%- endif -%}
{%- endmacro %}

{# `dbt test` by hand looks at everything, always. #}
{% macro tests_new_rows_only() -%} {{ return(execute and flags.WHICH == 'build' and goes_on()) }} {%- endmacro %}

{# Data tests of an incremental model look at what this build wrote; a full build wrote everything. An old version of a row that should have
   gone is seen by the tests that balance all rows and all money (fct_row_count, mart_kpi_monthly). #}
{% macro get_where_subquery(relation) -%}
    {%- if not execute or flags.WHICH != 'build' or config.get('where') -%} {{ return(default__get_where_subquery(relation)) }} {%- endif -%}
    {%- set tested = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', relation.identifier) | first -%}
    {#- goes_on() asks the warehouse: only for the few models whose rows carry a number -#}
    {%- if tested is defined and 'build_number' in tested.columns and tests_new_rows_only() -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ is_new() ~ ') dbt_subquery') }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
