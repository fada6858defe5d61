{# Dates and moments. to_iso, added to the landed rows as a column, writes whatever form a text has as an ISO one: local time as it is, a moment (with its offset, or
   counted from 1970) behind an @. Year first is read under every date_order, names of months too; what is ambiguous follows date_order. #}
{% macro iso_column(column) -%}
    {%- if column.startswith('cast(') -%} {{ column }} {%- else -%} "{{ column | replace('"', '') }}__iso" {%- endif -%}
{%- endmacro %}

{% macro to_iso(column, date_order="date_order") -%}
    {%- set ordered = '^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})((,? [0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( [AaPp][Mm])?)?)$' -%}
    {%- if column.startswith('cast(') -%} cast(null as string) as nothing
    {%- else -%}
    case
        when {{ column }} is null then null
        {%- for source_name, formats in source_date_formats() %}
        when source_name = '{{ source_name }}' and {{ declared_form(column, formats) }} is not null then {{ declared_form(column, formats) }}
        {%- endfor %}
        when ({{ column }} like '____-__-__' or {{ column }} like '____-__-__ __:__:__') and {{ column }} between '1' and '3' and try_cast({{ column }} as timestamp) is not null
            then {{ column }}
        when {{ date_order }} = 'dmy' and {{ matches(column, ordered) }} then lower(replace({{ replace_pattern(column, ordered, '\\3-\\2-\\1\\4') }}, ',', ''))
        when {{ date_order }} = 'mdy' and {{ matches(column, ordered) }} then lower(replace({{ replace_pattern(column, ordered, '\\3-\\1-\\2\\4') }}, ',', ''))
        when {{ matches(column, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?$') }} then {{ column }}
        when {{ matches(column, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-](0[0-9]|1[0-4])(:[0-5][0-9])?)$') }} then '@' || {{ column }}
        when {{ is_typed(column) }} and {{ matches(column, '^[1-9][0-9]{4}([.][0-9]+)?$') }} then {{ iso_of_millis("round((cast(" ~ column ~ " as double) - 25569) * 86400000)") }}
        when {{ matches(column, '^(1[0-9]|2[1-9])[0-9]{8}([.][0-9]+)?$') }} then '@' || {{ iso_of_millis("round(cast(" ~ column ~ " as double) * 1000)") }} || '+00'
        when {{ matches(column, '^[0-9]{13}([.]0+)?$') }} then '@' || {{ iso_of_millis("round(cast(" ~ column ~ " as double))") }} || '+00'
        when {{ matches(column, '^[0-9]{16}$') }} then '@' || {{ iso_of_millis("round(cast(" ~ column ~ " as double) / 1000)") }} || '+00'
        when {{ is_nothing(column) }} then null
        else {{ loose_iso(column, date_order) }}
    end as {{ iso_column(column) }}
    {%- endif -%}
{%- endmacro %}

{% macro full_year(text) -%} {{ replace_pattern(text, '^([0-9]{2})-', '20\\1-') }} {%- endmacro %}

{# A year of two digits in front is one from 2020 on, and only where the two behind it cannot be one as well: "05.01.26" is no day of 2005 and "31.12.25" none
   of 2031 in a source that forgot to say dmy.
   The rarer forms, step by step: weekday and ordinals off; month name first or second; year in front; then day, clock, am or pm and offset, each in its place. #}
{% macro loose_iso(column, date_order) -%}
    {%- set steps = namespace(text="trim(lower(" ~ single_spaced(column) ~ "))") -%}
    {%- set steps.text = replace_pattern(steps.text, '^((mon|tue|wed|thu|fri|sat|sun)[a-z]*|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс)[.]?,? ', '') -%}
    {%- set word = '[a-zа-я]{3,}[.]?' -%}
    {%- set named = replace_pattern(steps.text, '^([0-9]{1,2})(?:st|nd|rd|th)?[ .-]*(?:of )?' ~ word ~ ',?[ -]?([0-9]{4}|[0-9]{2})([^0-9].*)?$', '\\2-#-\\1\\3') -%}
    {%- set named = replace_pattern(named, '^' ~ word ~ '[ -]([0-9]{1,2})(?:st|nd|rd|th)?[, -]+([0-9]{4}|[0-9]{2})([^0-9:].*)?$', '\\2-#-\\1\\3') -%}
    {%- set named = replace_pattern(named, '^([0-9]{4})[ -]' ~ word ~ '[ -]([0-9]{1,2})([^0-9].*)?$', '\\1-#-\\2\\3') -%}
    {%- set numbered = replace_pattern(steps.text, '^([0-9]{4})[-/. ] ?([0-9]{1,2})[-/. ] ?([0-9]{1,2})([^0-9].*)?$', '\\1-\\2-\\3\\4') -%}
    {%- set numbered = replace_pattern(numbered, '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\\1-\\2-\\3') -%}
    {%- set numbered = replace_pattern(numbered, '^(20[0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$', '\\1-\\2-\\3 \\4:00') -%}
    {%- set numbered = replace_pattern(numbered, '^([0-9]{4})([0-9]{2})([0-9]{2})[t ]?([0-9]{2}):?([0-9]{2})$', '\\1-\\2-\\3 \\4:\\5') -%}
    {%- set numbered = replace_pattern(numbered, '^([0-9]{4})([0-9]{2})([0-9]{2})[t ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})([^0-9].*)?$', '\\1-\\2-\\3 \\4:\\5:\\6\\7') -%}
    {%- set day_first = '^([0-9]{1,2})[-/. ] ?([0-9]{1,2})[-/. ] ?([0-9]{4}|[0-9]{2})([^0-9:].*)?$' -%}
    {%- set by_order -%} case {{ date_order }} when 'dmy' then {{ groups('\\3-\\2-\\1\\4') }} when 'mdy' then {{ groups('\\3-\\1-\\2\\4') }} else {{ groups('\\0') }} end {%- endset -%}
    {%- set numbered = replace_pattern(numbered, day_first, by_order, is_expression=true) -%}
    {%- set numbered = replace_pattern(numbered, '^([2-9][0-9])[-/.]([0-9]{1,2})[-/.]([01]?[0-9])([^0-9:].*)?$', '20\\1-\\2-\\3\\4') -%}
    {%- set steps.text -%}
        case
            when {{ matches(steps.text, '^([0-9]{1,2}(st|nd|rd|th)?[ .-]*(of )?|[0-9]{4}[ -])?[a-zа-я]{3}') }}
                then {{ full_year("replace(" ~ named ~ ", '#', coalesce(" ~ month_number(extract_pattern(steps.text, '[a-zа-я]{3,}')) ~ ", ''))") }}
            when {{ date_order }} = 'ymd' then {{ numbered }}
            else {{ full_year(numbered) }}
        end
    {%- endset -%}
    {%- set form = '^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?: ?(?:года|г[.]?))?(?:[, t]*(?:at |в |um |à )?([0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)(?: ?([ap])[.]? ?m[.]?)?(?: ?(z|(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-9]{2})?|utc|gmt)(?: ?[(].*[)])?)?)?$' -%}
    {%- set steps.text = replace_pattern(extract_pattern(steps.text, form), form, '\\1|\\2|\\3|\\4') -%}
    {%- set steps.text = replace_pattern(steps.text, '[|](?:z|utc|gmt)$', '|+00:00') -%}
    {%- set steps.text = replace_pattern(steps.text, '[|](?:utc|gmt)?([+-])([0-9])(:?[0-9]{2})?$', '|\\10\\2\\3') -%}
    {%- set steps.text = replace_pattern(steps.text, '[|](?:utc|gmt)?([+-][0-9]{2}):?([0-9]{2})$', '|\\1:\\2') -%}
    {%- set steps.text = replace_pattern(steps.text, '[|](?:utc|gmt)?([+-][0-9]{2})$', '|\\1:00') -%}
    {%- set steps.text = replace_pattern("replace(" ~ steps.text ~ ", ',', '.')", '[|]([0-9]{1,2}:[0-9]{2})[|]', '|\\1:00|') -%}
    {%- set steps.text = replace_pattern(steps.text, '[|]([0-9]):', '|0\\1:') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([^|]+)[|]([^|]+)[|][|]$', '\\1 \\2') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([^|]+)[|][|][|]$', '\\1') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([^|]+)[|]([^|]+)[|]([ap])[|]$', '\\1 \\2 \\3m') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([^|]+)[|]([^|]+)[|][|]([+-].+)$', '@\\1 \\2\\3') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([^|]+)[|]([^|]+)[|]([ap])[|]([+-].+)$', '@\\1 \\2 \\3m \\4') -%}
    {#- no clock is more than 14 hours from UTC -#}
    case when {{ matches(steps.text, '[+-]((1[5-9]|[2-9][0-9]):[0-9]{2}|[0-9]{2}:[6-9][0-9])$') }} then '' else {{ steps.text }} end
{%- endmacro %}

{# Looked up in one text, as currencies are; '' for a word that is no month. #}
{% macro month_number(word) -%}
    {%- set months = ['jan january янв январь января', 'feb february фев февр февраль февраля', 'mar march мар март марта', 'apr april апр апрель апреля', 'may май мая',
        'jun june июн июнь июня', 'jul july июл июль июля', 'aug august авг август августа', 'sep sept september сен сент сентябрь сентября',
        'oct october окт октябрь октября', 'nov november ноя нояб ноябрь ноября', 'dec december дек декабрь декабря'] -%}
    {%- set known = [] -%}
    {%- for names in months -%}
        {%- set number = '%02d' | format(loop.index) -%}
        {%- for name in names.split() -%} {%- do known.append(name ~ '=' ~ number) -%} {%- endfor -%}
    {%- endfor -%}
    {{ extract_pattern("substr('|" ~ known | join('|') ~ "|', nullif(position('|' || " ~ word ~ " || '=' in '|" ~ known | join('|') ~ "|'), 0))", '[0-9]{2}') }}
{%- endmacro %}

{# A date that its source's `formats` read, as to_iso writes it. A format with an offset gives a moment. #}
{% macro declared_form(column, formats) -%}
    coalesce(
    {%- for format in formats -%}
        {%- if '%z' in format -%} '@' || cast({{ try_timestamp("trim(" ~ column ~ ")", [format], with_offset=true) }} as string) || '+00'
        {%- else -%} cast({{ try_timestamp("trim(" ~ column ~ ")", [format]) }} as string)
        {%- endif -%}
        {{ ", " if not loop.last }}
    {%- endfor -%}
    {{ ", null" if formats | length == 1 }})
{%- endmacro %}

{% macro source_date_formats() -%}
    {%- if not execute or is_unit_test() -%} {{ return([]) }} {%- endif -%}
    {%- set found = [] -%}
    {%- for source_name, formats in ask_landing('source_settings', 'source_name, date_formats', 'where date_formats is not null order by source_name') -%}
        {%- do found.append((source_name, fromjson(formats) | map('replace', "'", "''") | list)) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The clock of an ISO text on the wall where it was written, and the UTC moment of one with an offset. #}
{% macro iso_local(iso) -%}
    case when {{ iso }} like '%m' then {{ try_timestamp(iso, ['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S.%f %p']) }} else try_cast({{ iso }} as timestamp) end
{%- endmacro %}
{% macro iso_moment(iso) -%}
    case when {{ iso }} like '%m %' then {{ try_timestamp("substr(" ~ iso ~ ", 2)", ['%Y-%m-%d %I:%M:%S %p %z', '%Y-%m-%d %I:%M:%S.%f %p %z'], with_offset=true) }}
        else {{ try_offset_timestamp("substr(" ~ iso ~ ", 2)") }} end
{%- endmacro %}

{# A wall-clock timestamp in the source's zone; date only means midnight. Needs to_iso of the column, as do all that follow. #}
{% macro to_local_timestamp(column) -%}
    {%- set iso = iso_column(column) -%}
    case when {{ iso }} like '@%' then {{ utc_to_local(iso_moment(iso), 'time_zone') }} else {{ iso_local(iso) }} end
{%- endmacro %}

{# UTC timestamp of a text: its own offset where it names one, else the source's zone; a day without a clock begins in the reporting zone, where days are cut.
   Zones are known when compiling, because a constant zone converts ten times faster. #}
{% macro to_utc(column, zone="time_zone") -%}
    {%- set iso = iso_column(column) -%}
    {%- set reporting = reporting_time_zone() -%}
    {%- if reporting and source_time_zones() != [reporting] -%} {%- set zone = "case when " ~ is_bare_day(iso) ~ " then '" ~ reporting ~ "' else " ~ zone ~ " end" -%} {%- endif -%}
    case when {{ iso }} is null then null when {{ iso }} like '@%' then {{ iso_moment(iso) }} else {{ zoned_to_utc(iso_local(iso), zone) }} end
{%- endmacro %}

{# Midnight, in whatever way, is what programs write of a day: a moment is there once in 1440 times, and then keeps its day. #}
{% macro is_bare_day(iso) -%}
    case
        when position(':' in {{ iso }}) = 0 then true
        when {{ iso }} like '%m' then {{ iso_local(iso) }} = {{ "date_trunc('day', " ~ iso_local(iso) ~ ")" }}
        else translate(substr({{ iso }}, position(':' in {{ iso }}) - 2), '0:. T', '') = ''
    end
{%- endmacro %}

{# Whether a UTC timestamp is a day without a clock. Zones are quarters of an hour away: only such moments are asked for theirs, which is costly. #}
{% macro is_a_day(utc) -%}
    case
        when extract(minute from {{ utc }}) % 15 <> 0 or {{ utc }} <> {{ dbt.date_trunc('minute', utc) }} then false
        else {{ local_timestamp(utc) }} = cast({{ local_date(utc) }} as timestamp)
    end
{%- endmacro %}

{# Empty where the run is not known, as in unit tests. #}
{% macro reporting_time_zone() -%}
    {%- if not execute or is_unit_test() -%} {{ return('') }} {%- endif -%}
    {{ return(ask_landing('pipeline_run', 'reporting_time_zone') | map('first') | join) }}
{%- endmacro %}

{# Of a field that need not be there. 0001-01-01, 1970-01-01 or 9999-12-31 is what programs write where there is nothing: it is no moment, and to_unread_moment tells of it. #}
{% macro to_optional_utc(column) -%} case when {{ is_of_our_time(iso_column(column)) }} then {{ to_utc(column) }} end {%- endmacro %}
{% macro is_of_our_time(iso) -%} ({{ iso }} between '2000' and '21' or {{ iso }} between '@2000' and '@21') {%- endmacro %}

{% macro zoned_to_utc(local_timestamp, zone="time_zone") -%}
    case {{ zone }}
        when 'UTC' then {{ local_timestamp }}
        {%- for name in (source_time_zones() + [reporting_time_zone()]) | unique if name not in ('', 'UTC') %}
        when '{{ name }}' then {{ local_to_utc(local_timestamp, "'" ~ name ~ "'") }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro source_time_zones() -%}
    {%- if not execute or is_unit_test() -%} {{ return([]) }} {%- endif -%}
    {{ return(ask_landing('source_settings', 'distinct time_zone', 'order by time_zone') | map('first') | list) }}
{%- endmacro %}

{# The first day of a month that is written by itself ("2026-03", "03/2026", "Mar 2026"), or of any day of it. 2026.1 is what a spreadsheet leaves of October as well. #}
{% macro to_month(column) -%}
    {%- set word, named = '[a-zа-я]{3,}', '^([a-zа-я]{3,})[.]?[ -](20[0-9]{2})( ?(г[.]?|года))?$' -%}
    {%- set text = "trim(lower(" ~ single_spaced(column) ~ "))" -%}
    {%- set by_name -%}
        case when {{ matches(text, named) }} then {{ extract_pattern(text, '20[0-9]{2}') }} || '-' || {{ month_number(extract_pattern(text, word)) }} || '-01' end
    {%- endset -%}
    {%- set month -%}
    {{ month_start("coalesce(" ~ to_date(column) ~ ", try_cast(" ~ by_name ~ " as date), cast(" ~ try_timestamp("trim(" ~ column ~ ") || '-01'",
        ['%Y-%m-%d', '%Y/%m-%d', '%Y.%m-%d', '%Y%m-%d', '%m.%Y-%d', '%m/%Y-%d', '%m-%Y-%d', '%b-%y-%d']) ~ " as date))") }}
    {%- endset -%}
    case when not {{ matches("trim(" ~ column ~ ")", '^20[0-9]{2}[.]1$') }} then {{ month }} end
{%- endmacro %}
{% macro month_rule(day) -%} when {{ day }} not between date '2000-01-01' and date '2099-12-31' then 'implausible_date' {%- endmacro %}

{# A day as it is written; of a text with an offset the day of its moment in the reporting zone. #}
{% macro to_date(column) -%}
    {%- set iso = iso_column(column) -%}
    case when {{ iso }} like '@%' then {{ local_date(iso_moment(iso)) }} else cast({{ iso_local(iso) }} as date) end
{%- endmacro %}

{# Rules of time, shared by every dated entity: wrong (dated after its own delivery), early (after as_of), implausible. #}
{% macro time_rule(timestamp) -%}
    when {{ timestamp }} < timestamp '2000-01-01 00:00:00' then 'implausible_date'
    when {{ timestamp }} > landed_at + interval '{{ var("clock_skew_hours") }}' hour and {{ timestamp }} >= {{ as_of_end_at() }} then 'future_date'
    when {{ timestamp }} >= {{ as_of_end_at() }} then 'after_as_of'
{%- endmacro %}

{# What a lead row says of a moment long after it was delivered did not happen: a slip, or a date that was planned (fct_unread_value tells). #}
{% macro is_of_the_future(moment) -%} {{ moment }} > landed_at + interval '{{ var("clock_skew_hours") }}' hour {%- endmacro %}
{% macro none_of_the_future(moment) -%} case when {{ is_of_the_future(moment) }} then null else {{ moment }} end as {{ moment }} {%- endmacro %}

{# The same for a bare day: it is compared with as_of itself, because the UTC end of as_of may lie on either side of its midnight. #}
{% macro day_rule(day) -%}
    when {{ day }} < date '2000-01-01' then 'implausible_date'
    when {{ day }} > {{ as_of() }} and cast({{ day }} as timestamp) > landed_at + interval '{{ var("clock_skew_hours") }}' hour then 'future_date'
    when {{ day }} > {{ as_of() }} then 'after_as_of'
{%- endmacro %}
