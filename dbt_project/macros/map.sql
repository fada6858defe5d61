{# Join a category to the project's key: the seed's mapping first, else the value itself where it is a key already. `rows` needs source_system. #}
{% macro join_channel(rows, column='channel_raw') %}
    left join {{ ref('channel_mapping') }} as channel_mapping
        on {{ rows }}.source_system = channel_mapping.source_system and {{ rows }}.{{ column }} = channel_mapping.source_value
    left join {{ ref('channels') }} as own_channel on {{ rows }}.{{ column }} = own_channel.channel_key
{% endmacro %}
{% macro channel_key() -%} coalesce(channel_mapping.channel_key, own_channel.channel_key, 'unmapped') {%- endmacro %}

{% macro join_reason(rows, column='reason_raw') %}
    left join {{ ref('reason_mapping') }} as reason_mapping
        on {{ rows }}.source_system = reason_mapping.source_system and {{ rows }}.{{ column }} = reason_mapping.source_value
    left join {{ ref('reasons') }} as own_reason on {{ rows }}.{{ column }} = own_reason.reason_key
{% endmacro %}
{% macro reason_key(column) -%}
    case when {{ column }} is not null then coalesce(reason_mapping.reason_key, own_reason.reason_key, 'unmapped') end
{%- endmacro %}

{# The key of an attempt: its lead, and which attempt of that lead it is. #}
{% macro lead_attempt_key(rows=none) -%}
    {%- set of = rows ~ '.' if rows else '' -%}
    {{ of }}lead_key || '#' || cast({{ of }}attempt_number as string)
{%- endmacro %}

{# Newest delivery first: later loads over earlier ones, then the source's own clock, then position. #}
{% macro newest_first(own_clock=none) -%}
    load_id desc, {% if own_clock %}{{ own_clock }} desc nulls last, {% endif %}file_name desc, row_number desc
{%- endmacro %}

{# The rate of a day: the base currency is 1, others the latest rate not older than max_rate_age_days. #}
{% macro join_rate(rows, date_column) %}
    left join {{ ref('int_fx_rates') }} as fx_rates
        on {{ rows }}.currency = fx_rates.currency and {{ rows }}.{{ date_column }} = fx_rates.rate_date
    left join {{ ref('currencies') }} as known_currency on {{ rows }}.currency = known_currency.currency
{% endmacro %}
{# Whether a rate is of the unit of its neighbour in time: none moves fivefold in a hundred days. Without a neighbour, or longer after it, it is. #}
{% macro is_steady(other_rate, first_day, second_day) -%}
    ({{ other_rate }} is null or {{ days_between(first_day, second_day) }} > 100 or rate_to_base between {{ other_rate }} / 5 and {{ other_rate }} * 5)
{%- endmacro %}
{% macro rate_to_base(rows) -%} case when {{ rows }}.currency = {{ base_currency() }} then cast(1 as {{ rate_type() }}) else fx_rates.rate_to_base end {%- endmacro %}
{% macro rate_rule(rows) -%}
    when {{ rows }}.currency <> {{ base_currency() }} and fx_rates.rate_to_base is null and known_currency.currency is null then 'unknown_currency'
    when {{ rows }}.currency <> {{ base_currency() }} and fx_rates.rate_to_base is null then 'missing_rate'
{%- endmacro %}
{# Exact: a product has 38 digits. Beyond a million a rate keeps eight decimals, which leaves room for the amount. #}
{% macro to_base(amount, rate) -%}
    case
        -- money in the base currency is not multiplied: a wide decimal is slow to round
        when {{ rate }} = 1 then cast(cast({{ amount }} as {{ delivered_amount_type() }}) as {{ amount_type() }})
        when {{ rate }} < 1000000
            then cast(round(cast({{ amount }} as {{ delivered_amount_type() }}) * cast({{ rate }} as {{ rate_type() }}), 4) as {{ amount_type() }})
        else cast(round(cast({{ amount }} as {{ delivered_amount_type() }}) * cast({{ rate }} as decimal(20, 8)), 4) as {{ amount_type() }})
    end
{%- endmacro %}

{% macro business_position(local_timestamp, day) -%}
    {{ day }}.cumulative_working_minutes + case
        when {{ day }}.working_minutes = 0 then 0
        else least(greatest({{ minutes_since_midnight(local_timestamp) }} - {{ day }}.opens_minute, 0), {{ day }}.working_minutes)
    end
{%- endmacro %}
