with source as (

    {{ landed_rows('template', 'holidays', [to_iso('date')]) }}

),

typed as (

    select
        {{ provenance() }},
        landed_at,
        {{ to_text('name') }} as name,
        {{ to_text('date') }} as date_text,
        {{ to_date('date') }} as holiday_date
    from source

),

judged as (

    select
        *,
        case
            when date_text is null then 'missing_date'
            when holiday_date is null then 'unparsable_date'
        end as quarantine_rule
    from typed

)

select * from judged
