{# Landing holds text as delivered; these macros type it, and give null where the text does not say what was declared. #}

{% macro to_text(column) -%} nullif(trim({{ column }}), '') {%- endmacro %}

{% macro category(column) -%} nullif(lower(trim({{ column }})), '') {%- endmacro %}

{# Number with the declared decimal separator; thousands marks only where they belong. "1.234,56" under "." is null, not 1.23456. #}
{% macro to_number(column, separator="decimal_separator", type="decimal(18, 4)") -%}
    {%- set bare = strip_pattern("trim(" ~ column ~ ")", '[€$£₴₽ \u00A0]') -%}
    try_cast(case
        when {{ separator }} = ',' and {{ matches(bare, '^-?([0-9]{1,3}(\\.[0-9]{3})+|[0-9]+)(,[0-9]+)?$') }}
            then replace(replace({{ bare }}, '.', ''), ',', '.')
        when {{ separator }} = '.' and {{ matches(bare, '^-?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\\.[0-9]+)?$') }}
            then replace({{ bare }}, ',', '')
    end as {{ type }})
{%- endmacro %}

{% macro to_count(column) -%} try_cast(try_cast(trim({{ column }}) as decimal(18, 2)) as bigint) {%- endmacro %}

{% macro to_flag(column) -%} coalesce(lower(trim({{ column }})) in ('true', 't', '1', 'yes', 'y'), false) {%- endmacro %}

{# A wall-clock timestamp in the order the source declares (ymd, dmy, mdy); date only means midnight. #}
{% macro to_local_timestamp(column, date_order="date_order") -%}
    {%- set orders = {'ymd': ['%Y-%m-%d', '%Y/%m/%d', '%Y.%m.%d'], 'dmy': ['%d.%m.%Y', '%d/%m/%Y', '%d-%m-%Y'], 'mdy': ['%m/%d/%Y', '%m-%d-%Y', '%m.%d.%Y']} -%}
    case {{ date_order }}
    {%- for order, days in orders.items() %}
        {%- set formats = [] -%}
        {%- for day in days -%}
            {%- for clock in ['', ' %H:%M', ' %H:%M:%S', ' %H:%M:%S.%f'] -%} {%- do formats.append(day ~ clock) -%} {%- endfor -%}
        {%- endfor -%}
        {%- if order == 'ymd' -%} {%- do formats.extend(['%Y-%m-%dT%H:%M', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f']) -%} {%- endif %}
        when '{{ order }}' then {% if order == 'ymd' -%}
            {#- a plain cast reads ISO text seven times faster than a list of formats -#}
            coalesce(try_cast(trim({{ column }}) as timestamp), {{ try_timestamp("trim(" ~ column ~ ")", formats) }})
            {%- else -%} {{ try_timestamp("trim(" ~ column ~ ")", formats) }} {%- endif %}
    {%- endfor %}
    end
{%- endmacro %}

{# UTC timestamp of a text: its own offset where it names one, else the source's zone. Zones are known when compiling, because a constant zone converts ten times faster. #}
{% macro to_utc(column, date_order="date_order", zone="time_zone") -%}
    case
        when {{ matches(column, 'T?[0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}:?[0-9]{2})$') }} then {{ try_offset_timestamp("trim(" ~ column ~ ")") }}
        else {{ zoned_to_utc(to_local_timestamp(column, date_order), zone) }}
    end
{%- endmacro %}

{% macro zoned_to_utc(local_timestamp, zone="time_zone") -%}
    case {{ zone }}
        when 'UTC' then {{ local_timestamp }}
        {%- for name in source_time_zones() if name != 'UTC' %}
        when '{{ name }}' then {{ local_to_utc(local_timestamp, "'" ~ name ~ "'") }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro source_time_zones() -%}
    {%- if not execute -%} {{ return([]) }} {%- endif -%}
    {%- set zones = run_query("select time_zone from " ~ source('landing', 'source_settings') ~ " group by time_zone order by time_zone") -%}
    {{ return(zones.columns[0].values()) }}
{%- endmacro %}

{% macro to_date(column, date_order="date_order") -%} cast({{ to_local_timestamp(column, date_order) }} as date) {%- endmacro %}

{# Rules of time, shared by every dated entity: wrong (dated after its own delivery), early (after as_of), implausible. #}
{% macro time_rule(timestamp) -%}
    when {{ timestamp }} < timestamp '2000-01-01 00:00:00' then 'implausible_date'
    when {{ timestamp }} > landed_at + interval '{{ var("clock_skew_hours") }}' hour and {{ timestamp }} >= {{ as_of_end_at() }} then 'future_date'
    when {{ timestamp }} >= {{ as_of_end_at() }} then 'after_as_of'
{%- endmacro %}

{# The same for a bare day: it is compared with as_of itself, because the UTC end of as_of may lie on either side of its midnight. #}
{% macro day_rule(day) -%}
    when {{ day }} < date '2000-01-01' then 'implausible_date'
    when {{ day }} > {{ as_of() }} and cast({{ day }} as timestamp) > landed_at + interval '{{ var("clock_skew_hours") }}' hour then 'future_date'
    when {{ day }} > {{ as_of() }} then 'after_as_of'
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

{# Landed rows of one entity (of an incremental model that goes on: the new ones) with the settings of their source and the moment they landed. #}
{% macro landed_rows(system, entity) -%}
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
        loads.landed_at
    from {{ landing(system, entity) }} as landed
    inner join {{ source('landing', 'source_settings') }} as source_settings on landed._source = source_settings.source_name
    left join {{ source('landing', 'loads') }} as loads
        on landed._source = loads.source_name and landed._load_id = loads.load_id and loads.entity = '{{ entity }}'
{%- endmacro %}

{# Why a payment row cannot enter the ledger; null when it can. Money is never guessed: no zero, no sign without its kind. #}
{% macro unusable_payment_rule() -%}
    case
        when payment_id is null or (lead_id is null and client_id is null) then 'missing_id'
        when amount_text is null then 'missing_amount'
        when delivered_amount is null then 'unparsable_number'
        when direct_cost_text is not null and direct_cost_original is null then 'unparsable_number'
        when kind not in {{ payment_kinds() }} then 'unknown_kind'
        when delivered_amount = 0 then 'zero_amount'
        when delivered_amount < 0 and kind not in {{ kinds_paid_back() }} then 'negative_amount'
        when direct_cost_original < 0 then 'negative_amount'
        when paid_at_text is null then 'missing_date'
        when paid_at is null then 'unparsable_date'
    end
{%- endmacro %}

{# Why a row of ad spend cannot be a cost; null when it can. #}
{% macro spend_rule() -%}
    case
        when date_text is null then 'missing_date'
        when spend_date is null then 'unparsable_date'
        when cost_text is null then 'missing_amount'
        when cost_original is null then 'unparsable_number'
        when cost_original < 0 then 'negative_amount'
        {{ day_rule('spend_date') }}
    end
{%- endmacro %}
