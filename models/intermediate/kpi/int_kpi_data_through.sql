with loads as (

    select * from {{ source('landing', 'loads') }} where is_current

)

select
    source_name,
    -- an interval ends with the first moment that it does not hold
    {{ local_date(add_minutes('max(interval_end_at)', '-1')) }} as data_through
from loads
group by source_name
