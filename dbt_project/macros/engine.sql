{# The only place with engine-specific SQL: each macro has a DuckDB form and a form for Spark, where the project goes when one machine is outgrown. #}

{# DuckDB keeps both kinds of timestamp as microseconds of UTC: relabelling them costs nothing, a second zone conversion costs as much as the first. #}
{% macro local_to_utc(local_timestamp, zone) -%} {{ return(adapter.dispatch('local_to_utc')(local_timestamp, zone)) }} {%- endmacro %}
{% macro default__local_to_utc(local_timestamp, zone) -%} to_utc_timestamp({{ local_timestamp }}, {{ zone }}) {%- endmacro %}
{% macro duckdb__local_to_utc(local_timestamp, zone) -%} make_timestamp(epoch_us(timezone({{ zone }}, {{ local_timestamp }}))) {%- endmacro %}

{% macro utc_to_local(utc_timestamp, zone) -%} {{ return(adapter.dispatch('utc_to_local')(utc_timestamp, zone)) }} {%- endmacro %}
{% macro default__utc_to_local(utc_timestamp, zone) -%} from_utc_timestamp({{ utc_timestamp }}, {{ zone }}) {%- endmacro %}
{% macro duckdb__utc_to_local(utc_timestamp, zone) -%} timezone({{ zone }}, make_timestamptz(epoch_us({{ utc_timestamp }}))) {%- endmacro %}

{% macro try_timestamp(text, formats) -%} {{ return(adapter.dispatch('try_timestamp')(text, formats)) }} {%- endmacro %}
{% macro default__try_timestamp(text, formats) -%}
    coalesce({% for format in formats %}try_to_timestamp({{ text }}, '{{ format | replace("%Y", "yyyy") | replace("%m", "MM") | replace("%d", "dd") | replace("%H", "HH") | replace("%M", "mm") | replace("%S", "ss") }}'){{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}
{% macro duckdb__try_timestamp(text, formats) -%}
    try_strptime({{ text }}, [{% for format in formats %}'{{ format }}'{{ ", " if not loop.last }}{% endfor %}])
{%- endmacro %}

{# A timestamp text that names its own offset, as UTC. #}
{% macro try_offset_timestamp(text) -%} {{ return(adapter.dispatch('try_offset_timestamp')(text)) }} {%- endmacro %}
{% macro default__try_offset_timestamp(text) -%} to_utc_timestamp(try_cast({{ text }} as timestamp), current_timezone()) {%- endmacro %}
{% macro duckdb__try_offset_timestamp(text) -%} timezone('UTC', try_cast({{ text }} as timestamp with time zone)) {%- endmacro %}

{% macro matches(text, pattern) -%} {{ return(adapter.dispatch('matches')(text, pattern)) }} {%- endmacro %}
{% macro default__matches(text, pattern) -%} {{ text }} rlike '{{ pattern }}' {%- endmacro %}
{% macro duckdb__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}

{% macro strip_pattern(text, pattern) -%} {{ return(adapter.dispatch('strip_pattern')(text, pattern)) }} {%- endmacro %}
{% macro default__strip_pattern(text, pattern) -%} regexp_replace({{ text }}, '{{ pattern }}', '') {%- endmacro %}
{% macro duckdb__strip_pattern(text, pattern) -%} regexp_replace({{ text }}, '{{ pattern }}', '', 'g') {%- endmacro %}

{# Exact (interpolated) percentile; median is its middle. percentile_list: several of one column, which is put in order once. #}
{% macro percentile(expression, share) -%} {{ return(adapter.dispatch('percentile')(expression, share)) }} {%- endmacro %}
{% macro default__percentile(expression, share) -%} percentile({{ expression }}, {{ share }}) {%- endmacro %}
{% macro duckdb__percentile(expression, share) -%} quantile_cont({{ expression }}, {{ share }}) {%- endmacro %}
{% macro median(expression) -%} {{ percentile(expression, 0.5) }} {%- endmacro %}

{% macro percentile_list(expression, shares) -%} {{ return(adapter.dispatch('percentile_list')(expression, shares)) }} {%- endmacro %}
{% macro default__percentile_list(expression, shares) -%} percentile({{ expression }}, array({{ shares | join(', ') }})) {%- endmacro %}
{% macro duckdb__percentile_list(expression, shares) -%} quantile_cont({{ expression }}, [{{ shares | join(', ') }}]) {%- endmacro %}

{# An element of a list; the first is 1. #}
{% macro list_element(list, number) -%} {{ return(adapter.dispatch('list_element')(list, number)) }} {%- endmacro %}
{% macro default__list_element(list, number) -%} element_at({{ list }}, {{ number }}) {%- endmacro %}
{% macro duckdb__list_element(list, number) -%} list_extract({{ list }}, {{ number }}) {%- endmacro %}

{% macro minutes_between(start_at, end_at) -%} {{ return(adapter.dispatch('minutes_between')(start_at, end_at)) }} {%- endmacro %}
{% macro default__minutes_between(start_at, end_at) -%} (unix_micros({{ end_at }}) - unix_micros({{ start_at }})) / 6e7 {%- endmacro %}
{% macro duckdb__minutes_between(start_at, end_at) -%} (epoch_us({{ end_at }}) - epoch_us({{ start_at }})) / 6e7 {%- endmacro %}

{% macro minutes_since_midnight(local_timestamp) -%}
    (extract(hour from {{ local_timestamp }}) * 60 + extract(minute from {{ local_timestamp }}) + extract(second from {{ local_timestamp }}) / 60.0)
{%- endmacro %}

{% macro days_between(start_date, end_date) -%} {{ return(adapter.dispatch('days_between')(start_date, end_date)) }} {%- endmacro %}
{% macro default__days_between(start_date, end_date) -%} datediff({{ end_date }}, {{ start_date }}) {%- endmacro %}
{% macro duckdb__days_between(start_date, end_date) -%} date_diff('day', {{ start_date }}, {{ end_date }}) {%- endmacro %}

{% macro add_days(date_expression, days) -%} {{ return(adapter.dispatch('add_days')(date_expression, days)) }} {%- endmacro %}
{% macro default__add_days(date_expression, days) -%} date_add({{ date_expression }}, cast({{ days }} as int)) {%- endmacro %}
{% macro duckdb__add_days(date_expression, days) -%} cast({{ date_expression }} + cast({{ days }} as integer) as date) {%- endmacro %}

{% macro add_months(date_expression, months) -%} {{ return(adapter.dispatch('add_months')(date_expression, months)) }} {%- endmacro %}
{% macro default__add_months(date_expression, months) -%} add_months({{ date_expression }}, {{ months }}) {%- endmacro %}
{% macro duckdb__add_months(date_expression, months) -%} cast({{ date_expression }} + to_months(cast({{ months }} as integer)) as date) {%- endmacro %}

{% macro iso_weekday(date_expression) -%} {{ return(adapter.dispatch('iso_weekday')(date_expression)) }} {%- endmacro %}
{% macro default__iso_weekday(date_expression) -%} (weekday({{ date_expression }}) + 1) {%- endmacro %}
{% macro duckdb__iso_weekday(date_expression) -%} isodow({{ date_expression }}) {%- endmacro %}

{# One row per day from first_day to last_day, column date_day. #}
{% macro day_rows(first_day, last_day) -%} {{ return(adapter.dispatch('day_rows')(first_day, last_day)) }} {%- endmacro %}
{% macro default__day_rows(first_day, last_day) -%} select explode(sequence({{ first_day }}, {{ last_day }}, interval 1 day)) as date_day {%- endmacro %}
{% macro duckdb__day_rows(first_day, last_day) -%}
    select cast(day_at as date) as date_day
    from generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day) as days(day_at)
{%- endmacro %}

{# Minutes of a duration text: "00:26:43", "1 day, 19:09:48". #}
{% macro duration_minutes(text) -%} {{ return(adapter.dispatch('duration_minutes')(text)) }} {%- endmacro %}
{% macro default__duration_minutes(text) -%}
    (coalesce(try_cast(regexp_extract({{ text }}, '([0-9]+) day', 1) as int), 0) * 1440
        + try_cast(regexp_extract({{ text }}, '([0-9]+):[0-9]+:', 1) as int) * 60
        + try_cast(regexp_extract({{ text }}, ':([0-9]+):', 1) as int)
        + try_cast(regexp_extract({{ text }}, ':([0-9.]+)$', 1) as double) / 60)
{%- endmacro %}
{% macro duckdb__duration_minutes(text) -%} epoch_us(try_cast(replace({{ text }}, ',', '') as interval)) / 6e7 {%- endmacro %}

{% macro add_minutes(timestamp, minutes) -%} {{ return(adapter.dispatch('add_minutes')(timestamp, minutes)) }} {%- endmacro %}
{% macro default__add_minutes(timestamp, minutes) -%} timestamp_micros(unix_micros({{ timestamp }}) + cast(round({{ minutes }} * 6e7) as bigint)) {%- endmacro %}
{% macro duckdb__add_minutes(timestamp, minutes) -%} ({{ timestamp }} + to_microseconds(cast(round({{ minutes }} * 6e7) as bigint))) {%- endmacro %}

{% macro string_agg(expression, order_by) -%} {{ return(adapter.dispatch('string_agg')(expression, order_by)) }} {%- endmacro %}
{% macro default__string_agg(expression, order_by) -%} listagg({{ expression }}, ' ') within group (order by {{ order_by }}) {%- endmacro %}
{% macro duckdb__string_agg(expression, order_by) -%} string_agg({{ expression }}, ' ' order by {{ order_by }}) {%- endmacro %}

{# A 64-bit hash: equal keys have equal hashes; two keys with one hash are looked at, never taken for one. #}
{% macro row_hash(expression) -%} {{ return(adapter.dispatch('row_hash')(expression)) }} {%- endmacro %}
{% macro default__row_hash(expression) -%} xxhash64({{ expression }}) {%- endmacro %}
{% macro duckdb__row_hash(expression) -%} hash({{ expression }}) {%- endmacro %}

{# For a common table that is read more than once and costs less to read again than to keep: DuckDB would keep all its columns, on disk where memory is short. #}
{% macro not_materialized() -%} {{ return(adapter.dispatch('not_materialized')()) }} {%- endmacro %}
{% macro default__not_materialized() -%} {%- endmacro %}
{% macro duckdb__not_materialized() -%} not materialized {%- endmacro %}

{# Rows of a table whose key is among `keys`, a query. DuckDB reads every column of every row before it compares; rows found by their number first
   spare it all parts of the table that hold none. #}
{% macro rows_with(table, key, keys) -%} {{ return(adapter.dispatch('rows_with')(table, key, keys)) }} {%- endmacro %}
{% macro default__rows_with(table, key, keys) -%} {{ key }} in ({{ keys }}) {%- endmacro %}
{% macro duckdb__rows_with(table, key, keys) -%} rowid in (select rowid from {{ table }} where {{ key }} in ({{ keys }})) {%- endmacro %}
