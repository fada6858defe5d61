{{ config(meta={'versions': {'by': 'row'},
    'named': "concat_ws(', ', case when is_whole_month then 'month ' else 'date ' end || cast(starts_on as string), 'channel ' || channel_raw, 'service ' || service)"}) }}

with source as (

    {{ landed_rows('template', 'market_index', [to_iso('month'), to_iso('date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        coalesce({{ category('channel') }}, 'all') as channel_raw,
        coalesce({{ category('service') }}, 'all') as service,

        ---------- measures
        {{ to_text('index') }} as index_text,
        {{ to_number('index', type='double', with_currency=false) }} as index_value,

        ---------- dates
        coalesce({{ to_text('date') }}, {{ to_text('month') }}) as date_text,
        -- a row with a date speaks of that day or of the week that begins there, one without of the whole month
        {{ to_text('date') }} is null as is_whole_month,
        case
            when {{ to_text('date') }} is not null then {{ to_date('date') }}
            else {{ to_month('month') }}
        end as starts_on

    from source

),

judged as (

    select
        *,
        case
            when date_text is null then 'missing_date'
            when starts_on is null then 'unparsable_date'
            {{ month_rule('starts_on') }}
            when index_text is null then 'missing_amount'
            when index_value is null then 'unparsable_number'
            when index_value <= 0 then 'negative_amount'
        end as quarantine_rule
    from typed

),

-- two words for one channel name one index
mapped as (

    select
        judged.*,
        {{ version_key("case when judged.is_whole_month then 'month ' else 'date ' end || cast(judged.starts_on as string) || '|'"
            ~ " || coalesce(channel_mapping.channel_key, judged.channel_raw) || '|' || judged.service", across=true) }} as version_key,
        {{ version_columns() }}
    from judged
    left join {{ ref('channel_mapping') }} as channel_mapping
        on judged.source_system = channel_mapping.source_system and judged.channel_raw = channel_mapping.source_value

)

select * from mapped
