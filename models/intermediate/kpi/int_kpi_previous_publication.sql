with published as (

    select * from {{ source('landing', 'previous_kpi_monthly') }}

)

select
    month,
    kpi,
    channel_key,
    value,
    version,
    published_at,
    -- a version's name starts with its as_of, as yyyymmdd
    cast(substring(version, 1, 4) || '-' || substring(version, 5, 2) || '-' || substring(version, 7, 2) as date) as as_of
from published
