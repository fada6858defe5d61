{{ config(meta={'versions': {'by': 'row'},
    'named': "concat_ws(', ', 'month ' || cast(month as string), 'kpi ' || kpi_key, 'channel ' || channel_raw)"}) }}

with source as (

    {{ landed_rows('template', 'targets', [to_iso('month')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('kpi') }} as kpi_key,
        case
            when {{ is_word_of(category('channel'), ['all channels', '(grand )?totals?', 'overall', 'итого', 'всего', 'все( каналы)?', 'alle( kanäle)?', 'gesamt', 'insgesamt']) }} then 'all'
            else coalesce({{ category('channel') }}, 'all')
        end as channel_raw,

        ---------- measures
        {{ to_text('value') }} as value_text,
        case
            when value like '%!%%' escape '!' then case when {{ is_ratio(category('kpi')) }} then {{ to_number("trim(trailing ' %' from trim(value))", type='double') }} / 100 end
            else {{ to_number('value', type='double') }}
        end as target_value,

        ---------- dates
        {{ to_text('month') }} as month_text,
        {{ to_month('month') }} as month

    from source

),

judged as (

    select
        *,
        case
            when kpi_key is null then 'missing_id'
            when month_text is null then 'missing_date'
            when month is null then 'unparsable_date'
            {{ month_rule('month') }}
            when value_text is null then 'missing_amount'
            -- what a typed cell may hold as well is no number
            when target_value is null or not target_value between -1e30 and 1e30 then 'unparsable_number'
            when {{ currency_disagrees('value_text', base_currency()) }} then 'currency_mismatch'
            -- a return may be planned below zero, but nothing is counted, paid or reached so
            when target_value < 0 and kpi_key <> 'romi' then 'negative_amount'
            -- a share is shown as 0.25: 25 is meant in percent
            -- and a return of 1.5 as 150 %
            when target_value > case when {{ is_share('kpi_key') }} then 1 when kpi_key = 'romi' then 30 end then 'share_above_one'
        end as quarantine_rule
    from typed

),

-- two words for one channel name one target
mapped as (

    select
        judged.*,
        {{ version_key("cast(judged.month as string) || '|' || judged.kpi_key || '|' || coalesce(channel_mapping.channel_key, judged.channel_raw)", across=true) }} as version_key,
        {{ version_columns() }}
    from judged
    left join {{ ref('channel_mapping') }} as channel_mapping
        on judged.source_system = channel_mapping.source_system and judged.channel_raw = channel_mapping.source_value

)

select * from mapped
