{# The only place with engine-specific SQL, with patterns.sql and changes.sql: each macro has a DuckDB form and one for Spark, where the project goes when one
   machine is outgrown. What differed and how it was settled: docs/scale.md. On Spark a timestamp is a moment, and the session's zone is UTC. #}

{# DuckDB keeps both kinds of timestamp as microseconds of UTC: relabelling them costs nothing, a second zone conversion costs as much as the first. #}
{% macro local_to_utc(local_timestamp, zone) -%} {{ return(adapter.dispatch('local_to_utc')(local_timestamp, zone)) }} {%- endmacro %}
{# Of an hour that the clock shows twice Spark takes the first, DuckDB the second. -#}
{% macro spark__local_to_utc(local_timestamp, zone) -%}
    {%- set first = 'to_utc_timestamp(' ~ local_timestamp ~ ', ' ~ zone ~ ')' -%}
    case
        {%- for minutes in [60, 30] %}
        when from_utc_timestamp({{ first }} + interval '{{ minutes }}' minute, {{ zone }}) = {{ local_timestamp }} then {{ first }} + interval '{{ minutes }}' minute
        {%- endfor %}
        else {{ first }}
    end
{%- endmacro %}
{% macro duckdb__local_to_utc(local_timestamp, zone) -%} make_timestamp(epoch_us(timezone({{ zone }}, {{ local_timestamp }}))) {%- endmacro %}

{% macro utc_to_local(utc_timestamp, zone) -%} {{ return(adapter.dispatch('utc_to_local')(utc_timestamp, zone)) }} {%- endmacro %}
{% macro spark__utc_to_local(utc_timestamp, zone) -%} from_utc_timestamp({{ utc_timestamp }}, {{ zone }}) {%- endmacro %}
{% macro duckdb__utc_to_local(utc_timestamp, zone) -%} timezone({{ zone }}, make_timestamptz(epoch_us({{ utc_timestamp }}))) {%- endmacro %}

{# The first of these strptime formats that reads the text; with_offset: they hold %z, and the result is UTC. #}
{% macro try_timestamp(text, formats, with_offset=false) -%} {{ return(adapter.dispatch('try_timestamp')(text, formats, with_offset)) }} {%- endmacro %}
{% macro spark__try_timestamp(text, formats, with_offset) -%}
    {%- set patterns = [] -%}
    {%- for format in formats -%}
        {%- for offset in (['XXX', 'XX', 'X'] if '%z' in format else ['']) -%} {%- do patterns.append(java_format(format, offset)) -%} {%- endfor -%}
    {%- endfor -%}
    coalesce({% for pattern in patterns %}try_to_timestamp({{ text }}, '{{ pattern | replace("'", "''") }}'){{ ", " if not loop.last }}{% endfor %}{{ ", null" if patterns | length == 1 }})
{%- endmacro %}
{% macro duckdb__try_timestamp(text, formats, with_offset) -%}
    {{ "timezone('UTC', " if with_offset }}try_strptime({{ text }}, [{% for format in formats %}'{{ format }}'{{ ", " if not loop.last }}{% endfor %}]){{ ")" if with_offset }}
{%- endmacro %}

{# ISO text of so many milliseconds since 1970. #}
{% macro iso_of_millis(millis) -%} {{ return(adapter.dispatch('iso_of_millis')(millis)) }} {%- endmacro %}
{% macro spark__iso_of_millis(millis) -%} cast(timestamp_millis(cast({{ millis }} as bigint)) as string) {%- endmacro %}
{% macro duckdb__iso_of_millis(millis) -%} cast(make_timestamp(cast({{ millis }} as bigint) * 1000) as varchar) {%- endmacro %}

{# A timestamp text that names its own offset, as UTC. #}
{% macro try_offset_timestamp(text) -%} {{ return(adapter.dispatch('try_offset_timestamp')(text)) }} {%- endmacro %}
{% macro spark__try_offset_timestamp(text) -%} try_cast({{ text }} as timestamp) {%- endmacro %}
{% macro duckdb__try_offset_timestamp(text) -%} timezone('UTC', try_cast({{ text }} as timestamp with time zone)) {%- endmacro %}

{# The parts of a text between marks, a row each. #}
{% macro split_rows(text, mark) -%} {{ return(adapter.dispatch('split_rows')(text, mark)) }} {%- endmacro %}
{% macro spark__split_rows(text, mark) -%} explode(split({{ text }}, '[{{ mark }}]')) {%- endmacro %}
{% macro duckdb__split_rows(text, mark) -%} unnest(string_split({{ text }}, '{{ mark }}')) {%- endmacro %}

{# The elements of a JSON list, a row each; a text of an element by its name. #}
{% macro json_items(text) -%} {{ return(adapter.dispatch('json_items')(text)) }} {%- endmacro %}
{% macro spark__json_items(text) -%} explode(from_json({{ text }}, 'array<string>')) {%- endmacro %}
{% macro duckdb__json_items(text) -%} unnest(json_extract({{ text }}, '$[*]')) {%- endmacro %}
{% macro json_text(item, name) -%} {{ return(adapter.dispatch('json_text')(item, name)) }} {%- endmacro %}
{% macro spark__json_text(item, name) -%} get_json_object({{ item }}, '$.{{ name }}') {%- endmacro %}
{% macro duckdb__json_text(item, name) -%} json_extract_string({{ item }}, '$.{{ name }}') {%- endmacro %}

{# Exact (interpolated) percentile; median is its middle. percentile_list: several of one column, which is put in order once. #}
{% macro percentile(expression, share) -%} {{ return(adapter.dispatch('percentile')(expression, share)) }} {%- endmacro %}
{% macro spark__percentile(expression, share) -%} percentile({{ expression }}, {{ share }}) {%- endmacro %}
{% macro duckdb__percentile(expression, share) -%} quantile_cont({{ expression }}, {{ share }}) {%- endmacro %}
{% macro median(expression) -%} {{ percentile(expression, 0.5) }} {%- endmacro %}

{% macro percentile_list(expression, shares) -%} {{ return(adapter.dispatch('percentile_list')(expression, shares)) }} {%- endmacro %}
{% macro spark__percentile_list(expression, shares) -%} percentile({{ expression }}, array({{ shares | join(', ') }})) {%- endmacro %}
{% macro duckdb__percentile_list(expression, shares) -%} quantile_cont({{ expression }}, [{{ shares | join(', ') }}]) {%- endmacro %}

{# The whole number of a text that may have zeros behind a point, which Spark takes for none; null of another. #}
{% macro whole_number(text) -%} {{ return(adapter.dispatch('whole_number')(text)) }} {%- endmacro %}
{% macro spark__whole_number(text) -%} try_cast(try_cast({{ text }} as decimal(38, 0)) as bigint) {%- endmacro %}
{% macro duckdb__whole_number(text) -%} try_cast({{ text }} as bigint) {%- endmacro %}

{# An element of a list; the first is 1. #}
{% macro list_element(list, number) -%} {{ return(adapter.dispatch('list_element')(list, number)) }} {%- endmacro %}
{% macro spark__list_element(list, number) -%} element_at({{ list }}, {{ number }}) {%- endmacro %}
{% macro duckdb__list_element(list, number) -%} list_extract({{ list }}, {{ number }}) {%- endmacro %}

{% macro minutes_between(start_at, end_at) -%} {{ return(adapter.dispatch('minutes_between')(start_at, end_at)) }} {%- endmacro %}
{% macro spark__minutes_between(start_at, end_at) -%} (unix_micros({{ end_at }}) - unix_micros({{ start_at }})) / 6e7 {%- endmacro %}
{% macro duckdb__minutes_between(start_at, end_at) -%} (epoch_us({{ end_at }}) - epoch_us({{ start_at }})) / 6e7 {%- endmacro %}

{% macro minutes_since_midnight(local_timestamp) -%} {{ return(adapter.dispatch('minutes_since_midnight')(local_timestamp)) }} {%- endmacro %}
{% macro spark__minutes_since_midnight(local_timestamp) -%} (hour({{ local_timestamp }}) * 60 + minute({{ local_timestamp }}) + second({{ local_timestamp }}) / 6e1) {%- endmacro %}
{% macro duckdb__minutes_since_midnight(local_timestamp) -%}
    (extract(hour from {{ local_timestamp }}) * 60 + extract(minute from {{ local_timestamp }}) + extract(second from {{ local_timestamp }}) / 60.0)
{%- endmacro %}

{% macro days_between(start_date, end_date) -%} {{ return(adapter.dispatch('days_between')(start_date, end_date)) }} {%- endmacro %}
{% macro spark__days_between(start_date, end_date) -%} cast(datediff({{ end_date }}, {{ start_date }}) as bigint) {%- endmacro %}
{% macro duckdb__days_between(start_date, end_date) -%} date_diff('day', {{ start_date }}, {{ end_date }}) {%- endmacro %}

{% macro add_days(date_expression, days) -%} {{ return(adapter.dispatch('add_days')(date_expression, days)) }} {%- endmacro %}
{% macro spark__add_days(date_expression, days) -%} date_add({{ date_expression }}, cast({{ days }} as int)) {%- endmacro %}
{% macro duckdb__add_days(date_expression, days) -%} cast({{ date_expression }} + cast({{ days }} as integer) as date) {%- endmacro %}

{% macro add_months(date_expression, months) -%} {{ return(adapter.dispatch('add_months')(date_expression, months)) }} {%- endmacro %}
{% macro spark__add_months(date_expression, months) -%} add_months({{ date_expression }}, cast({{ months }} as int)) {%- endmacro %}
{% macro duckdb__add_months(date_expression, months) -%} cast({{ date_expression }} + to_months(cast({{ months }} as integer)) as date) {%- endmacro %}

{% macro iso_weekday(date_expression) -%} {{ return(adapter.dispatch('iso_weekday')(date_expression)) }} {%- endmacro %}
{% macro spark__iso_weekday(date_expression) -%} cast(weekday({{ date_expression }}) + 1 as bigint) {%- endmacro %}
{% macro duckdb__iso_weekday(date_expression) -%} isodow({{ date_expression }}) {%- endmacro %}

{# One row per day from first_day to last_day, column date_day. #}
{% macro day_rows(first_day, last_day) -%} {{ return(adapter.dispatch('day_rows')(first_day, last_day)) }} {%- endmacro %}
{% macro spark__day_rows(first_day, last_day) -%} select explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day)) as date_day {%- endmacro %}
{% macro duckdb__day_rows(first_day, last_day) -%}
    select cast(day_at as date) as date_day
    from generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day) as days(day_at)
{%- endmacro %}

{# Minutes of a duration text: "00:26:43", "1 day, 19:09:48". #}
{% macro duration_minutes(text) -%} {{ return(adapter.dispatch('duration_minutes')(text)) }} {%- endmacro %}
{% macro spark__duration_minutes(text) -%}
    (coalesce(try_cast(regexp_extract({{ text }}, '([0-9]+) day', 1) as int), 0) * 1440
        + try_cast(regexp_extract({{ text }}, '([0-9]+):[0-9]+:', 1) as int) * 60
        + try_cast(regexp_extract({{ text }}, ':([0-9]+):', 1) as int)
        + try_cast(regexp_extract({{ text }}, ':([0-9.]+)$', 1) as double) / 60)
{%- endmacro %}
{% macro duckdb__duration_minutes(text) -%} epoch_us(try_cast(replace({{ text }}, ',', '') as interval)) / 6e7 {%- endmacro %}

{% macro add_minutes(timestamp, minutes) -%} {{ return(adapter.dispatch('add_minutes')(timestamp, minutes)) }} {%- endmacro %}
{% macro spark__add_minutes(timestamp, minutes) -%} timestamp_micros(unix_micros({{ timestamp }}) + cast(round({{ minutes }} * 6e7) as bigint)) {%- endmacro %}
{% macro duckdb__add_minutes(timestamp, minutes) -%} ({{ timestamp }} + to_microseconds(cast(round({{ minutes }} * 6e7) as bigint))) {%- endmacro %}

{# A 64-bit hash: equal keys have equal hashes; two keys with one hash are looked at, never taken for one. #}
{% macro row_hash(expression) -%} {{ return(adapter.dispatch('row_hash')(expression)) }} {%- endmacro %}
{# xxhash64 passes over what is null, and would take (null, a) for (a, null). -#}
{% macro spark__row_hash(expression) -%} {{ 'xxhash64(to_json(struct(' ~ expression ~ ')))' if ',' in expression else 'xxhash64(' ~ expression ~ ')' }} {%- endmacro %}
{% macro duckdb__row_hash(expression) -%} hash({{ expression }}) {%- endmacro %}

{# For a common table that is read more than once and costs less to read again than to keep: DuckDB would keep all its columns, on disk where memory is short. #}
{% macro not_materialized() -%} {{ return(adapter.dispatch('not_materialized')()) }} {%- endmacro %}
{% macro spark__not_materialized() -%} {%- endmacro %}
{% macro duckdb__not_materialized() -%} not materialized {%- endmacro %}

{# Rows of a table whose key is among `keys`, a query. DuckDB reads every column of every row before it compares; rows found by their number first
   spare it all parts of the table that hold none. #}
{% macro rows_with(table, key, keys) -%} {{ return(adapter.dispatch('rows_with')(table, key, keys)) }} {%- endmacro %}
{% macro spark__rows_with(table, key, keys) -%} {{ key }} in ({{ keys }}) {%- endmacro %}
{% macro duckdb__rows_with(table, key, keys) -%} rowid in (select rowid from {{ table }} where {{ key }} in ({{ keys }})) {%- endmacro %}

{# dbt-spark's own forms fail where there are fewer parts, and know no order. #}
{% macro spark__split_part(string_text, delimiter_text, part_number) -%} get(split({{ string_text }}, '\\Q' || {{ delimiter_text }} || '\\E', -1), {{ part_number - 1 }}) {%- endmacro %}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%} listagg({{ measure }}, {{ delimiter_text }}) within group ({{ order_by_clause }}) {%- endmacro %}

{# Of a recursive common table expression `followed`: each key with every one that its chain of steps reaches; with itself, where the chain is a circle.
   Spark's recursion has no `union` that would end a circle: there a chain remembers its way, and ends where it has been. #}
{% macro followed_chains(steps, key, target) -%} {{ return(adapter.dispatch('followed_chains')(steps, key, target)) }} {%- endmacro %}
{% macro duckdb__followed_chains(steps, key, target) %}
    select {{ key }}, {{ target }} from {{ steps }} where {{ target }} in (select {{ key }} from {{ steps }})
    union
    select followed.{{ key }}, {{ steps }}.{{ target }}
    from followed
    inner join {{ steps }} on followed.{{ target }} = {{ steps }}.{{ key }}
{% endmacro %}
{% macro spark__followed_chains(steps, key, target) %}
    select {{ key }}, {{ target }}, chr(31) || {{ key }} || chr(31) || {{ target }} || chr(31) as way
    from {{ steps }}
    where {{ target }} in (select {{ key }} from {{ steps }})
    union all
    select followed.{{ key }}, {{ steps }}.{{ target }}, followed.way || {{ steps }}.{{ target }} || chr(31)
    from followed
    inner join {{ steps }} on followed.{{ target }} = {{ steps }}.{{ key }}
    where followed.{{ target }} <> followed.{{ key }}
        and ({{ steps }}.{{ target }} = followed.{{ key }} or position(chr(31) || {{ steps }}.{{ target }} || chr(31) in followed.way) = 0)
{% endmacro %}
