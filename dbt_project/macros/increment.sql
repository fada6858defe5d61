{# A night costs what is new (docs/adr/0005): staging reads the files landed since the last whole build, facts recompute what those rows touch. #}

{# The last whole build, if this one goes on from it; else none. `onefunnel build` decides and says so in landing.pipeline_run; unit tests judge whole tables. #}
{% macro built_through() -%}
    {%- if not execute or should_full_refresh() or is_unit_test() -%} {{ return(none) }} {%- endif -%}
    {%- set found = ask_landing('pipeline_run', 'built_through') -%}
    {%- set number = found[0][0] if found else none -%}
    {%- if number is not none and var('as_of', none) -%}
        {{ exceptions.raise_compiler_error("as_of was set: add --full-refresh, because the tables know the day of the last build only") }}
    {%- endif -%}
    {{ return(number) }}
{%- endmacro %}

{# A table that is not there yet, such as that of a system without a source, is built whole. #}
{% macro goes_on() -%}
    {%- if built_through() is none -%} {{ return(false) }} {%- endif -%}
    {{ return(config.get('materialized') != 'incremental' or load_cached_relation(this) is not none) }}
{%- endmacro %}

{# In a sandbox a formula that was changed counts for all rows, not only for those that a next build would touch. Also asked by dbt's own materializations. #}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') if config -%}
    {{ return(target.name == 'sandbox' or (flags.FULL_REFRESH if asked is none else asked)) }}
{%- endmacro %}

{% macro refuse_by_hand() -%}
    {%- if execute and target.name == 'spark' and is_by_hand() -%}
    {{ exceptions.raise_compiler_error("Spark is shown its data by onefunnel alone: ONEFUNNEL_ENGINE=spark onefunnel build --select ...") }}
    {%- endif -%}
    {%- if execute and target.name == 'prod' and is_by_hand() and not var('into_production') -%}
    {{ exceptions.raise_compiler_error("this would build in production's own warehouse. Build in a copy of it: onefunnel sandbox NAME, then "
        ~ "dbt build --target sandbox. If you mean production, ask again: dbt build --vars 'into_production: true'") }}
    {%- endif -%}
{%- endmacro %}

{% macro is_by_hand() -%}
    {{ return(flags.WHICH in ('build', 'run', 'seed', 'snapshot') and not env_var('STARTED_BY_ONEFUNNEL', '')) }}
{%- endmacro %}

{# Before anything is built by hand: the next night builds everything. After --full-refresh by hand, so does the next build by hand. #}
{% macro forget_last_build() -%}
    {%- if execute and is_by_hand() and adapter.get_relation(target.database, 'landing', 'built_run') -%}
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

{# One name for what must be replaced together: the versions of an id. A row without id stands for itself, and so does every row of a source
   that says `overlap: add`. `across`: sources may restate one another. #}
{% macro version_key(id, across=false) -%}
    coalesce({{ '' if across else "source_name || ':' || " }}{{ own_id(id) }}, load_id || '|' || file_name || '|' || cast(row_number as string))
{%- endmacro %}

{# An id that is its row's own where the source says `overlap: add`. Known when compiling: elsewhere it costs nothing. #}
{% macro own_id(id) -%}
    {%- set adding = adding_sources(model.name.split('__') | last) -%}
    {{ id }}{% if adding %} || case when source_name in ('{{ adding | join("', '") }}')
        then '|' || load_id || '|' || file_name || '|' || cast(row_number as string) else '' end{% endif %}
{%- endmacro %}

{% macro adding_sources(entity) -%}
    {%- if not execute or is_unit_test() -%} {{ return([]) }} {%- endif -%}
    {{ return(ask_landing('entity_settings', 'source_name', "where overlap = 'add' and entity = '" ~ entity ~ "' order by source_name") | map('first') | list) }}
{%- endmacro %}

{# The rows to judge: those just read and, going on, what this table holds of the same key or waiting for its day.
   `waits_for`: timestamps that matter only once they are past. A model that reads all rows of a key anew (meta.rereads) takes none from there. #}
{% macro rows_to_judge(rows, waits_for=[]) -%}
    {%- if not goes_on() or (config.get('meta') or {}).rereads %}
    select * from {{ rows }}
    {%- else %}
    {%- set held = adapter.get_columns_in_relation(this) | map(attribute='quoted') | list -%}
    {%- set judged = ['"quarantine_rule"', '"is_newest"', '"version_status"', '"build_number"'] -%}
    {%- set columns = held | reject('in', judged) | join(', ') %}
    select {{ columns }} from {{ rows }}
    union all
    select {{ columns }}
    from {{ this }}
    where version_key in (
            select version_key from {{ rows }}
            union all
            select version_key from {{ this }} where {{ is_waiting(waits_for) }}
        )
        and not exists (
            select 1 from {{ api.Relation.create(schema='landing', identifier='new_files') }} as new_files
            where new_files.source_name = {{ this.identifier }}.source_name and new_files.load_id = {{ this.identifier }}.load_id
                and new_files.file_name = {{ this.identifier }}.file_name
        )
    {%- endif %}
{%- endmacro %}

{# Whether a row that was judged waits for its day. #}
{% macro is_waiting(waits_for=[]) -%}
    quarantine_rule in ('after_as_of', 'future_date')
    {%- for moment in waits_for %} or {{ moment }} >= {{ run_parameter('built_until') }}{% endfor %}
{%- endmacro %}

{# The columns of every judged row that say whether a newer version replaces it (mark_superseded finds out), and which build wrote it. #}
{% macro version_columns() -%}
    true as is_newest,
    -- of rows that do not stand alone: repeated (a newer one says the same), restated (it says other) or disputed (nothing says which is newer)
    cast(null as string) as version_status
{%- endmacro %}
{% macro build_columns() -%}
    {{ version_columns() }},
    {{ build_number() }} as build_number
{%- endmacro %}

{# After a staging table is written: which of its rows a newer one replaces. Only keys that occur more than once are put in order: later loads over
   earlier ones, then the source's own clock, then the later file of the load (landing.files), then the later row.
   Inside one load, order of files is no proof: rows of a key that differ there are disputed, unless the clock differs or sources.yml says `overlap`.
   meta.versions: `by` row (the newest row counts) or file (all rows of the newest file count); `columns`: of the key, beside version_key;
   `clock`; `voids`: the rule under which a row is set aside that takes away what an older one said, as an amount of 0 does; `entity`: as sources.yml calls it,
   where the model's name does not. #}
{% macro mark_superseded() -%}
    {%- set versions = (config.get('meta') or {}).get('versions') if execute -%}
    {%- if versions -%}
    {%- set keys = versions.get('columns', []) -%}
    {%- set clock = versions.get('clock') -%}
    {%- set entity = versions.get('entity') or (this.identifier.split('__') | last) -%}
    {%- set unsaid = ['source_name', 'source_system', 'load_id', 'file_name', 'row_number', 'landed_at', 'version_key', 'quarantine_rule', 'unusable_rule',
        'is_newest', 'version_status', 'build_number', 'time_zone', clock] -%}
    {#- what the rows say: text that was typed says nothing more -#}
    {%- set said = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) if column.name not in unsaid and not column.name.endswith('_text') -%}
        {%- do said.append(column.quoted) -%}
    {%- endfor -%}
    {%- set read %}(quarantine_rule is null{% if versions.voids %} or quarantine_rule = '{{ versions.voids }}'{% endif %}){% endset -%}
    {%- set usable %}{{ read }}{% if goes_on() and config.get('materialized') == 'incremental' %} and {{ is_new() }}{% endif %}{% endset -%}
    {%- set hashed = row_hash('version_key') -%}
    {#- what one file says of a key adds up: only another file may say it again -#}
    {%- set several = 'min(load_id) <> max(load_id) or min(file_name) <> max(file_name)' if versions.by == 'file' else 'count(*) > 1' -%}
    {%- set repeated = 'select ' ~ hashed ~ ' from ' ~ this ~ ' where ' ~ usable ~ ' group by ' ~ hashed ~ ' having ' ~ several -%}
    {%- set of_key = 'partition by ' ~ (['version_key'] + keys) | join(', ') %}
    {%- set newest = 'delivery desc, load_id desc' ~ (', clock desc nulls last' if clock) ~ ', position desc, file_name desc' %}
    {%- if versions.by == 'file' -%}
        {%- set rank, says = 'dense_rank() over (' ~ of_key ~ ' order by ' ~ newest ~ ')', 'file_says' -%}
    {%- else -%}
        {%- set rank, says = 'row_number() over (' ~ of_key ~ ' order by ' ~ newest ~ ', row_number desc)', 'row_says' -%}
    {%- endif -%}
    {%- set ranked %}
        select
            *,
            case
                when overlap is null and delivery = newest_delivery and least_said <> most_said and is_claimant then 'disputed'
                when version_rank > 1 and {{ says }} = newest_said then 'repeated'
                when version_rank > 1 then 'restated'
            end as version_status
        from (
            select
                *,
                min(case when is_claimant then {{ says }} end) over ({{ of_key }}, delivery) as least_said,
                max(case when is_claimant then {{ says }} end) over ({{ of_key }}, delivery) as most_said
            from (
                select
                    *,
                    {{ rank }} as version_rank,
                    first_value({{ says }}) over ({{ of_key }} order by {{ newest }}{{ ', row_number desc' if versions.by != 'file' }}) as newest_said,
                    max(delivery) over ({{ of_key }}) as newest_delivery,
                    {{ 'clock is null or clock = max(clock) over (' ~ of_key ~ ', delivery)' if clock else 'true' }} as is_claimant
                from (
                    select
                        *{% if versions.by == 'file' %},
                        cast(count(*) over ({{ of_key }}, load_id, file_name) as string)
                            || '|' || cast(sum(cast(row_says as decimal(38, 0))) over ({{ of_key }}, load_id, file_name) as string) as file_says{% endif %}
                    from (
                        select
                            versions.version_key,
                            {%- for key in keys %}
                            case when settings.overlap is null or settings.overlap <> 'days' then {{ small_composed('cast(versions.' ~ key ~ ' as string)') }} end as {{ key }},
                            {%- endfor %}
                            versions.load_id,
                            versions.file_name,
                            versions.row_number,
                            -- loads of one interval are one delivery, whichever source they are of
                            {{ dbt.split_part('versions.load_id', "'-'", 1) }} as delivery,
                            {%- if clock %}
                            versions.{{ clock }} as clock,
                            {%- endif %}
                            coalesce(files.position, 0) as position,
                            settings.overlap,
                            {{ row_hash(said | join(', ')) }} as row_says
                        from (select * from {{ this }} where {{ rows_with(this, hashed, repeated) }} and {{ usable }}) as versions
                        left join {{ source('landing', 'files') }} as files
                            on versions.source_name = files.source_name and versions.load_id = files.load_id and versions.file_name = files.file_name
                                and files.entity = '{{ entity }}'
                        left join landing.entity_settings as settings on versions.source_name = settings.source_name and settings.entity = '{{ entity }}'
                    ) as told
                ) as said
            ) as ordered
        ) as compared
    {%- endset -%}
    {{ write_marks(ranked) }}
    {%- endif -%}
{%- endmacro %}

{# Mark the rows that `ranked` tells something of. #}
{% macro write_marks(ranked) -%} {{ return(adapter.dispatch('write_marks')(ranked)) }} {%- endmacro %}
{% macro duckdb__write_marks(ranked) %}
    update {{ this }} as staged
    set is_newest = ranked.version_rank = 1, version_status = ranked.version_status
    from (
        {{- ranked }}
    ) as ranked
    where (ranked.version_rank > 1 or ranked.version_status is not null)
        and staged.version_key = ranked.version_key and staged.load_id = ranked.load_id
        and staged.file_name = ranked.file_name and staged.row_number = ranked.row_number
{%- endmacro %}
{% macro spark__write_marks(ranked) -%}
    {%- set told = 'select version_key, load_id, file_name, row_number, version_rank, version_status from (' ~ ranked ~ ') as ranked'
        ~ ' where version_rank > 1 or version_status is not null' -%}
    {%- set place = ['version_key', 'load_id', 'file_name', 'row_number'] -%}
    {%- set same -%} {%- for name in place %}{{ this.identifier }}.{{ name }} = ranked.{{ name }}{{ ' and ' if not loop.last }}{% endfor -%} {%- endset -%}
    {%- do update_rows(this, {'is_newest': 'ranked.version_rank = 1', 'version_status': 'ranked.version_status'}, same, told, 'ranked') -%}
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
{% macro empty_replaced_rows() -%} {{ return(adapter.dispatch('empty_replaced_rows')()) }} {%- endmacro %}
{# Nothing goes on from a build on Spark. -#}
{% macro spark__empty_replaced_rows() -%} {%- endmacro %}
{% macro duckdb__empty_replaced_rows() -%}
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
