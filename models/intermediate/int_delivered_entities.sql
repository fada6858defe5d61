-- What the sources deliver at all: an entity that landed, be it without rows, or that a system's own entity was read into.
with landed as (

    select entity from {{ source('landing', 'loads') }}
    union
    select entity from {{ ref('int_fact_rows') }} where rows_valid > 0

)

select distinct
    -- as the contract calls what a system calls otherwise
    case entity when 'deals' then 'leads' when 'deal_payments' then 'payments' when 'spend' then 'ad_spend' else entity end as entity
from landed
