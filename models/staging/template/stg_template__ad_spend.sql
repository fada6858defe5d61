with source as (

    {{ landed_rows('template', 'ad_spend') }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,

        ---------- categories
        {{ category('channel') }} as channel_raw,
        {{ to_text('campaign') }} as campaign,
        {{ to_text('ad_group') }} as ad_group,
        {{ to_text('ad') }} as ad,
        upper(coalesce({{ to_text('currency') }}, default_currency)) as currency,

        ---------- measures
        {{ to_text('cost') }} as cost_text,
        {{ to_number('cost') }} as cost_original,
        {{ to_count('impressions') }} as impressions,
        {{ to_count('clicks') }} as clicks,

        ---------- dates
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as spend_date

    from source

),

judged as (

    select
        *,
        {{ spend_rule() }} as quarantine_rule
    from typed

)

select * from judged
