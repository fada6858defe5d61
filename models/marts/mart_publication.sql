with sources as (

    select * from {{ ref('int_kpi_data_through') }}

),

-- the whole is known through the day that every source has reached
combined as (

    select
        min(data_through) as data_through,
        '{' || coalesce({{ dbt.listagg("'\"' || source_name || '\": \"' || cast(data_through as string) || '\"'", "', '", "order by source_name") }}, '') || '}'
            as data_through_by_source
    from sources

)

select
    -- version, published_at and quality_status are filled when it is published
    cast('' as string) as version,
    cast(null as timestamp) as published_at,
    {{ as_of() }} as as_of,
    data_through,
    data_through_by_source,
    cast('' as string) as quality_status,
    {{ base_currency() }} as base_currency,
    {{ run_parameter('reporting_time_zone') }} as reporting_time_zone
from combined
