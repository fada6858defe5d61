{# Landing holds text as delivered; these macros type it, and give null where the text does not say what was declared.
   Each tries the common form first: what it costs to read the others is paid only by the rows that hold them. #}

{# Money is wide enough for roubles, yen and rupiah. A delivered amount has up to 16 digits before the point, a rate up to 8, so that their product is exact in 38;
   mart contracts say the same types as literals. #}
{% macro amount_type() -%} decimal(30, 4) {%- endmacro %}
{% macro rate_type() -%} decimal(24, 12) {%- endmacro %}
{% macro delivered_amount_type() -%} decimal(20, 4) {%- endmacro %}
{% macro delivered_rate_type() -%} decimal(20, 12) {%- endmacro %}

{# Texts that programs and people write where there is nothing; onefunnel/extract/normalise.py drops the same before it hashes. #}
{% macro placeholder_pattern() -%}
    {{ return('(?i)^[\\s\\p{Z}]*([-–—?.]*|n/a|n[.]a[.]|none|null|nan|nat|undefined|not set|[(<\\[](not set|none|null|na|empty|blank|not provided|пусто)[)>\\]]|\\\\n|#(n/a|ref!|value!|name[?]|num!|null!|div/0!)|н/д|н/а|нет данных|не указано)[\\s\\p{Z}]*$') }}
{%- endmacro %}

{% macro is_nothing(column) -%} {{ matches(column, placeholder_pattern()) }} {%- endmacro %}

{# A text that certainly is something and has no blanks around it: ASCII from a digit or from a letter that begins no placeholder. It is told by comparing bytes, at a
   fifth of what the pattern and trim cost, and is what nearly all cells hold. #}
{% macro is_plain(column) -%}
    (({{ column }} between '0' and ':' or {{ column }} between 'A' and 'N' or {{ column }} between 'a' and 'n' or {{ column }} between 'O' and 'U'
        or {{ column }} between 'o' and 'u') and {{ is_ascii(column) }} and {{ column }} not like '% '
        and {{ column }} not like '%' || chr(9) and {{ column }} not like '%' || chr(10) and {{ column }} not like '%' || chr(13))
{%- endmacro %}

{% macro to_text(column) -%} case when {{ column }} is null then null when {{ is_plain(column) }} then {{ column }} when {{ is_nothing(column) }} then null else {{ strip_pattern(column, '^[\\s\\p{Z}' ~ unseen_marks() ~ ']+|[\\s\\p{Z}' ~ unseen_marks() ~ ']+$') }} end {%- endmacro %}

{# An id of a contact or client: systems write 0, -1 or a word where there is none, and all such rows would be of one client. 00 is an id. An id
   of a lead is what it is: there may be a lead 0, and of one that is unknown the money is told. 1.23457E+11 is what a spreadsheet leaves of many ids. #}
{% macro is_cut_id(column) -%} (({{ column }} like '%E+%' or {{ column }} like '%e+%') and {{ matches(column, '^[0-9]([.,][0-9]+)?[Ee][+][0-9]+$') }}) {%- endmacro %}
{% macro to_person_id(column) -%}
    case
        when {{ column }} is null or {{ is_cut_id(column) }} then null
        when ({{ column }} between '0' and '01' or {{ column }} = '-1' or length({{ column }}) in (5, 7, 9, 10))
            and {{ matches(column, '(?i)^(0([.]0+)?|0{8}(-0{4}){3}-0{12}|-1|unknown|anonymous|guest|неизвестно)$') }} then null
        else {{ to_text(column) }}
    end
{%- endmacro %}

{# Any other id: one of which digits are lost would be that of many, too. #}
{% macro to_id(column) -%} case when {{ is_cut_id(column) }} then null else {{ to_text(column) }} end {%- endmacro %}

{# A word to be mapped: small letters, inner spaces of any kind as one blank, marks that nobody sees left out, letters composed (NFC). #}
{% macro category(column) -%}
    case
        when {{ is_nothing(column) }} then null
        when {{ matches(column, '^[!-~]+( [!-~]+)*$') }} then lower({{ column }})
        else nullif({{ small_composed("trim(" ~ single_spaced(column) ~ ")") }}, '')
    end
{%- endmacro %}
{% macro single_spaced(text) -%} {{ collapse_pattern(strip_pattern(text, '[' ~ unseen_marks() ~ ']'), '[\\s\\p{Z}]+', ' ') }} {%- endmacro %}
{% macro unseen_marks() -%} {{ return('\\x{00AD}\\x{034F}\\x{180E}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{2069}\\x{FE00}-\\x{FE0F}\\x{FEFF}') }} {%- endmacro %}

{# Letters as ranges for a class of a pattern: the engine takes milliseconds to make one of \p{L}, in each place anew. #}
{% macro letters() -%} {{ return('A-Za-z\\x{C0}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{2C00}-\\x{D7FF}\\x{F900}-\\x{10FFFF}') }} {%- endmacro %}

{# Whether the cell was typed by the program that delivered it (landing's _typed): then a number has a point and a date is ISO or a spreadsheet's serial. #}
{% macro is_typed(column) -%}
    {%- if column.startswith('cast(') -%} false
    {%- else -%} coalesce(position('|{{ column | replace('"', '') | replace("'", "''") | lower }}|' in lower(_typed)) > 0, false)
    {%- endif -%}
{%- endmacro %}

{% macro currency_letters() -%} {{ return(letters() ~ '$\\xA2-\\xA5\\x{20A0}-\\x{20CF}') }} {%- endmacro %}

{# What may stand beside an amount, and the currencies that it may mean. #}
{% macro currency_signs() -%}
    {{ return([
        (['$'], ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'TWD', 'MXN', 'ARS', 'CLP', 'COP', 'UYU', 'BRL']),
        (['us$'], ['USD']), (['c$', 'ca$'], ['CAD']), (['a$', 'au$'], ['AUD']), (['nz$'], ['NZD']), (['hk$'], ['HKD']), (['s$'], ['SGD']), (['r$'], ['BRL']), (['mx$'], ['MXN']),
        (['доллар', 'доллара', 'долларов', 'долл', 'dollar', 'dollars'], ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD']),
        (['rur'], ['RUB']), (['rmb', 'cn¥'], ['CNY']), (['dh', 'dhs'], ['AED', 'MAD']), (['₽'], ['RUB']),
        (['€', 'euro', 'euros', 'евро'], ['EUR']), (['£'], ['GBP', 'EGP', 'LBP', 'SYP']), (['¥', '￥', '元', '円', 'yen'], ['JPY', 'CNY']),
        (['руб', 'рубль', 'рубля', 'рублей', 'р', 'rubles'], ['RUB', 'BYN']), (['br'], ['BYN', 'ETB']), (['₴', 'грн', 'гривен'], ['UAH']), (['₸', 'тг', 'тенге'], ['KZT']),
        (['сум', "so'm"], ['UZS']), (['₺', 'tl'], ['TRY']), (['₹', 'rs'], ['INR', 'PKR', 'LKR', 'NPR']), (['₩'], ['KRW']), (['₪'], ['ILS']), (['₫', 'đ'], ['VND']), (['฿'], ['THB']),
        (['₱'], ['PHP']), (['₦'], ['NGN']), (['₾'], ['GEL']), (['֏'], ['AMD']), (['₼'], ['AZN']), (['₿'], ['BTC', 'XBT']), (['rp'], ['IDR']), (['rm'], ['MYR']),
        (['zł', 'zl'], ['PLN']), (['kč', 'kc'], ['CZK']), (['kr'], ['SEK', 'NOK', 'DKK', 'ISK']), (['ft'], ['HUF']), (['fr', 'sfr'], ['CHF']), (['lei'], ['RON', 'MDL']), (['лв'], ['BGN'])
    ]) }}
{%- endmacro %}
{# All signs and words as one text to look up in, because a case would read the token anew for each, and take long to plan: |sign:CODE| for each meaning;
   or only those that can mean one. #}
{% macro currency_meanings(certain=false) -%}
    {%- set known = [] -%}
    {%- for written, codes in currency_signs() if not certain or codes | length == 1 -%}
        {%- for sign in written -%} {%- for code in codes -%} {%- do known.append((sign | replace("'", "")) ~ ':' ~ code) -%} {%- endfor -%} {%- endfor -%}
    {%- endfor -%}
    {{ return('|' ~ known | join('|') ~ '|') }}
{%- endmacro %}

{# The currency of a row, of sources that may name none. A sign or a word is one where it can mean one only (₽, RUR, €), or the source's own ($, руб.); an error
   of a spreadsheet is no blank. #}
{% macro to_currency(column, default='default_currency') -%}
    {%- set text = to_text(column) -%}
    {%- set sign = "trim(trailing '.' from lower(" ~ text ~ "))" -%}
    {%- set only = "'" ~ currency_meanings(certain=true) ~ "'" -%}
    case
        {%- if default != 'null' %}
        when {{ column }} = {{ default }} then {{ default }}
        {%- endif %}
        when {{ column }} between 'A' and '[' and length({{ column }}) = 3 and {{ column }} <> 'RUR' and {{ column }} not like '%$' then upper({{ column }})
        when {{ column }} like '#%' then upper({{ column }})
        when {{ text }} is null then {{ default }}
        when position('|' || {{ sign }} || ':' in {{ only }}) > 0
            then {{ extract_pattern("substr(" ~ only ~ ", position('|' || " ~ sign ~ " || ':' in " ~ only ~ "))", '[A-Z]{3}') }}
        {%- if default != 'null' %}
        when position('|' || {{ sign }} || ':' || {{ default }} || '|' in '{{ currency_meanings() }}') > 0 then {{ default }}
        {%- endif %}
        else upper({{ text }})
    end
{%- endmacro %}
{% macro currency_token_pattern() -%}
    {%- set signs = [] -%}
    {%- for written, _ in currency_signs() -%} {%- do signs.extend(written) -%} {%- endfor -%}
    {{ return('(' ~ (signs | sort(attribute='length') | map('replace', '$', '[$]') | map('replace', "'", '') | list | sort | reverse | join('|')) ~ '|[a-z]{3})') }}
{%- endmacro %}

{# Number with the declared decimal separator; thousands marks only where they belong: "1.234,56" under "." is null, not 1.23456. Blanks and apostrophes
   group by three, brackets and a trailing minus mean less than zero; no group begins with 0, because "0,500" is half of something. with_currency: a code or sign before or behind is left out here and compared by currency_disagrees. #}
{% macro to_number(column, separator="decimal_separator", type=none, with_currency=true) -%}
    {%- set type = type or delivered_amount_type() -%}
    {%- set plain = plain_number(column, separator, with_currency) -%}
    {%- if type != 'double' -%}
    {#- text becomes a decimal of 18 digits a hundred times sooner than a wider one: only what does not fit there is read as such -#}
    coalesce(cast(try_cast({{ plain }} as decimal(18,{{ type.split(',')[1] }}) as {{ type }}), try_cast({{ plain }} as {{ type }}))
    {%- else -%} try_cast({{ plain }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{# A rate: "1,085" is one and a bit where a rate is meant, and a thousand where an amount is. Nobody knows, so it is none. #}
{% macro to_rate(column) -%}
    case
        when {{ matches(column, '^[^0-9]*[0-9]{1,3}[.,][0-9]{3}[^0-9]*$') }} and position(decimal_separator in {{ column }}) = 0 and not {{ is_typed(column) }} then null
        else {{ to_number(column, type=delivered_rate_type(), with_currency=false) }}
    end
{%- endmacro %}

{# The number as text that can be cast: digits, a point, a minus; null or '' where it is none. #}
{% macro plain_number(column, separator, with_currency) -%}
    case
        when {{ separator }} = '.' and {{ matches(column, '^-?[0-9]+([.][0-9]+)?$') }} then {{ column }}
        when {{ is_typed(column) }} then trim({{ column }})
        when {{ separator }} = ',' and {{ matches(column, '^-?[0-9]+(,[0-9]+)?$') }} then replace({{ column }}, ',', '.')
        when {{ is_nothing(column) }} then null
        when {{ separator }} = '.' and {{ matches(column, '^-?[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]+)?$') }} then replace({{ column }}, ',', '')
        when {{ separator }} = ',' and {{ matches(column, '^-?[1-9][0-9]{0,2}(([.][0-9]{3})+|( [0-9]{3})+|(\u00A0[0-9]{3})+)(,[0-9]+)?$') }}
            then replace({{ strip_pattern(column, '[. \u00A0]') }}, ',', '.')
        else {{ loose_number(column, separator, with_currency) }}
    end
{%- endmacro %}

{# The rarer forms, step by step: one kind of blank, apostrophe and minus; no currency; the point as decimal separator; brackets and trailing minus in front; no groups. #}
{% macro loose_number(column, separator, with_currency) -%}
    {%- set steps = namespace(text=single_spaced("lower(" ~ column ~ ")")) -%}
    {%- set steps.text = "translate(trim(" ~ steps.text ~ "), '−–‐‑’ʼ`´ʹ''', '----      ')" -%}
    {%- if with_currency -%}
        {%- set steps.text = replace_pattern(steps.text, '^([-+(]*) ?' ~ currency_token_pattern() ~ '[.]? ?([-+]?[(]?[0-9.,])', '\\1\\3') -%}
        {%- set steps.text = replace_pattern(steps.text, '([0-9.,]) ?' ~ currency_token_pattern() ~ '[.]?([-)]*)$', '\\1\\3') -%}
    {%- endif -%}
    {%- set steps.text = "translate(" ~ steps.text ~ ", ',.', case when " ~ separator ~ " = ',' then '.,' else ',.' end)" -%}
    {%- set steps.text = replace_pattern(steps.text, '^[(] ?([0-9., ]+) ?[)]$', '-\\1') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([0-9., ]*[0-9]) ?-$', '-\\1') -%}
    {%- set steps.text = replace_pattern(steps.text, '^([-+]) ', '\\1') -%}
    {%- set steps.text = replace_pattern("trim(" ~ steps.text ~ ")", '^[+]([0-9.,])', '\\1') -%}
    {%- set whole = '([0-9]+|[1-9][0-9]{0,2}(,[0-9]{3})+|[1-9][0-9]{0,2}( [0-9]{3})+|[1-9][0-9]?(,[0-9]{2})+,[0-9]{3})' -%}
    {{ strip_pattern(extract_pattern(steps.text, '^-?(' ~ whole ~ '([.][0-9]+)?|[.][0-9]+)$'), '[, ]') }}
{%- endmacro %}

{# A currency written in the cell that is not the row's own: such money is set aside, never relabelled. #}
{% macro currency_disagrees(text, currency="currency") -%}
    case
        when {{ text }} is null or try_cast({{ text }} as double) is not null then false
        when not {{ matches(text, '[' ~ currency_letters() ~ ']') }} then false
        else not ({{ currency_agrees(extract_pattern("lower(" ~ text ~ ")", '^[^0-9]*'), currency) }})
            or not ({{ currency_agrees(extract_pattern("lower(" ~ text ~ ")", '[^0-9]*$'), currency) }})
    end
{%- endmacro %}
{% macro currency_agrees(token, currency) -%}
    position('|' || {{ strip_pattern(token, '[^' ~ currency_letters() ~ ']') }} || ':' || {{ currency }} || '|'
        in '{{ currency_meanings() }}:' || {{ currency }} || '|' || lower({{ currency }}) || ':' || {{ currency }} || '|') > 0
{%- endmacro %}

{# A whole number under the declared separator, 0 or more: "12.345" under "." is no count, nor is -1. "1.000" is a thousand or one: nobody knows, so it is none. #}
{% macro to_count(column, separator="decimal_separator") -%}
    case
        when {{ matches(column, '^[0-9]{1,18}$') }} then try_cast({{ column }} as bigint)
        when {{ matches(column, '^[1-9][0-9]{0,2}[.,]000$') }} and position({{ separator }} in {{ column }}) > 0 and not {{ is_typed(column) }} then null
        else {{ whole_number(extract_pattern("cast(" ~ to_number(column, separator, with_currency=false) ~ " as string)", '^[0-9]+[.]0+$')) }}
    end
{%- endmacro %}

{# Yes and no in the languages that spreadsheets write them; of all else to_unread_flag tells. #}
{% macro yes_words() -%}
    {{ return(['true', 't', '1', '1.0', '1,0', '-1', 'yes', 'y', 'on', 'x', '✓', '✔', '☑', '+', 'checked', 'истина', 'да', 'д', 'wahr', 'ja', 'j', 'vrai', 'oui', 'o',
        'verdadero', 'sí', 'si', 's', 'verdadeiro', 'sim', 'vero', 'так', 'і', 'істина', 'prawda', 'tak', 'waar', 'evet', 'doğru', 'ano', 'pravda']) }}
{%- endmacro %}
{% macro no_words() -%}
    {{ return(['false', 'f', '0', '0.0', '0,0', 'no', 'n', 'off', '✗', '✘', '☐', 'unchecked', 'ложь', 'нет', 'н', 'falsch', 'nein', 'faux', 'non', 'falso', 'não', 'nao',
        'ні', 'хибність', 'fałsz', 'nie', 'onwaar', 'nee', 'hayır', 'yanlış', 'ne', 'nepravda']) }}
{%- endmacro %}
{% macro to_flag(column) -%}
    case
        when {{ column }} is null or {{ column }} in ('false', '0') then false
        when {{ column }} in ('true', '1') then true
        else coalesce({{ is_word_of(category(column), yes_words()) }}, false)
    end
{%- endmacro %}
{# A pattern, because DuckDB makes a join of a long `in`, and of everything that is under it for every row. #}
{% macro is_word_of(word, words) -%} {{ matches(word, '^(' ~ words | map('replace', '+', '[+]') | map('replace', '.', '[.]') | join('|') ~ ')$') }} {%- endmacro %}

{# What a kept row says in a field that need not be there and cannot be read, as `|rule:field=form`: digits as 9 and letters as a, or the word of a flag. Null when all is read.
   fct_unread_value shows them; the field stays empty. #}
{% macro unread_values(fields) -%} nullif(concat_ws('', {{ fields | join(', ') }}), '') {%- endmacro %}
{% macro unread(rule, column, value) -%} '|{{ rule }}:{{ column | replace('"', '') | replace("'", "''") }}=' || replace(substr({{ value }}, 1, 60), '|', '/') {%- endmacro %}
{% macro form_of(column) -%} {{ collapse_pattern(collapse_pattern("trim(" ~ column ~ ")", '[0-9]', '9'), '[' ~ letters() ~ ']', 'a') }} {%- endmacro %}
{% macro to_unread_moment(column) -%}
    {%- set iso = iso_column(column) -%}
    case when {{ iso }} is null or ({{ is_of_our_time(iso) }} and try_cast({{ iso }} as timestamp) is not null) then null
        when {{ to_optional_utc(column) }} is null then {{ unread('unreadable_timestamp', column, form_of(column)) }} end
{%- endmacro %}
{% macro to_unread_count(column, separator="decimal_separator") -%}
    case when {{ column }} is null or {{ matches(column, '^[0-9]{1,18}$') }} then null
        when {{ to_text(column) }} is not null and {{ to_count(column, separator) }} is null then {{ unread('unreadable_count', column, form_of(column)) }} end
{%- endmacro %}
{% macro to_unread_id(column) -%} case when {{ is_cut_id(column) }} then {{ unread('unreadable_id', column, form_of(column)) }} end {%- endmacro %}
{% macro to_unread_flag(column) -%}
    case
        when {{ column }} is null or {{ column }} in ('true', 'false', '1', '0') then null
        when not {{ is_word_of(category(column), yes_words() + no_words()) }} then {{ unread('unknown_flag', column, category(column)) }}
    end
{%- endmacro %}

{# The columns by which every staged row says where it came from. #}
{% macro provenance(rows=none) -%}
    {%- set of = rows ~ '.' if rows else '' -%}
        {{ of }}source_name,
        {{ of }}source_system,
        {{ of }}load_id,
        {{ of }}file_name,
        {{ of }}row_number
{%- endmacro %}

{# Landed rows of one entity (of an incremental model that goes on: the new ones) with the settings of their source and the moment they landed.
   moments: to_iso of each column that holds a date or a moment. A model whose rows are made of several (meta.rereads) reads all of the rows that it names
   by `only`, a condition over `landed`. #}
{% macro landed_rows(system, entity, moments=[], only=none) -%}
    {%- set landed = source('landing', system ~ '__' ~ entity) if only else landing(system, entity) -%}
    select
        delivered.*
        {%- for moment in moments %},
        {{ moment }}
        {%- endfor %}
    from (
        select
            landed.*,
            landed._source as source_name,
            landed._load_id as load_id,
            landed._file as file_name,
            landed._row as row_number,
            source_settings.source_system,
            source_settings.time_zone,
            source_settings.date_order,
            source_settings.decimal_separator,
            source_settings.currency as default_currency,
            files.landed_at
        from {{ landed }} as landed
        inner join {{ source('landing', 'source_settings') }} as source_settings on landed._source = source_settings.source_name
        left join {{ source('landing', 'files') }} as files
            on landed._source = files.source_name and landed._load_id = files.load_id and landed._file = files.file_name and files.entity = '{{ entity }}'
        {%- if only and goes_on() %}
        where {{ only }}
        {%- endif %}
    ) as delivered
{%- endmacro %}
