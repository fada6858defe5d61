{# Patterns are written once, as RE2 reads them, which is what DuckDB has; java_pattern makes of them what Spark reads. #}

{# Patterns in the syntax that RE2 and Java share. strip and collapse: every place; replace: the one place of an anchored pattern, groups as \1; extract: '' where nothing fits. #}
{% macro matches(text, pattern) -%} {{ return(adapter.dispatch('matches')(text, pattern)) }} {%- endmacro %}
{% macro spark__matches(text, pattern) -%} regexp_like({{ text }}, {{ java_pattern(pattern) }}) {%- endmacro %}
{% macro duckdb__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}

{% macro is_ascii(text) -%} {{ return(adapter.dispatch('is_ascii')(text)) }} {%- endmacro %}
{% macro spark__is_ascii(text) -%} length({{ text }}) = octet_length({{ text }}) {%- endmacro %}
{% macro duckdb__is_ascii(text) -%} length({{ text }}) = strlen({{ text }}) {%- endmacro %}

{% macro strip_pattern(text, pattern) -%} {{ return(collapse_pattern(text, pattern, '')) }} {%- endmacro %}

{% macro collapse_pattern(text, pattern, replacement) -%} {{ return(adapter.dispatch('collapse_pattern')(text, pattern, replacement)) }} {%- endmacro %}
{% macro spark__collapse_pattern(text, pattern, replacement) -%} regexp_replace({{ text }}, {{ java_pattern(pattern) }}, {{ groups(replacement) }}) {%- endmacro %}
{% macro duckdb__collapse_pattern(text, pattern, replacement) -%} regexp_replace({{ text }}, '{{ pattern }}', {{ groups(replacement) }}, 'g') {%- endmacro %}

{% macro replace_pattern(text, pattern, replacement, is_expression=false) -%}
    {{ return(adapter.dispatch('replace_pattern')(text, pattern, replacement if is_expression else groups(replacement))) }}
{%- endmacro %}
{% macro spark__replace_pattern(text, pattern, replacement) -%} regexp_replace({{ text }}, {{ java_pattern(pattern) }}, {{ replacement }}) {%- endmacro %}
{% macro duckdb__replace_pattern(text, pattern, replacement) -%} regexp_replace({{ text }}, '{{ pattern }}', {{ replacement }}) {%- endmacro %}

{# A replacement as a literal: groups of the pattern are \1 here and in DuckDB, $1 in Java. #}
{% macro groups(replacement) -%} {{ return(adapter.dispatch('groups')(replacement)) }} {%- endmacro %}
{% macro spark__groups(replacement) -%} '{{ replacement | replace("\\", "$") }}' {%- endmacro %}
{% macro duckdb__groups(replacement) -%} '{{ replacement }}' {%- endmacro %}

{% macro extract_pattern(text, pattern) -%} {{ return(adapter.dispatch('extract_pattern')(text, pattern)) }} {%- endmacro %}
{% macro spark__extract_pattern(text, pattern) -%} regexp_extract({{ text }}, {{ java_pattern(pattern) }}, 0) {%- endmacro %}
{% macro duckdb__extract_pattern(text, pattern) -%} regexp_extract({{ text }}, '{{ pattern }}') {%- endmacro %}

{# Small letters, each with its accents as one sign (Unicode NFC). Spark has no such function of its own: onefunnel/spark/process.py brings one. #}
{% macro small_composed(text) -%} {{ return(adapter.dispatch('small_composed')(text)) }} {%- endmacro %}
{% macro spark__small_composed(text) -%} small_composed_text({{ text }}) {%- endmacro %}
{% macro duckdb__small_composed(text) -%} lower(nfc_normalize({{ text }})) {%- endmacro %}

{# The same pattern for Java, as a literal: $ is the very end of the text, not before its last line break; . is all but that break; letters of every
   alphabet have a small and a capital form where case does not matter; a backslash of a literal is written twice. -#}
{% macro java_pattern(pattern) -%}
    {%- set flags = '(?d)(?iu)' if pattern.startswith('(?i)') else '(?d)' -%}
    {%- set read = namespace(text='', in_class=false, is_escaped=false) -%}
    {%- for sign in (pattern[4:] if pattern.startswith('(?i)') else pattern) -%}
        {%- set read.text = read.text ~ ('\\z' if sign == '$' and not read.in_class and not read.is_escaped else sign) -%}
        {%- if read.is_escaped -%} {%- set read.is_escaped = false -%}
        {%- elif sign == '\\' -%} {%- set read.is_escaped = true -%}
        {%- elif sign == '[' -%} {%- set read.in_class = true -%}
        {%- elif sign == ']' -%} {%- set read.in_class = false -%}
        {%- endif -%}
    {%- endfor -%}
    '{{ (flags ~ read.text) | replace('\\', '\\\\') }}'
{%- endmacro %}

{# A format of strptime as Spark writes it. A letter that stands for itself is quoted; what only Spark cannot read is refused, never misread. -#}
{% macro java_format(format, offset) -%}
    {%- set letters = {'Y': 'yyyy', 'y': 'yy', 'm': 'M', 'd': 'd', 'b': 'MMM', 'B': 'MMMM', 'H': 'H', 'I': 'h', 'M': 'm', 'S': 's', 'f': 'SSSSSS', 'p': 'a', 'z': offset, '%': '%'} -%}
    {%- set read = namespace(text='', is_letter=false) -%}
    {%- for sign in format -%}
        {%- if read.is_letter and sign == '-' -%}
        {%- elif read.is_letter -%}
            {%- if sign not in letters -%} {{ exceptions.raise_compiler_error('Spark cannot read %' ~ sign ~ ' of the date format ' ~ format ~ ': deliver another form, or build on DuckDB') }} {%- endif -%}
            {%- set read.text, read.is_letter = read.text ~ letters[sign], false -%}
        {%- elif sign == '%' -%} {%- set read.is_letter = true -%}
        {%- elif sign == "'" -%} {%- set read.text = read.text ~ "''" -%}
        {%- elif sign in ' -/.,:' -%} {%- set read.text = read.text ~ sign -%}
        {%- else -%} {%- set read.text = read.text ~ "'" ~ sign ~ "'" -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(read.text) }}
{%- endmacro %}
